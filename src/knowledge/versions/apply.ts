// What a base looks like with some changes made: the new tree, its blocks, and what its index has to learn.

import type { Sql } from '../../database/connect.ts';
import type { Cid } from '../../protocol/cid.ts';
import { ContentError } from '../../protocol/content-errors.ts';
import { type Fault, fault } from '../../protocol/faults.ts';
import type { KnowledgeChange } from '../../protocol/knowledge/changes.ts';
import { decodeEntry, type Entry, encodeEntry, entryCid } from '../../protocol/knowledge/entry.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import { compareAsBytes, foldPath, type KnowledgePath } from '../../protocol/knowledge-path.ts';
import { diffTrees } from '../../protocol/merkle-tree/diff.ts';
import { editTree } from '../../protocol/merkle-tree/edit.ts';
import type { Block } from '../../protocol/merkle-tree/growing.ts';
import { buildTree } from '../../protocol/merkle-tree/merkle-tree.ts';
import type { BlockSource, KnownNodes } from '../../protocol/merkle-tree/place.ts';
import { KNOWLEDGE_TREE } from '../../protocol/merkle-tree/profile.ts';
import type { FindFolds, ListedEntry } from './entry-store.ts';
import type { EntryChange } from './row-texts.ts';
import type { VersionRecord } from './version.ts';

export interface ApplyDeps {
  readonly sql: Sql;
  readonly findFolds: FindFolds;
  readonly blocks: BlockSource;
  /** Nodes that were read before. */
  readonly known?: KnownNodes;
}

/** A version that changes are made to; undefined for a base that has none yet. */
export type Ground = Pick<VersionRecord, 'id' | 'seq' | 'content' | 'entries' | 'bytes'> | undefined;

export interface Applied {
  readonly content: Cid;
  readonly entries: number;
  readonly bytes: number;
  /** What no version before has, as far as it is known: nodes and entries. */
  readonly blocks: readonly Block[];
  /** Against the ground. */
  readonly changes: readonly EntryChange[];
}

const EMPTY = [...buildTree(KNOWLEDGE_TREE, [])] as readonly Block[];
const EMPTY_ROOT = (EMPTY[0] as Block).cid;

/** Blocks that are about to be stored come before those that are. */
export const withBlocks = (blocks: readonly Block[], below: BlockSource): BlockSource => {
  const own = new Map(blocks.map(({ cid, bytes }) => [cid, bytes]));
  return { get: async (cid) => own.get(cid) ?? below.get(cid) };
};

const invalid = (problem: string, details: object, message: string): Fault =>
  fault('contribution_invalid', { problem, ...details }, message);

const requireDistinct = (changes: readonly KnowledgeChange[]): void => {
  const paths = changes.map(({ path }) => path).sort(compareAsBytes);
  const twice = paths.find((path, at) => path === paths[at + 1]);
  if (twice !== undefined)
    throw invalid('change_twice', { path: twice }, 'Two changes are to the same path.');
};

/** No two paths of a version may differ only in case: many file systems would take them for one. */
const requireNoClash = (changes: readonly KnowledgeChange[], there: readonly ListedEntry[]): void => {
  const puts = changes.filter(({ op }) => op === 'put').map(({ path }) => path);
  const gone = new Set<string>(changes.filter(({ op }) => op === 'delete').map(({ path }) => path));
  const folds = new Map(puts.map((path) => [foldPath(path), path]));
  if (folds.size < puts.length) {
    const paths = puts.filter((path) => folds.get(foldPath(path)) !== path);
    throw invalid('path_clash', { paths }, 'Paths differ only in case.');
  }
  const clashes = there.filter(({ path }) => !gone.has(path) && (folds.get(foldPath(path)) ?? path) !== path);
  const [clash] = clashes;
  if (clash === undefined) return;
  const details = { path: folds.get(foldPath(clash.path)), with: clash.path };
  throw invalid('path_clash', details, `${clash.path} differs from it only in case.`);
};

const requireThere = (
  changes: readonly KnowledgeChange[],
  before: ReadonlyMap<string, ListedEntry>,
): void => {
  const missing = changes
    .filter(({ op, path }) => op === 'delete' && !before.has(path))
    .map(({ path }) => path);
  if (missing.length > 0)
    throw invalid(
      'delete_of_nothing',
      { paths: missing.slice(0, 64) },
      'What is not there cannot be deleted.',
    );
};

const knownOf = ({ known }: ApplyDeps) => (known === undefined ? {} : { known });

const edited = async (the: ApplyDeps, ground: Ground, changes: readonly EntryChange[]) => {
  const root = ground?.content ?? EMPTY_ROOT;
  const reader = { profile: KNOWLEDGE_TREE, blocks: withBlocks(EMPTY, the.blocks), ...knownOf(the) };
  const values = changes.map(({ path, entry }) => ({ path, value: entry === null ? null : entryCid(entry) }));
  try {
    return await editTree(reader, root, values);
  } catch (error) {
    if (error instanceof ContentError && error.code === 'node_too_large')
      throw invalid(error.code, error.details, 'These paths crowd one node of the tree: choose other names.');
    throw error;
  }
};

const entryBlocks = (changes: readonly EntryChange[]): readonly Block[] =>
  changes.flatMap(({ entry }) =>
    entry === null ? [] : [{ cid: entryCid(entry), bytes: encodeEntry(entry) }],
  );

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

/** Of all paths that changes are to. */
export const foldsOf = (changes: readonly { readonly path: KnowledgePath }[]): readonly string[] => [
  ...new Set(changes.map(({ path }) => foldPath(path))),
];

/** What stands in a version at the paths that changes are to, and at those that differ from them only in case. */
export const entriesAround = (
  the: Pick<ApplyDeps, 'findFolds'>,
  base: BaseId,
  ground: Ground,
  changes: readonly KnowledgeChange[],
): Promise<readonly ListedEntry[]> =>
  ground === undefined || changes.length === 0
    ? Promise.resolve([])
    : the.findFolds({ base, seq: ground.seq, folds: foldsOf(changes) });

/**
 * @param found what `entriesAround` says of the ground
 * @throws Fault contribution_invalid (a path twice, clashing with another, or crowding a node; a delete of what is not
 *   there) or no_change
 */
export const applyChanges = async (
  the: ApplyDeps,
  ground: Ground,
  wanted: readonly KnowledgeChange[],
  found: readonly ListedEntry[],
): Promise<Applied> => {
  requireDistinct(wanted);
  requireNoClash(wanted, found);
  const before = new Map<string, ListedEntry>(found.map((entry) => [entry.path, entry]));
  requireThere(wanted, before);
  const changes = wanted
    .map((change): EntryChange => ({ path: change.path, entry: change.op === 'put' ? change.entry : null }))
    .filter(({ path, entry }) => entry === null || before.get(path)?.entry !== entryCid(entry));
  if (changes.length === 0) throw fault('no_change', {}, 'The base has all of this already.');
  const tree = await edited(the, ground, changes);
  const touched = changes.flatMap(({ path }) => before.get(path) ?? []);
  const put = changes.flatMap(({ entry }) => entry ?? []);
  return {
    content: tree.root,
    entries: (ground?.entries ?? 0) - touched.length + put.length,
    bytes: (ground?.bytes ?? 0) - sum(touched.map(({ size }) => size)) + sum(put.map(({ size }) => size)),
    blocks: [...tree.blocks, ...entryBlocks(changes)],
    changes,
  };
};

const requireEntry = async (blocks: BlockSource, cid: Cid): Promise<Entry> => {
  const bytes = await blocks.get(cid);
  if (bytes === undefined) throw new ContentError('block_missing', { cid });
  return decodeEntry(bytes);
};

/**
 * What the index has to learn, which goes on from the newest version, whatever the new one is made from: after a
 * rollback the two are not the same.
 */
export const indexChanges = async (
  the: ApplyDeps,
  newest: Ground,
  ground: Ground,
  { content, blocks, changes }: Applied,
): Promise<readonly EntryChange[]> => {
  if (newest === undefined || newest.id === ground?.id) return changes;
  const source = withBlocks([...EMPTY, ...blocks], the.blocks);
  const reader = { profile: KNOWLEDGE_TREE, blocks: source, ...knownOf(the) };
  const differences = await diffTrees(reader, newest.content, content);
  return Promise.all(
    differences.map(async ({ path, after }) => ({
      path,
      entry: after === null ? null : await requireEntry(source, after),
    })),
  );
};
