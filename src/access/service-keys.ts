// Opens the registry's own keys, and makes them for a new registry.
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes } from '../../keys/bytes.ts';
import { KeyError } from '../../keys/errors.ts';
import { keyFingerprint, type NamedKey, type PublicKey, parseKeyId } from '../../keys/key.ts';
import type { Root } from '../../keys/root.ts';
import type { Signer } from '../../keys/signer.ts';
import { createSeedFile, loadSeedSigner } from '../../keys/signers/seed.ts';

/** Used from day to day. The root is needed only when it changes, and may lie offline. */
type OnlineRole = 'attestry-registrar' | 'attestry-log';

export interface ServiceKeys {
  readonly root: Signer;
  readonly registrar: Signer;
  readonly log: Signer;
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

/** The secret that the keys of all authorities follow from; made when the first of them is needed. */
export const openAuthoritySecret = async (folder: string): Promise<Signer> => {
  await mkdir(folder, { recursive: true, mode: OWNER_ONLY });
  return make(folder, 'attestry-knowledge');
};

const namesIn = (folder: string): Promise<readonly string[]> =>
  readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });

/** Where a rotation is being prepared, the old key and the new one lie side by side. */
const candidates = (names: readonly string[], role: OnlineRole): readonly string[] =>
  names.flatMap((name) => (name.startsWith(role) && /^([\w.~-]{1,128})\.pem$/.exec(name)?.[1]) || []).sort();

/** The signers that can be opened, and why others could not. */
const openAll = async (folder: string, keyIds: readonly string[]) => {
  const opened = await Promise.allSettled(keyIds.map((keyId) => load(folder, keyId)));
  return {
    signers: opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])),
    failures: opened.flatMap((each): unknown[] => (each.status === 'rejected' ? [each.reason] : [])),
  };
};

/** What this process can sign with under a root. */
export interface KeysAtHand {
  /** By the ids that the root gives them. */
  readonly registrars: readonly Signer[];
  readonly log: Signer | undefined;
  /** What the root asks for beyond that, one line each; empty where this process can do all its work. */
  readonly missing: readonly string[];
  /** Whether there are keys of both roles at all, whoever's they are. */
  readonly found: boolean;
}

const signerFor = (signers: readonly Signer[], publicKey: PublicKey): Signer | undefined =>
  signers.find((signer) => equalBytes(signer.publicKey, publicKey));

const withId =
  (signers: readonly Signer[]) =>
  ({ keyId, publicKey }: NamedKey): readonly Signer[] => {
    const signer = signerFor(signers, publicKey);
    return signer === undefined ? [] : [{ keyId, publicKey, sign: signer.sign }];
  };

const missingRegistrars = ({ registrar: { threshold, keys } }: Root, found: readonly Signer[]): string[] => {
  const others = keys.filter(({ publicKey }) => signerFor(found, publicKey) === undefined);
  if (found.length >= threshold) return [];
  const named = others.map(({ keyId, publicKey }) => `${keyId} (${keyFingerprint(publicKey)})`);
  return [`attestry-registrar*.pem: ${threshold - found.length} of ${named.join(', ')}`];
};

/**
 * The keys of a folder that a root names: `attestry-registrar*.pem` and `attestry-log*.pem`.
 * @throws KeyError of a file that cannot be opened, where something is missing
 */
export const keysAtHand = async (folder: string, root: Root): Promise<KeysAtHand> => {
  const names = await namesIn(folder);
  const [registrarFiles, logFiles] = [
    await openAll(folder, candidates(names, 'attestry-registrar')),
    await openAll(folder, candidates(names, 'attestry-log')),
  ];
  const registrars = root.registrar.keys.flatMap(withId(registrarFiles.signers));
  const { publicKey } = root.log.vkey;
  const log = signerFor(logFiles.signers, publicKey);
  const missingLog = log === undefined ? [`attestry-log*.pem: ${keyFingerprint(publicKey)}`] : [];
  const missing = [...missingRegistrars(root, registrars), ...missingLog];
  const [failure] = [...registrarFiles.failures, ...logFiles.failures];
  if (missing.length > 0 && failure !== undefined) throw failure;
  const found = registrarFiles.signers.length > 0 && logFiles.signers.length > 0;
  return { registrars, log, missing, found };
};
