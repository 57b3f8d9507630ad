// Signers whose private key lies in a file of this machine, readable by its owner alone.
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { constants, open } from 'node:fs/promises';
import { newSeed, pkcs8Of, publicKeyOf, signWith } from '../ed25519.ts';
import { KeyError } from '../errors.ts';
import { type KeyId, type PublicKey, publicKeyFromBytes } from '../key.ts';
import type { Signer } from '../signer.ts';
import { createPrivateFile } from './private-file.ts';

const MAX_FILE_BYTES = 8192;
const OPEN_TO_OTHERS = 0o077;
const NO_PRIVATE_KEY = 'That is no private key (PKCS#8 PEM).';

/**
 * A signer over a seed held in memory; the seed is copied and never shown again.
 * @throws KeyError `seed_length`
 */
export const seedSigner = (keyId: KeyId, seed: Uint8Array): Signer => {
  const signMessage = signWith(seed);
  return {
    keyId,
    publicKey: publicKeyFromBytes(publicKeyOf(seed)),
    sign: async (message) => signMessage(message),
  };
};

const errno = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';

const pkcs8Pem = (seed: Uint8Array): string => {
  const der = Buffer.from(pkcs8Of(seed));
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
};

/**
 * Makes a new key and writes it as unencrypted PKCS#8 PEM, which OpenSSL reads; on disk when this resolves. Whatever
 * interrupts it, there is a whole key under this name or none.
 * @throws KeyError `seed_file_exists` (never overwritten) or `seed_file_unreadable`
 */
export const createSeedFile = async (path: string): Promise<PublicKey> => {
  const seed = newSeed();
  await createPrivateFile(path, pkcs8Pem(seed)).catch((error: unknown) => {
    const taken = errno(error) === 'EEXIST';
    throw new KeyError(taken ? 'seed_file_exists' : 'seed_file_unreadable', { path, cause: errno(error) });
  });
  return publicKeyFromBytes(publicKeyOf(seed));
};

/**
 * Looks at the file that was opened, not at its name again, so nobody can swap it in between. What is no private key is
 * said to be none, whoever may read it.
 */
const readPrivately = async (path: string): Promise<string> => {
  const file = await open(path, constants.O_RDONLY);
  try {
    const { mode, size } = await file.stat();
    if (size > MAX_FILE_BYTES) throw new KeyError('seed_file_form', { path }, NO_PRIVATE_KEY);
    const text = await file.readFile('utf8');
    if (!/^-----BEGIN [A-Z ]*PRIVATE KEY-----/m.test(text))
      throw new KeyError('seed_file_form', { path }, NO_PRIVATE_KEY);
    if (process.platform !== 'win32' && (mode & OPEN_TO_OTHERS) !== 0)
      throw new KeyError(
        'seed_file_open',
        { path, mode: (mode & 0o777).toString(8), cure: `chmod 600 ${path}` },
        `The key file can be read by others than its owner; run: chmod 600 ${path}`,
      );
    return text;
  } finally {
    await file.close();
  }
};

const privateKeyOf = (pem: string, path: string): KeyObject => {
  if (/^-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(pem))
    throw new KeyError('seed_file_encrypted', { path });
  try {
    return createPrivateKey(pem);
  } catch {
    // The library's own words are left out: nothing that has seen the file's content gets into an error.
    throw new KeyError('seed_file_form', { path });
  }
};

/**
 * Reads the signer of a PKCS#8 PEM file.
 * @throws KeyError `seed_file_unreadable`, `seed_file_open` (with its cure), `seed_file_encrypted`, `seed_file_type` or
 *   `seed_file_form`; none holds anything of the file's content
 */
export const loadSeedSigner = async (path: string, keyId: KeyId): Promise<Signer> => {
  const pem = await readPrivately(path).catch((error: unknown) => {
    throw error instanceof KeyError
      ? error
      : new KeyError('seed_file_unreadable', { path, cause: errno(error) });
  });
  const key = privateKeyOf(pem, path);
  if (key.asymmetricKeyType !== 'ed25519')
    throw new KeyError('seed_file_type', { path, found: key.asymmetricKeyType });
  const { d = '' } = key.export({ format: 'jwk' });
  return seedSigner(keyId, new Uint8Array(Buffer.from(d, 'base64url')));
};
