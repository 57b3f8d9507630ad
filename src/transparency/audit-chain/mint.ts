// Signs checkpoints of the audit chain: at least one for every thousand entries, and soon after entries there are any.
import type { Signer } from '../../../keys/signer.ts';
import type { Sql } from '../../database/connect.ts';
import type { ReadTile } from '../../protocol/tiles.ts';
import { LogDamaged } from '../log-tiles.ts';
import {
  type AuditCheckpoint,
  insertCheckpoint,
  lastHashAt,
  leavesOfEntries,
  newestCheckpoint,
} from './audit-store.ts';
import { chainFrom, checkpointRoot, packHashes } from './chain.ts';
import { type SealedHead, unsoundEntries } from './sound.ts';

/** As they are advertised. */
export const INTERVAL_ENTRIES = 1_000;
export const INTERVAL_SECONDS = 300;

/** So much earlier than advertised that a chore that comes round each minute keeps the promise. */
const DUE_MS = (INTERVAL_SECONDS - 90) * 1_000;

export interface MintDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly newestHead: () => Promise<SealedHead | undefined>;
  readonly readTile: ReadTile;
  /** Undefined in a process that does not hold the key. */
  readonly signer: Signer | undefined;
}

/** Up to which entry the next checkpoint goes; undefined where none is due. */
export const dueSequence = (
  latest: Pick<AuditCheckpoint, 'atSequence' | 'madeAt'> | undefined,
  size: number,
  now: Date,
): number | undefined => {
  const from = latest?.atSequence ?? 0;
  if (size - from >= INTERVAL_ENTRIES) return from + INTERVAL_ENTRIES;
  const isOld = latest === undefined || now.getTime() - latest.madeAt.getTime() >= DUE_MS;
  return size > from && isOld ? size : undefined;
};

/** Only what was sealed is signed. @throws LogDamaged */
const soundLeaves = async (
  the: MintDeps,
  head: SealedHead,
  first: number,
  last: number,
): Promise<readonly Uint8Array[]> => {
  const leaves = await leavesOfEntries(the.sql, first, last);
  const unsound = await unsoundEntries(the.readTile, head, leaves, [first, last]);
  if (unsound.length > 0)
    throw new LogDamaged('Entries of the log are not what was sealed.', { sequences: unsound.slice(0, 100) });
  return [...leaves.values()];
};

const mint = async (
  the: MintDeps,
  signer: Signer,
  head: SealedHead,
  previous: number,
  atSequence: number,
): Promise<boolean> => {
  const leaves = await soundLeaves(the, head, previous + 1, atSequence);
  const before = previous === 0 ? undefined : await lastHashAt(the.sql, previous);
  const hashes = chainFrom(previous + 1, leaves, before);
  const root = checkpointRoot(hashes);
  const signature = await signer.sign(root);
  const made = { atSequence, previous, entryHashes: packHashes(hashes), root, signature, madeAt: the.now() };
  return insertCheckpoint(the.sql, made);
};

/** Makes every checkpoint that is due. @throws LogDamaged where an entry is another than was sealed */
export const mintCheckpoints = (the: MintDeps) => async (): Promise<void> => {
  const { signer } = the;
  const head = await the.newestHead();
  if (signer === undefined || head === undefined) return;
  for (;;) {
    const latest = await newestCheckpoint(the.sql);
    const due = dueSequence(latest, head.size, the.now());
    if (due === undefined || !(await mint(the, signer, head, latest?.atSequence ?? 0, due))) return;
  }
};
