// Blocks of trees and entries as rows, named by their hash; those that are read often are kept at hand.
import type { Queryable, Sql } from '../../database/connect.ts';
import { sharing } from '../../database/share.ts';
import { type Cid, cidOfDigest, digestOfCid } from '../../protocol/cid.ts';
import type { Block } from '../../protocol/merkle-tree/growing.ts';
import type { TreeNode } from '../../protocol/merkle-tree/node.ts';
import type { BlockSource, KnownNodes } from '../../protocol/merkle-tree/place.ts';
import { blockRows, inOneOrder } from './row-texts.ts';

const CACHE_BYTES = 64 * 1024 * 1024;
/** What holding a small block costs beside its bytes. */
const OVERHEAD = 200;
const MOST_ASKED = 256;
const MOST_PUT_BYTES = 1024 * 1024;

const putSome = (db: Queryable, blocks: readonly Block[]): Promise<unknown> => db`
  insert into knowledge_blocks (digest, bytes)
  select decode(digest, 'base64'), decode(bytes, 'base64')
  from json_to_recordset(${blockRows(blocks)}::text::json) as each (digest text, bytes text)
  on conflict do nothing`;

/** Blocks that are there already stay as they are. */
export const putBlocks = async (db: Queryable, blocks: readonly Block[]): Promise<void> => {
  let some: Block[] = [];
  let size = 0;
  for (const block of inOneOrder(blocks)) {
    some.push(block);
    size += block.bytes.length;
    if (size < MOST_PUT_BYTES) continue;
    await putSome(db, some);
    some = [];
    size = 0;
  }
  if (some.length > 0) await putSome(db, some);
};

const readAll =
  (sql: Sql) =>
  async (cids: readonly Cid[]): Promise<readonly (Uint8Array | undefined)[]> => {
    const rows = await sql<{ digest: Buffer; bytes: Buffer }[]>`
      select digest, bytes from knowledge_blocks where digest = any(${sql.array(cids.map(digestOfCid))}::bytea[])`;
    const found = new Map(rows.map(({ digest, bytes }) => [cidOfDigest('dag-cbor', digest), bytes]));
    return cids.map((cid) => found.get(cid));
  };

export interface BlockStore extends BlockSource {
  /** Puts blocks outside of any transaction: before something names them they are garbage. */
  readonly put: (blocks: readonly Block[]) => Promise<void>;
  /** Has those at hand that somebody else has put. */
  readonly keep: (blocks: readonly Block[]) => void;
}

/** Blocks never change, so what was read or put once is kept, the least lately used let go first. */
export const createBlockStore = (sql: Sql, cacheBytes = CACHE_BYTES): BlockStore => {
  const read = sharing({ run: readAll(sql), weigh: () => 1, most: MOST_ASKED });
  const kept = new Map<Cid, Uint8Array>();
  let held = 0;
  const keep = (cid: Cid, bytes: Uint8Array): void => {
    if (kept.delete(cid)) held -= bytes.length + OVERHEAD;
    kept.set(cid, bytes);
    held += bytes.length + OVERHEAD;
    for (const [oldest, old] of kept) {
      if (held <= cacheBytes) return;
      kept.delete(oldest);
      held -= old.length + OVERHEAD;
    }
  };
  return {
    get: async (cid) => {
      const bytes = kept.get(cid) ?? (await read(cid));
      if (bytes !== undefined) keep(cid, bytes);
      return bytes;
    },
    put: async (blocks) => {
      await putBlocks(sql, blocks);
      for (const { cid, bytes } of blocks) keep(cid, bytes);
    },
    keep: (blocks) => {
      for (const { cid, bytes } of blocks) keep(cid, bytes);
    },
  };
};

/** What so many nodes hold is about what the blocks at hand do. */
const MOST_NODES = 20_000;

/** Nodes as they were read, the least lately used let go first. */
export const createKnownNodes = (most = MOST_NODES): KnownNodes => {
  const kept = new Map<Cid, TreeNode>();
  return {
    get: (cid) => {
      const node = kept.get(cid);
      if (node === undefined) return undefined;
      kept.delete(cid);
      kept.set(cid, node);
      return node;
    },
    keep: (cid, node) => {
      kept.set(cid, node);
      for (const oldest of kept.keys()) {
        if (kept.size <= most) return;
        kept.delete(oldest);
      }
    },
  };
};
