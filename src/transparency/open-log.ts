// Opens the log for sealing: everything the head promises is checked before anything is signed on top of it.
import { equalBytes } from '../../keys/bytes.ts';
import type { BlobStore } from '../../storage/blob-store.ts';
import type { Queryable, Sql } from '../database/connect.ts';
import type { Checkpoint } from '../protocol/checkpoint.ts';
import { edgeFrom, edgeRoot } from '../protocol/growing-tree.ts';
import { EMPTY_ROOT, rootOf } from '../protocol/merkle.ts';
import { hashesOf, type ReadTile, TILE_WIDTH, type Tile, tilePath, treeRoot } from '../protocol/tiles.ts';
import {
  BEFORE_ALL,
  type Head,
  insertFirstHead,
  leavesBetween,
  readHead,
  replaceCheckpoint,
  subtreesBetween,
} from './log-store.ts';
import { LogBehind, LogDamaged } from './log-tiles.ts';
import { readPublished } from './publish-head.ts';
import type { SealState } from './seal.ts';
import { adoptForeignEvents } from './sealer-store.ts';

export interface OpenLogDeps {
  /** The session that holds the sealer's lock. */
  readonly session: Queryable;
  readonly sql: Sql;
  readonly blobs: BlobStore;
  readonly readTile: ReadTile;
  readonly now: () => Date;
  readonly sign: (size: number, root: Uint8Array) => Promise<string>;
  /** Whether today's log key signed this checkpoint. */
  readonly isOurs: (checkpoint: string) => boolean;
}

const firstHead = async (the: OpenLogDeps): Promise<Head> => {
  const checkpoint = await the.sign(0, EMPTY_ROOT);
  await insertFirstHead(the.session, {
    size: 0,
    root: EMPTY_ROOT,
    checkpoint,
    last: BEFORE_ALL,
    sealedAt: the.now(),
  });
  const head = await readHead(the.session);
  if (head === undefined) throw new Error('the head of the log is gone right after it was made');
  return head;
};

/** After a change of the log key the same head is signed anew, so that clients who know only the new key believe it. */
const underTodaysKey = async (the: OpenLogDeps, head: Head): Promise<Head> => {
  if (the.isOurs(head.checkpoint)) return head;
  const checkpoint = await the.sign(head.size, head.root);
  if (!(await replaceCheckpoint(the.session, head, checkpoint)))
    throw new LogDamaged('The head of the log moved while it was opened.');
  return { ...head, checkpoint };
};

/** A database that was set back would have us serve and sign what contradicts heads that others have seen. */
const requireNotBehind = (published: Checkpoint | undefined, head: Head): void => {
  if (published === undefined || published.size <= head.size) return;
  throw new LogBehind(
    `The database is older than the log in the blob store: it holds ${head.size} entries, and ${published.size} are published.`,
    { database: head.size, published: published.size },
  );
};

/** A blob store of another log must not become the past of this one. */
const requireSameHistory = async (
  { readTile }: OpenLogDeps,
  published: Checkpoint | undefined,
  head: Head,
): Promise<void> => {
  if (published === undefined) return;
  const root = published.size === head.size ? head.root : await treeRoot(published.size, readTile);
  if (equalBytes(root, published.root)) return;
  throw new LogDamaged('The log in the blob store is not the one in the database.', {
    database: head.size,
    published: published.size,
  });
};

/** Two processes with one database and two stores would each hold half of the log. */
const requireSameStore = async (the: OpenLogDeps, { size }: Head): Promise<void> => {
  const index = Math.floor(size / TILE_WIDTH) - 1;
  if (index < 0) return;
  const tile: Tile = { level: 0, index, width: TILE_WIDTH };
  const [expected] = await subtreesBetween(the.session, 1, index, index + 1);
  const found = rootOf(hashesOf(tile, await the.readTile(tile)));
  if (expected !== undefined && equalBytes(found, expected)) return;
  throw new LogDamaged(`The blob store holds another ${tilePath(tile)} than the database.`, { size });
};

/** @throws LogDamaged where the head does not follow from the rows and objects it stands on */
export const openLog = async (the: OpenLogDeps): Promise<SealState> => {
  // Read before the head, which only grows: a sealer that is just losing its lock may publish in between.
  const published = await readPublished(the.blobs);
  const found = (await readHead(the.session)) ?? (await firstHead(the));
  const adopted = await adoptForeignEvents(the.session);
  const stored = adopted ? ((await readHead(the.session)) ?? found) : found;
  const { size, root } = stored;
  requireNotBehind(published, stored);
  const edge = await edgeFrom(size, the.readTile);
  if (!equalBytes(edgeRoot(edge), root))
    throw new LogDamaged('The rows of the log do not hash to its head.', { size });
  await requireSameStore(the, stored);
  await requireSameHistory(the, published, stored);
  const head = await underTodaysKey(the, stored);
  const start = size - (size % TILE_WIDTH);
  return { head, edge, bundle: await leavesBetween(the.sql, start, size) };
};
