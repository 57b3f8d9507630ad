// Makes blocks of a tree again from the index of entries, which proves itself: equal entries have one tree, and one name.
import type { Sql } from '../../database/connect.ts';
import { type Cid, cidOf, cidOfDigest, digestOfCid } from '../../protocol/cid.ts';
import { ContentError } from '../../protocol/content-errors.ts';
import { type Entry, encodeEntry } from '../../protocol/knowledge/entry.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import type { KnowledgePath } from '../../protocol/knowledge-path.ts';
import { type Block, growTree } from '../../protocol/merkle-tree/growing.ts';
import { KNOWLEDGE_TREE } from '../../protocol/merkle-tree/profile.ts';
import { type IndexRow, indexAt } from '../content-store.ts';
import { changesAt, versionWithId, writeBlock } from '../mending-store.ts';
import { inBatches, rowsBehind } from '../pages.ts';
import { readBlocks } from '../stored-blocks.ts';
import type { MendDeps } from './mend.ts';

const AT_ONCE = 256;

const isWhole = (cid: Cid, bytes: Uint8Array | undefined): boolean =>
  bytes !== undefined && cidOf('dag-cbor', bytes) === cid;

/** Writes those that are not there, or not what their names say. */
const writeMissing = async ({ sql, tell }: MendDeps, blocks: readonly Block[]): Promise<void> => {
  const names = blocks.map(({ cid }) => cid);
  const found = await readBlocks(sql, names);
  for (const block of blocks.filter(({ cid }) => !isWhole(cid, found.get(cid)))) {
    await writeBlock(sql, digestOfCid(block.cid), block);
    tell(`block ${block.cid}: written again`);
  }
};

/** Undefined where the entry has another name, or is none: nobody has read it since it was stored. */
const encoded = (entry: Entry, cid: Cid): Block | undefined => {
  try {
    const bytes = encodeEntry(entry);
    return isWhole(cid, bytes) ? { cid, bytes } : undefined;
  } catch {
    return undefined;
  }
};

const plainEntry = (row: IndexRow): Entry => ({
  blob: cidOfDigest('raw', row.blob),
  size: row.size,
  mediaType: row.media_type,
  meta: {},
});

const entryOf = (change: unknown): readonly Entry[] =>
  typeof change === 'object' && change !== null && 'entry' in change ? [change.entry as Entry] : [];

/** The index does not say all of an entry: the rest stands in the revision that put it. */
const entryBlock = async (sql: Sql, base: BaseId, row: IndexRow, cid: Cid): Promise<Block | undefined> => {
  const plain = encoded(plainEntry(row), cid);
  if (plain !== undefined) return plain;
  const entries = (await changesAt(sql, base, row.path)).flatMap(entryOf);
  return entries.map((entry) => encoded(entry, cid)).find((block) => block !== undefined);
};

const indexOf = (sql: Sql, base: BaseId, seq: number) =>
  inBatches(
    rowsBehind<IndexRow, Pick<IndexRow, 'path' | 'from_seq'>>(
      { path: '', from_seq: 0 },
      (after) => indexAt(sql, base, seq, after),
      (row) => row,
    ),
    AT_ONCE,
  );

const nameOf = ({ entry }: IndexRow): Cid => cidOfDigest('dag-cbor', entry);

const mendEntries = async (the: MendDeps, base: BaseId, seq: number): Promise<void> => {
  for await (const rows of indexOf(the.sql, base, seq)) {
    const found = await readBlocks(the.sql, rows.map(nameOf));
    for (const row of rows.filter((each) => !isWhole(nameOf(each), found.get(nameOf(each))))) {
      const block = await entryBlock(the.sql, base, row, nameOf(row));
      if (block !== undefined) await writeMissing(the, [block]);
    }
  }
};

/** Hands each node of the tree that the index makes to `put`, some at a time; the name of its root. */
const growFrom = async (
  sql: Sql,
  base: BaseId,
  seq: number,
  put: (nodes: readonly Block[]) => Promise<void>,
): Promise<Cid> => {
  const done: Block[] = [];
  const tree = growTree(KNOWLEDGE_TREE, (block) => done.push(block));
  for await (const rows of indexOf(sql, base, seq)) {
    for (const row of rows) tree.add({ path: row.path as KnowledgePath, value: nameOf(row) });
    await put(done.splice(0));
  }
  const root = tree.finish();
  await put(done);
  return root;
};

const mendNodes = async (the: MendDeps, base: BaseId, seq: number, content: Cid): Promise<void> => {
  const root = await growFrom(the.sql, base, seq, async () => undefined).catch((error: unknown) => {
    if (error instanceof ContentError) return undefined;
    throw error;
  });
  // Only an index that makes the very tree is believed to make its nodes.
  if (root === content) await growFrom(the.sql, base, seq, (nodes) => writeMissing(the, nodes));
};

/** `<base>@<version> <block>`, as blocks are named in findings. */
const versionsIn = ({ report }: MendDeps): ReadonlySet<string> =>
  new Set(
    report
      .findings()
      .filter(({ code }) => code === 'block_missing' || code === 'block_differs')
      .map(({ about }) => about.split(' ')[0] ?? ''),
  );

export const mendBlocks = async (the: MendDeps): Promise<void> => {
  for (const name of versionsIn(the)) {
    const [base, id = ''] = name.split('@') as [BaseId, string?];
    const version = await versionWithId(the.sql, base, id);
    if (version === undefined) continue;
    await mendEntries(the, base, version.seq);
    await mendNodes(the, base, version.seq, version.content);
  }
};
