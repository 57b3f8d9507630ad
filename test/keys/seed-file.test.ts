// Private keys in files: readable by their owner alone, never overwritten, never shown.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeHex } from '../../keys/bytes.ts';
import { verify } from '../../keys/ed25519.ts';
import { KeyError } from '../../keys/errors.ts';
import { parseKeyId, parsePublicKeyPem } from '../../keys/key.ts';
import { createSeedFile, loadSeedSigner, seedSigner } from '../../keys/signers/seed.ts';
import { MESSAGE, refusalOf, seedOf } from './trust-world.ts';

const ID = parseKeyId('publisher');
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'attestry-keys-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const keyFile = (name: string, text: string, mode = 0o600): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
};
const pemOf = (type: 'ed25519' | 'x25519') =>
  generateKeyPairSync(type as 'ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
const refusal = async (path: string): Promise<KeyError> => {
  const error: unknown = await loadSeedSigner(path, ID).catch((each: unknown) => each);
  if (error instanceof KeyError) return error;
  throw new Error('nothing was refused');
};
const hasOpenssl = (() => {
  try {
    return execFileSync('openssl', ['version']).length > 0;
  } catch {
    return false;
  }
})();

describe('a new key file', () => {
  it('is readable by its owner alone and signs after loading', async () => {
    const path = join(folder, 'new.pem');
    const publicKey = await createSeedFile(path);
    const signer = await loadSeedSigner(path, ID);
    const signature = await signer.sign(MESSAGE);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(encodeHex(signer.publicKey)).toBe(encodeHex(publicKey));
    expect(verify({ publicKey, message: MESSAGE, signature })).toBe(true);
  });

  it('made by several at once is one whole key, and whoever came late is told', async () => {
    const path = join(folder, 'contested.pem');
    const made = await Promise.allSettled(Array.from({ length: 8 }, () => createSeedFile(path)));
    const won = made.flatMap((each) => (each.status === 'fulfilled' ? [encodeHex(each.value)] : []));
    const lost = made.flatMap((each) => (each.status === 'rejected' ? [each.reason.code] : []));
    expect(lost).toEqual(Array(7).fill('seed_file_exists'));
    expect(won).toEqual([encodeHex((await loadSeedSigner(path, ID)).publicKey)]);
    expect(readdirSync(folder).filter((name) => name.startsWith('contested.pem.'))).toEqual([]);
  });

  it('never takes the place of another', async () => {
    const path = keyFile('old.pem', 'what was there before');
    await expect(createSeedFile(path)).rejects.toMatchObject({ code: 'seed_file_exists' });
    expect(readFileSync(path, 'utf8')).toBe('what was there before');
  });

  it('in a folder that does not exist is refused with the cause', async () => {
    const path = join(folder, 'none', 'new.pem');
    await expect(createSeedFile(path)).rejects.toMatchObject({ details: { cause: 'ENOENT' } });
  });

  it.skipIf(!hasOpenssl)('is read by OpenSSL, which finds the same public key', async () => {
    const path = join(folder, 'openssl.pem');
    const publicKey = await createSeedFile(path);
    const pem = execFileSync('openssl', ['pkey', '-in', path, '-pubout'], { encoding: 'utf8' });
    expect(encodeHex(parsePublicKeyPem(pem))).toBe(encodeHex(publicKey));
  });

  it.skipIf(!hasOpenssl)('made by OpenSSL is read here', async () => {
    const path = keyFile('made.pem', '');
    execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', path]);
    expect((await loadSeedSigner(path, ID)).publicKey).toHaveLength(32);
  });
});

describe('a key file that is refused', () => {
  it.each([0o640, 0o604, 0o660, 0o644, 0o601])('because others may open it (mode %i)', async (mode) => {
    const path = keyFile(`open-${mode}.pem`, pemOf('ed25519').toString(), mode);
    const { code, details, message } = await refusal(path);
    expect([code, details.cure]).toEqual(['seed_file_open', `chmod 600 ${path}`]);
    expect(message).toContain(`chmod 600 ${path}`);
  });

  it('because it is a public key, whoever may read that', async () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const path = keyFile('public.pub', publicKey.export({ type: 'spki', format: 'pem' }).toString(), 0o644);
    const { code, message } = await refusal(path);
    expect(code).toBe('seed_file_form');
    expect(message).toContain('That is no private key');
    expect(message).not.toContain('chmod');
  });

  it('because it is encrypted', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
    expect((await refusal(keyFile('locked.pem', pem.toString()))).code).toBe('seed_file_encrypted');
  });

  it('because it holds another type of key', async () => {
    const { code, details } = await refusal(keyFile('x.pem', pemOf('x25519').toString()));
    expect([code, details.found]).toEqual(['seed_file_type', 'x25519']);
  });

  it.each([
    ['no key', 'seed_file_form', 'nothing in here'],
    ['an empty file', 'seed_file_form', ''],
    ['a file far too large', 'seed_file_form', 'x'.repeat(100_000)],
  ])('because it is %s', async (name, code, text) => {
    expect((await refusal(keyFile(`${name}.pem`, text))).code).toBe(code);
  });

  it('because it is not there', async () => {
    const { code, details } = await refusal(join(folder, 'absent.pem'));
    expect([code, details.cause]).toEqual(['seed_file_unreadable', 'ENOENT']);
  });
});

describe('key material', () => {
  it('shows in no error about a damaged file', async () => {
    const [begin = '', body = '', end = ''] = pemOf('ed25519').toString().split('\n');
    const error = await refusal(keyFile('damaged.pem', [begin, body.slice(1), end, ''].join('\n')));
    expect(inspect(error, { depth: 9 }) + error.stack).not.toContain(body.slice(24));
  });

  it('shows in no signer', () => {
    const seed = seedOf('shown');
    const shown = inspect(seedSigner(ID, seed), { depth: 9, showHidden: true, maxArrayLength: null });
    expect(shown).not.toContain(Array.from(seed.slice(0, 6)).join(', '));
    expect(JSON.stringify(seedSigner(ID, seed))).not.toContain(encodeHex(seed));
  });

  it('of the wrong length makes no signer', () => {
    expect(refusalOf(() => seedSigner(ID, new Uint8Array(31))).code).toBe('seed_length');
  });

  it('is copied: wiping the caller’s seed does not break the signer', async () => {
    const seed = seedOf('wiped');
    const signer = seedSigner(ID, seed);
    seed.fill(0);
    const signature = await signer.sign(MESSAGE);
    expect(verify({ publicKey: signer.publicKey, message: MESSAGE, signature })).toBe(true);
  });
});
