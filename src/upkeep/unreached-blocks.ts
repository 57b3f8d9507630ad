// Finds blocks that no version reaches, which imports leave that do not end, and takes them while others accept.
import type { Queryable, Sql } from '../database/connect.ts';
import { inTransaction } from '../database/transaction.ts';
import { type Cid, cidOf, cidOfDigest, digestOfCid } from '../protocol/cid.ts';
import { ContentError } from '../protocol/content-errors.ts';
import { buildTree } from '../protocol/merkle-tree/merkle-tree.ts';
import { decodeNode } from '../protocol/merkle-tree/node.ts';
import { KNOWLEDGE_TREE } from '../protocol/merkle-tree/profile.ts';
import { rowsBehind } from './pages.ts';
import {
  countRoots,
  dropBlocks,
  isImporting,
  makeReach,
  nextUnread,
  noteIndexed,
  noteReached,
  rootsAfter,
  stopStoringBlocks,
  type UnreachedBlock,
  type UnreadNode,
  unreachedAfter,
} from './reach-store.ts';

/** A tree of nothing is stored by itself, and no row tells of an import of it. */
const EMPTY_ROOTS = [...buildTree(KNOWLEDGE_TREE, [])].map(({ cid }) => digestOfCid(cid));

/** A node whose names cannot be read may be the one that reaches all others. */
class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

const namesIn = ({
  digest,
  bytes,
}: UnreadNode): { readonly nodes: readonly Cid[]; readonly entries: readonly Cid[] } => {
  if (bytes === null || cidOf('dag-cbor', bytes) !== cidOfDigest('dag-cbor', digest)) throw new Unreadable();
  try {
    const { left, entries } = decodeNode(bytes, KNOWLEDGE_TREE);
    const nodes = [left, ...entries.map(({ tail }) => tail)].filter((cid) => cid !== null);
    return { nodes, entries: entries.map(({ value }) => value) };
  } catch (error) {
    throw error instanceof ContentError ? new Unreadable() : error;
  }
};

/** Each node is read once, however many trees it stands in. */
const readAll = async (session: Queryable): Promise<void> => {
  for (let nodes = await nextUnread(session); nodes.length > 0; nodes = await nextUnread(session)) {
    const named = nodes.map(namesIn);
    await noteReached(session, named.flatMap((each) => each.nodes).map(digestOfCid), false);
    await noteReached(session, named.flatMap((each) => each.entries).map(digestOfCid), true);
  }
};

/** Everything that versions reach now; how many of them there are. @throws Unreadable */
const reachAll = async (session: Queryable): Promise<number> => {
  let seen = 0;
  const page = (after: string) => rootsAfter(session, after);
  for await (const { content } of rowsBehind('', page, ({ id }) => id)) {
    await noteReached(session, [digestOfCid(content)], false);
    seen += 1;
  }
  await noteReached(session, EMPTY_ROOTS, true);
  await noteIndexed(session);
  await readAll(session);
  return seen;
};

const NOT_NOW = '55P03';

const isLocked = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === NOT_NOW;

/**
 * An acceptance stores its blocks in the statement that names them: it has committed, and its version is counted, or it
 * waits, and stores what it needs again. An import stores them long before, and has rows of its own until it ends.
 */
const takeBlocks = async (sql: Sql, blocks: readonly UnreachedBlock[], seen: number): Promise<boolean> => {
  try {
    return await inTransaction(sql, async (tx) => {
      await stopStoringBlocks(tx);
      if ((await isImporting(tx)) || (await countRoots(tx)) !== seen) return false;
      await dropBlocks(
        tx,
        blocks.map(({ digest }) => digest),
      );
      return true;
    });
  } catch (error) {
    if (isLocked(error)) return false;
    throw error;
  }
};

export interface SweptBlock {
  readonly cid: Cid;
  readonly size: number;
  readonly fate: 'found' | 'removed' | 'kept';
}

const sweepIn = async function* (
  sql: Sql,
  session: Queryable,
  remove: boolean,
): AsyncGenerator<SweptBlock, void, undefined> {
  await makeReach(session);
  const seen = await reachAll(session);
  let after: Uint8Array = new Uint8Array();
  for (;;) {
    const blocks = await unreachedAfter(session, after);
    const last = blocks.at(-1);
    if (last === undefined) return;
    const taken = remove && (await takeBlocks(sql, blocks, seen));
    for (const { digest, size } of blocks)
      yield {
        cid: cidOfDigest('dag-cbor', digest),
        size,
        fate: remove ? (taken ? 'removed' : 'kept') : 'found',
      };
    after = last.digest;
  }
};

/** Nothing where a tree cannot be read: then nobody knows what it reaches. */
export async function* sweepBlocks(sql: Sql, remove: boolean): AsyncGenerator<SweptBlock, void, undefined> {
  const reserved = await sql.reserve();
  try {
    yield* sweepIn(sql, reserved as unknown as Queryable, remove);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
  } finally {
    reserved.release();
  }
}
