// Holds entries of a tree against their rows in the index: the same at each path, and what the row says is in the block.
import type { Tx } from '../../database/connect.ts';
import { type Cid, cidOf, cidOfDigest } from '../../protocol/cid.ts';
import { ContentError } from '../../protocol/content-errors.ts';
import { decodeEntry, type Entry } from '../../protocol/knowledge/entry.ts';
import { foldPath, type KnowledgePath } from '../../protocol/knowledge-path.ts';
import type { IndexRow } from '../content-store.ts';
import type { Report } from '../report.ts';
import { type BlocksByName, readBlocks } from '../stored-blocks.ts';
import { difference } from './told.ts';

/** What the tree has at a path, and what the index has; undefined where one of them has nothing. */
export interface Pair {
  readonly path: string;
  readonly cid: Cid | undefined;
  readonly row: IndexRow | undefined;
}

/** How many entries a tree has, and how many bytes their documents. */
export interface Sum {
  readonly entries: number;
  readonly bytes: number;
}

export interface EntriesDeps {
  readonly tx: Tx;
  readonly report: Report;
}

type Version = { readonly name: string };

/** Undefined where the block is not there, or not what its name says. */
const entryIn = (
  { report }: EntriesDeps,
  { name }: Version,
  { path, cid }: { readonly path: string; readonly cid: Cid },
  blocks: BlocksByName,
): Entry | undefined => {
  const about = `${name} ${cid}`;
  const bytes = blocks.get(cid);
  if (bytes === undefined) return report.add('block_missing', about, { found: path });
  const found = cidOf('dag-cbor', bytes);
  if (found !== cid) return report.add('block_differs', about, { expected: path, found });
  try {
    return decodeEntry(bytes);
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    return report.add('block_differs', about, { expected: path, found: error.code });
  }
};

const rowSays = (row: IndexRow) => ({
  entry: cidOfDigest('dag-cbor', row.entry),
  fold: row.fold,
  blob: cidOfDigest('raw', row.blob),
  size: row.size,
  media_type: row.media_type,
});

/** What the row has to say of an entry. */
const entrySays = (cid: Cid, path: string, { blob, size, mediaType }: Entry) => ({
  entry: cid,
  fold: foldPath(path as KnowledgePath),
  blob,
  size,
  media_type: mediaType,
});

const checkPair = (
  the: EntriesDeps,
  version: Version,
  { path, cid, row }: Pair,
  blocks: BlocksByName,
): number => {
  const { report } = the;
  const about = `${version.name} ${path}`;
  if (cid === undefined) {
    if (row !== undefined) report.add('entries_differ', about, { expected: null, found: rowSays(row) });
    return 0;
  }
  const entry = entryIn(the, version, { path, cid }, blocks);
  if (row === undefined) report.add('entries_differ', about, { expected: cid, found: null });
  else {
    const expected = entry === undefined ? { ...rowSays(row), entry: cid } : entrySays(cid, path, entry);
    const evidence = difference(expected, rowSays(row));
    if (evidence !== undefined) report.add('entries_differ', about, evidence);
  }
  return entry?.size ?? row?.size ?? 0;
};

const namedIn = (pairs: readonly Pair[]): readonly Cid[] =>
  pairs.flatMap(({ cid }) => (cid === undefined ? [] : [cid]));

/** How much of it the tree has. */
export const checkEntries = async (
  the: EntriesDeps,
  version: Version,
  pairs: readonly Pair[],
): Promise<Sum> => {
  const named = namedIn(pairs);
  const blocks = await readBlocks(the.tx, [...new Set(named)]);
  const bytes = pairs.reduce((sum, pair) => sum + checkPair(the, version, pair, blocks), 0);
  return { entries: named.length, bytes };
};

const sizeIn = (cid: Cid, row: IndexRow | undefined, blocks: BlocksByName): number => {
  try {
    return decodeEntry(blocks.get(cid) ?? new Uint8Array()).size;
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    return row?.size ?? 0;
  }
};

/** The same where only the places are held against each other: what stands there is checked where it ends. */
export const weighEntries = async (
  { tx, report }: EntriesDeps,
  { name }: Version,
  pairs: readonly Pair[],
): Promise<Sum> => {
  const named = namedIn(pairs);
  const blocks = await readBlocks(tx, [...new Set(named)]);
  let bytes = 0;
  for (const { path, cid, row } of pairs) {
    if ((cid === undefined) !== (row === undefined))
      report.add('entries_differ', `${name} ${path}`, {
        expected: cid ?? null,
        found: row?.from_seq ?? null,
      });
    if (cid !== undefined) bytes += sizeIn(cid, row, blocks);
  }
  return { entries: named.length, bytes };
};
