// The audit chain as rows: its key, its checkpoints, and the entries below them.
import type { Queryable } from '../../database/connect.ts';

/** Over the entries after `previous` up to `atSequence`. */
export interface AuditCheckpoint {
  readonly atSequence: number;
  readonly previous: number;
  /** 32 bytes for each entry. */
  readonly entryHashes: Uint8Array;
  readonly root: Uint8Array;
  readonly signature: Uint8Array;
  readonly madeAt: Date;
}

interface CheckpointRow {
  readonly at_sequence: number;
  readonly previous: number;
  readonly entry_hashes: Uint8Array;
  readonly root: Uint8Array;
  readonly signature: Uint8Array;
  readonly made_at: Date;
}

const toCheckpoint = (row: CheckpointRow): AuditCheckpoint => ({
  atSequence: row.at_sequence,
  previous: row.previous,
  entryHashes: row.entry_hashes,
  root: row.root,
  signature: row.signature,
  madeAt: row.made_at,
});

export const auditKeyIn = async (db: Queryable): Promise<Uint8Array | undefined> => {
  const [row] = await db<{ public_key: Uint8Array }[]>`select public_key from audit_key`;
  return row?.public_key;
};

/** The first one stays. */
export const insertAuditKey = (db: Queryable, publicKey: Uint8Array): Promise<unknown> =>
  db`insert into audit_key (public_key) values (${publicKey}) on conflict do nothing`;

export const newestCheckpoint = async (db: Queryable): Promise<AuditCheckpoint | undefined> => {
  const [row] = await db<CheckpointRow[]>`select * from audit_checkpoints order by at_sequence desc limit 1`;
  return row && toCheckpoint(row);
};

/** False where another process has gone on from the same checkpoint meanwhile. */
export const insertCheckpoint = async (db: Queryable, made: AuditCheckpoint): Promise<boolean> => {
  const result = await db`
    insert into audit_checkpoints (at_sequence, previous, entry_hashes, root, signature, made_at)
    values (${made.atSequence}, ${made.previous}, ${made.entryHashes}, ${made.root}, ${made.signature}, ${made.madeAt})
    on conflict do nothing`;
  return result.count === 1;
};

/** The first checkpoint that covers `sequence` or anything after it, and that begins no later than `last`. */
export const checkpointFrom = async (
  db: Queryable,
  sequence: number,
  last: number,
): Promise<AuditCheckpoint | undefined> => {
  const [row] = await db<CheckpointRow[]>`
    select * from audit_checkpoints where at_sequence >= ${sequence} and previous < ${last}
    order by at_sequence limit 1`;
  return row && toCheckpoint(row);
};

/** The hash of the last entry below a checkpoint. */
export const lastHashAt = async (db: Queryable, sequence: number): Promise<Uint8Array | undefined> => {
  const [row] = await db<{ hash: Uint8Array }[]>`
    select substr(entry_hashes, length(entry_hashes) - 31) as hash from audit_checkpoints
    where at_sequence = ${sequence}`;
  return row?.hash;
};

/** The leaves of entries from `first` to `last`, by sequence; what is gone is not among them. */
export const leavesOfEntries = async (
  db: Queryable,
  first: number,
  last: number,
): Promise<ReadonlyMap<number, Uint8Array>> => {
  const rows = await db<{ position: number; leaf: Uint8Array }[]>`
    select leaves.position, events.leaf from leaves join events on events.id = leaves.event_id
    where leaves.position >= ${first - 1} and leaves.position < ${last} order by leaves.position`;
  return new Map(rows.map(({ position, leaf }) => [position + 1, leaf]));
};
