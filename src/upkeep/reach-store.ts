// Which blocks the versions of all bases reach, noted in a table of one session, and the blocks that none does.
import type { Queryable, Tx } from '../database/connect.ts';
import type { Cid } from '../protocol/cid.ts';

const ROWS_AT_ONCE = 500;
const NODES_AT_ONCE = 256;

/** Gone with the session, as is the time that its statements may take. */
export const makeReach = async (session: Queryable): Promise<void> => {
  await session`select set_config('statement_timeout', '0', false)`;
  await session`
    create temporary table reached (
      digest bytea primary key, -- of a node of a tree, or of the block of an entry
      read   boolean not null   -- whether what it names was noted
    )`;
};

export interface Rooted {
  readonly id: string;
  readonly content: Cid;
}

export const rootsAfter = (db: Queryable, after: string): Promise<Rooted[]> =>
  db<
    Rooted[]
  >`select id, content from knowledge_versions where id > ${after} order by id limit ${ROWS_AT_ONCE}`;

/** Versions are never removed: whoever has seen so many has seen all. */
export const countRoots = async (db: Queryable): Promise<number> => {
  const [row] = await db<{ count: number }[]>`select count(*) as count from knowledge_versions`;
  return row?.count ?? 0;
};

/** Nodes whose children are still to be noted, or blocks that name nothing. */
export const noteReached = (
  session: Queryable,
  digests: readonly Uint8Array[],
  read: boolean,
): Promise<unknown> => session`
  insert into reached (digest, read)
  select distinct digest, ${read}::boolean from unnest(${session.array([...digests])}::bytea[]) as named (digest)
  on conflict do nothing`;

/** The blocks of entries stand in the index as well, those of imports under way too. */
export const noteIndexed = (session: Queryable): Promise<unknown> => session`
  insert into reached (digest, read)
  select entry, true from (select entry from knowledge_entries union select entry from knowledge_imports) as indexed
  on conflict do nothing`;

export interface UnreadNode {
  readonly digest: Uint8Array;
  /** Null where the block is not there. */
  readonly bytes: Uint8Array | null;
}

/** Some nodes that were not read yet, which count as read from now on. */
export const nextUnread = (session: Queryable): Promise<UnreadNode[]> => session<UnreadNode[]>`
  with taken as (
    update reached set read = true
    where digest in (select digest from reached where not read limit ${NODES_AT_ONCE}) returning digest
  )
  select taken.digest, blocks.bytes
  from taken left join knowledge_blocks as blocks on blocks.digest = taken.digest`;

export interface UnreachedBlock {
  readonly digest: Uint8Array;
  readonly size: number;
}

/** Behind a digest. */
export const unreachedAfter = (session: Queryable, after: Uint8Array): Promise<UnreachedBlock[]> =>
  session<UnreachedBlock[]>`
    select digest, octet_length(bytes) as size from knowledge_blocks as blocks
    where digest > ${after} and not exists (select from reached where reached.digest = blocks.digest)
    order by digest limit ${ROWS_AT_ONCE}`;

/** Nobody stores a block until the transaction ends, and whoever had stored one has committed. */
export const stopStoringBlocks = async (tx: Tx): Promise<void> => {
  await tx`select set_config('lock_timeout', '3s', true)`;
  await tx`lock table knowledge_blocks in share row exclusive mode`;
};

/** Imports store their blocks long before a version names them. */
export const isImporting = async (db: Queryable): Promise<boolean> => {
  const [row] = await db<{ found: boolean }[]>`select exists (select from knowledge_imports) as found`;
  return row?.found === true;
};

export const dropBlocks = async (tx: Tx, digests: readonly Uint8Array[]): Promise<number> => {
  const result = await tx`
    delete from knowledge_blocks where digest = any(${tx.array([...digests])}::bytea[])`;
  return result.count;
};
