// Keeps what a client remembers of a registry, and the evidence against it, in files of their owner's alone.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { withFileLock } from './file-lock.ts';
import { errnoOf, makeDirectory, replaceFile, undefinedIfAbsent, writeNewFile } from './files-on-disk.ts';
import { refusal } from './refusal.ts';
import {
  forwardOf,
  isTrustState,
  type LogEvidence,
  type ServedEvidence,
  type TrustState,
  type TrustStore,
  withHead,
} from './trust-state.ts';

const LOCK_WAIT_MS = 10_000;
/** Whoever holds the log's key can make any number of forks; a disk need not hold them all. */
const MAX_EVIDENCE_FILES = 8;
const OWNER_ONLY = 0o600;

/** What cannot be read is never taken for "nothing seen so far": that would be a way to make a client forget. */
const parseState = (text: string, path: string, registry: string): TrustState => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (isTrustState(value) && value.registry === registry) return value;
  throw refusal(
    'root',
    'trust_state_unreadable',
    { path, registry },
    `What is remembered about ${registry} in ${path} cannot be read. Restore it; remove it only to trust anew.`,
  );
};

const directoryInstead = (path: string, registry: string) =>
  refusal(
    'root',
    'trust_state_unreadable',
    { path, registry },
    `${path} is a directory, and what is remembered about ${registry} would be a file.`,
  );

/** `~/.attestry/trust/<host>-<digest of the whole address>.json`. */
export const defaultStatePath = (registry: string): string => {
  const url = new URL(registry);
  const digest = createHash('sha256').update(registry).digest('hex').slice(0, 12);
  return join(homedir(), '.attestry', 'trust', `${url.host.replace(/[^a-z0-9.-]/gi, '_')}-${digest}.json`);
};

const textOf = (value: unknown): Uint8Array => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);

/** True where the file now holds these bytes, whoever wrote them; false where it holds others. */
const holds = async (path: string, bytes: Uint8Array): Promise<boolean> => {
  try {
    await writeNewFile(path, bytes, OWNER_ONLY);
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    return (await readFile(path)).equals(bytes);
  }
};

/** `<stem>.json`; what is there is never overwritten, so another of that name gets a number. */
const keepEvidence = async (stem: string, evidence: LogEvidence | ServedEvidence): Promise<string> => {
  await makeDirectory(dirname(stem), 0o700);
  const bytes = textOf(evidence);
  for (let number = 1; number <= MAX_EVIDENCE_FILES; number += 1) {
    const path = number === 1 ? `${stem}.json` : `${stem}-${number}.json`;
    if (await holds(path, bytes)) return path;
  }
  return `${stem}.json`;
};

export const fileTrustStore = (path: string, registry: string): TrustStore => {
  const recall = async (): Promise<TrustState | undefined> => {
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (errnoOf(error) === 'EISDIR') throw directoryInstead(path, registry);
      return undefinedIfAbsent(error);
    });
    return text === undefined ? undefined : parseState(text, path, registry);
  };
  /** Puts what `change` makes of what is remembered in its place; gives whether there was anything to put. */
  const advance = async (
    change: (old: TrustState | undefined) => TrustState | undefined,
  ): Promise<boolean> => {
    await makeDirectory(dirname(path), 0o700);
    return withFileLock(`${path}.lock`, LOCK_WAIT_MS, async () => {
      const old = await recall();
      const next = change(old);
      if (next === undefined) return false;
      if (old === undefined || JSON.stringify(old) !== JSON.stringify(next))
        await replaceFile(path, textOf(next), OWNER_ONLY);
      return true;
    });
  };
  return {
    place: path,
    recall,
    remember: async (state) => void (await advance((old) => forwardOf(old, state))),
    rememberHead: (head, before) => advance((old) => withHead(old, head, before)),
    keepEvidence: (evidence) => keepEvidence(`${path}.fork-${evidence.found.size}`, evidence),
    keepServed: (evidence) => keepEvidence(`${path}.refused`, evidence),
  };
};
