// Opens the registry's own keys, and makes them for a new registry.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { KeyError } from '../../keys/errors.ts';
import { parseKeyId } from '../../keys/key.ts';
import type { Signer } from '../../keys/signer.ts';
import { createSeedFile, loadSeedSigner } from '../../keys/signers/seed.ts';

/** Used from day to day. The root is needed only when it changes, and may lie offline. */
export interface OnlineKeys {
  readonly registrar: Signer;
  readonly log: Signer;
}

export interface ServiceKeys extends OnlineKeys {
  readonly root: Signer;
}

const OWNER_ONLY = 0o700;

const load = (folder: string, keyId: string): Promise<Signer> =>
  loadSeedSigner(join(folder, `${keyId}.pem`), parseKeyId(keyId));

/** Another process may be making the same key: whoever is first has made it for both. */
const make = async (folder: string, keyId: string): Promise<Signer> => {
  await createSeedFile(join(folder, `${keyId}.pem`)).catch((error: unknown) => {
    if (!(error instanceof KeyError && error.code === 'seed_file_exists')) throw error;
  });
  return load(folder, keyId);
};

/** @param folder made if need be, closed to everybody else. */
export const makeServiceKeys = async (folder: string): Promise<ServiceKeys> => {
  await mkdir(folder, { recursive: true, mode: OWNER_ONLY });
  return {
    root: await make(folder, 'attestry-root'),
    registrar: await make(folder, 'attestry-registrar'),
    log: await make(folder, 'attestry-log'),
  };
};

const isAbsent = (error: unknown): boolean =>
  error instanceof KeyError && error.code === 'seed_file_unreadable' && error.details['cause'] === 'ENOENT';

/** `undefined` where one of them is not there. */
export const loadOnlineKeys = async (folder: string): Promise<OnlineKeys | undefined> => {
  try {
    return { registrar: await load(folder, 'attestry-registrar'), log: await load(folder, 'attestry-log') };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
};
