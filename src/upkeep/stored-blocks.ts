// Reads the blocks of trees out of one moment of the database, and those that are about to be asked for along with them.
import type { Queryable } from '../database/connect.ts';
import { type Cid, cidOfDigest, digestOfCid } from '../protocol/cid.ts';
import { ContentError } from '../protocol/content-errors.ts';
import { decodeNode } from '../protocol/merkle-tree/node.ts';
import type { BlockSource } from '../protocol/merkle-tree/place.ts';
import { KNOWLEDGE_TREE } from '../protocol/merkle-tree/profile.ts';
import { blocksWith } from './content-store.ts';

export type BlocksByName = ReadonlyMap<Cid, Uint8Array>;

export const readBlocks = async (db: Queryable, cids: readonly Cid[]): Promise<BlocksByName> => {
  if (cids.length === 0) return new Map();
  const rows = await blocksWith(db, cids.map(digestOfCid));
  return new Map(rows.map(({ digest, bytes }) => [cidOfDigest('dag-cbor', digest), bytes]));
};

/** One block for each question, for walks that pass over most of a tree. */
export const blocksOneByOne = (db: Queryable): BlockSource => ({
  get: async (cid) => (await readBlocks(db, [cid])).get(cid),
});

/** The subtrees of a node; none where the bytes are no node, which whoever asked for them finds out. */
export const childrenIn = (bytes: Uint8Array): readonly Cid[] => {
  try {
    const { left, entries } = decodeNode(bytes, KNOWLEDGE_TREE);
    return [left, ...entries.map(({ tail }) => tail)].filter((cid) => cid !== null);
  } catch (error) {
    if (error instanceof ContentError) return [];
    throw error;
  }
};

/** Nodes may be large; few are. */
const MOST_AHEAD = 64;

/** For a walk from left to right: the children of a node are read with it, and let go as they are asked for. */
export const blocksAhead = (db: Queryable): BlockSource => {
  const ahead = new Map<Cid, Uint8Array>();
  return {
    get: async (cid) => {
      const bytes = ahead.get(cid) ?? (await readBlocks(db, [cid])).get(cid);
      ahead.delete(cid);
      if (bytes === undefined) return undefined;
      const next = childrenIn(bytes).slice(0, MOST_AHEAD);
      for (const [name, block] of await readBlocks(db, next)) ahead.set(name, block);
      return bytes;
    },
  };
};
