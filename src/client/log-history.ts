// Whether two heads of a log are of one history; where they are not, both are kept, with the proof that failed.
import { encodeBase64 } from '../../keys/bytes.ts';
import { formatVkey, type Vkey } from '../../keys/key.ts';
import { openCheckpoint, type SignedCheckpoint } from '../protocol/checkpoint.ts';
import { LogError } from '../protocol/log-errors.ts';
import { HASH_BYTES, isConsistent } from '../protocol/merkle.ts';
import { proveConsistency, type ReadTile, tileAt, treeRoot } from '../protocol/tiles.ts';
import type { LogAddresses } from './discovery.ts';
import { type Question, Refusal, type RefusalCode, refusal } from './refusal.ts';
import type { RegistryReader } from './registry-reader.ts';
import type { CheckpointMark, TrustStore } from './trust-state.ts';

export interface LogDeps {
  readonly reader: RegistryReader;
  readonly store: TrustStore;
  readonly addresses: LogAddresses;
  /** The key that the root document names, and which root that is. */
  readonly vkey: Vkey;
  readonly rootVersion: number;
}

const MALFORMED: ReadonlySet<string> = new Set(['note_form', 'note_too_large', 'checkpoint_form']);

/** @throws Refusal `checkpoint_signature` or `reply_malformed` of the question */
export const openNote = (question: Question, note: string, vkey: Vkey): SignedCheckpoint => {
  try {
    return openCheckpoint(note, vkey);
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    const code = MALFORMED.has(error.code) ? 'reply_malformed' : 'checkpoint_signature';
    const evidence = { log: vkey.name, reason: error.code, ...error.details };
    throw refusal(question, code, evidence, error.message, error);
  }
};

export const markOf = (vkey: Vkey, { size, root, note }: SignedCheckpoint): CheckpointMark => ({
  vkey: formatVkey(vkey),
  size,
  root: encodeBase64(root),
  note,
});

const shown = ({ size, root }: SignedCheckpoint) => ({ size, root: encodeBase64(root) });

/** A refusal that stands whether or not its evidence could be written down. */
const accuse = async (
  { reader, store, vkey }: LogDeps,
  code: RefusalCode,
  seen: SignedCheckpoint,
  found: SignedCheckpoint,
  hashes: readonly Uint8Array[],
): Promise<Refusal> => {
  const proof = hashes.map(encodeBase64);
  const remembered = { size: seen.size, note: seen.note };
  const kept = { registry: reader.base, vkey: formatVkey(vkey), remembered, proof };
  const saved = await store
    .keepEvidence({ ...kept, found: { size: found.size, note: found.note } })
    .catch((error: unknown) => `could not be saved: ${error instanceof Error ? error.message : error}`);
  return refusal('checkpoint', code, { seen: shown(seen), found: shown(found), proof, saved });
};

/** Undefined where the log does not hand out what a proof is made from. */
const attempt = async <T>(work: Promise<T>): Promise<T | undefined> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Refusal && error.code === 'log_unprovable') return undefined;
    throw error;
  }
};

type Heads = Readonly<Record<'older' | 'newer', SignedCheckpoint>>;

const follows = ({ older, newer }: Heads, oldRoot: Uint8Array, proof: readonly Uint8Array[]): boolean =>
  isConsistent({ oldSize: older.size, oldRoot, newSize: newer.size, newRoot: newer.root, proof });

/** Tiles of a smaller tree, as the larger one has them: a tile only grows. */
const cutFrom =
  (size: number, readTile: ReadTile): ReadTile =>
  async (tile) => {
    const whole = tileAt(tile.level, tile.index, size) ?? tile;
    return (await readTile(whole)).subarray(0, tile.width * HASH_BYTES);
  };

/** Whether the tiles of the newer head show that its beginning is another tree than the older head's. */
const isFork = async (heads: Heads, readTile: ReadTile, proof: readonly Uint8Array[]): Promise<boolean> => {
  if (heads.older.size === heads.newer.size) return true;
  const oldRoot = await attempt(treeRoot(heads.older.size, cutFrom(heads.newer.size, readTile)));
  return oldRoot !== undefined && follows(heads, oldRoot, proof);
};

/** The client makes the proof itself: with a false tile in it, it proves nothing. */
export const requireConsistent = async (
  the: LogDeps,
  readTile: ReadTile,
  seen: SignedCheckpoint,
  found: SignedCheckpoint,
): Promise<void> => {
  const heads = found.size < seen.size ? { older: found, newer: seen } : { older: seen, newer: found };
  const proof = await attempt(proveConsistency(heads.older.size, heads.newer.size, readTile));
  if (proof !== undefined && follows(heads, heads.older.root, proof)) return;
  const forked = proof !== undefined && (await isFork(heads, readTile, proof));
  throw await accuse(the, forked ? 'log_fork' : 'log_unprovable', seen, found, proof ?? []);
};

/** @throws Refusal `checkpoint_rollback`, with both notes kept */
export const requireNotSmaller = async (
  the: LogDeps,
  seen: SignedCheckpoint,
  found: SignedCheckpoint,
): Promise<void> => {
  if (found.size < seen.size) throw await accuse(the, 'checkpoint_rollback', seen, found, []);
};

/** What is remembered of this very log; under another key a log begins afresh. */
export const rememberedHead = (mark: CheckpointMark | undefined, vkey: Vkey): SignedCheckpoint | undefined =>
  mark?.vkey === formatVkey(vkey) ? openNote('checkpoint', mark.note, vkey) : undefined;
