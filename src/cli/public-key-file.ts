// Reads the files in which people hand public keys to one another.
import { readFile } from 'node:fs/promises';
import { type NamedKey, type PublicKey, parseKeyId, parsePublicKey } from '../../keys/key.ts';
import type { KeyFile } from './commands/root-options.ts';
import { UsageError } from './failure.ts';

/**
 * In any form known here: PEM, vkey, hex or base64. Whoever gives the wrong file must not send a private key to anyone.
 * @throws UsageError for a private key; KeyError for what is no key
 */
export const readPublicKeyFile = async (path: string): Promise<PublicKey> => {
  const text = await readFile(path, 'utf8');
  if (/PRIVATE/.test(text))
    throw new UsageError(`${path} holds a private key, which never leaves this machine; give the .pub file.`);
  return parsePublicKey(text);
};

/** @throws KeyError, UsageError */
export const readKeyFiles = (files: readonly KeyFile[]): Promise<readonly NamedKey[]> =>
  Promise.all(
    files.map(async ({ name, file }) => ({
      keyId: parseKeyId(name),
      publicKey: await readPublicKeyFile(file),
    })),
  );
