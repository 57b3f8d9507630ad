// attestry keygen: makes a signing key, which stays on this machine.
import { mkdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatPublicKeyPem, keyFingerprint } from '../../keys/key.ts';
import { createSeedFile } from '../../keys/signers/seed.ts';
import { acting } from './command.ts';
import { readKeyId } from './key-name.ts';

interface KeygenOptions {
  readonly keyId: string;
  readonly out: string;
}

export const keygen = acting<KeygenOptions>(async (_settings, options) => {
  const keyId = readKeyId(options.keyId);
  const [privateFile, publicFile] = [join(options.out, `${keyId}.pem`), join(options.out, `${keyId}.pub`)];
  await mkdir(options.out, { recursive: true });
  const publicKey = await createSeedFile(privateFile);
  await writeFile(publicFile, formatPublicKeyPem(publicKey), { flag: 'wx' }).catch(async (error: unknown) => {
    await unlink(privateFile);
    throw error;
  });
  const fingerprint = keyFingerprint(publicKey);
  const lines = [
    `Private key: ${privateFile} (keep it to yourself, and a copy in a safe place)`,
    `Public key:  ${publicFile}`,
    `Fingerprint: ${fingerprint}`,
  ];
  return { lines, json: { keyId, privateFile, publicFile, fingerprint } };
});
