// What a client remembers of a registry between runs, so that nobody can lead it back: it only moves forward.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { KeyringMark } from '../../keys/keyring.ts';
import { withFileLock } from './file-lock.ts';
import { makeDirectory, replaceFile, undefinedIfAbsent } from './files-on-disk.ts';
import { refusal } from './refusal.ts';

export interface TrustState {
  readonly format: 1;
  /** Base address of the registry this is about. */
  readonly registry: string;
  /** The newest root believed: its envelope as served, its version and the hex SHA-256 of its payload. */
  readonly root: { readonly version: number; readonly sha256: string; readonly envelope: string };
  readonly keyring?: KeyringMark | undefined;
}

/** A store promises: what `remember` was given is on disk when it resolves, unless something newer is. */
export interface TrustStore {
  /** Where it is kept, for people who have to look. */
  readonly place: string;
  readonly recall: () => Promise<TrustState | undefined>;
  readonly remember: (state: TrustState) => Promise<void>;
}

const LOCK_WAIT_MS = 10_000;

const isMark = (value: unknown): boolean => {
  if (value === undefined) return true;
  const mark = value as Partial<Record<keyof KeyringMark, unknown>> | null;
  const numbers = [mark?.version, mark?.treeSize].every(Number.isSafeInteger);
  return numbers && [mark?.sha256, mark?.registrar].every((each) => typeof each === 'string');
};

const isState = (value: unknown): value is TrustState => {
  const state = value as Partial<TrustState> | null;
  return (
    state?.format === 1 &&
    typeof state.registry === 'string' &&
    typeof state.root?.envelope === 'string' &&
    typeof state.root.sha256 === 'string' &&
    Number.isSafeInteger(state.root.version) &&
    isMark(state.keyring)
  );
};

/** What cannot be read is never taken for "nothing seen so far": that would be a way to make a client forget. */
const parseState = (text: string, path: string, registry: string): TrustState => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (isState(value) && value.registry === registry) return value;
  throw refusal(
    'root',
    'trust_state_unreadable',
    { path, registry },
    `What is remembered about ${registry} in ${path} cannot be read. Restore it; remove it only to trust anew.`,
  );
};

const sameRegistrar = (a: KeyringMark, b: KeyringMark): boolean => a.registrar === b.registrar;

const newerKeyring = (
  old: KeyringMark | undefined,
  next: KeyringMark | undefined,
): KeyringMark | undefined => {
  if (old === undefined || next === undefined) return next ?? old;
  return sameRegistrar(old, next) && old.version > next.version ? old : next;
};

/** Whatever order two runs end in, the result is the newer of both. */
export const forwardOf = (old: TrustState | undefined, next: TrustState): TrustState => {
  if (old === undefined) return next;
  if (old.root.version > next.root.version) return old;
  return { ...next, keyring: newerKeyring(old.keyring, next.keyring) };
};

/** `~/.attestry/trust/<host>-<digest of the whole address>.json`. */
export const defaultStatePath = (registry: string): string => {
  const url = new URL(registry);
  const digest = createHash('sha256').update(registry).digest('hex').slice(0, 12);
  return join(homedir(), '.attestry', 'trust', `${url.host.replace(/[^a-z0-9.-]/gi, '_')}-${digest}.json`);
};

export const fileTrustStore = (path: string, registry: string): TrustStore => {
  const recall = async (): Promise<TrustState | undefined> => {
    const text = await readFile(path, 'utf8').catch(undefinedIfAbsent);
    return text === undefined ? undefined : parseState(text, path, registry);
  };
  const remember = async (state: TrustState): Promise<void> => {
    await makeDirectory(dirname(path), 0o700);
    await withFileLock(`${path}.lock`, LOCK_WAIT_MS, async () => {
      const old = await recall();
      const forward = forwardOf(old, state);
      if (old !== undefined && JSON.stringify(old) === JSON.stringify(forward)) return;
      await replaceFile(path, Buffer.from(`${JSON.stringify(forward, null, 2)}\n`), 0o600);
    });
  };
  return { place: path, recall, remember };
};

/** Remembers for as long as the process lives; for tests and for hosts that keep the state elsewhere. */
export const memoryTrustStore = (): TrustStore => {
  let kept: TrustState | undefined;
  return {
    place: 'memory',
    recall: async () => kept,
    remember: async (state) => {
      kept = forwardOf(kept, state);
    },
  };
};
