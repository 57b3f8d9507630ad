// What differs between two versions of a base, by comparing their trees: page by page, with the proof that this is all.
import type { Queryable } from '../../database/connect.ts';
import { admission } from '../../http/admission.ts';
import type { Cid } from '../../protocol/cid.ts';
import { ContentError } from '../../protocol/content-errors.ts';
import { fault } from '../../protocol/faults.ts';
import type { BaseId, Selector } from '../../protocol/knowledge/ids.ts';
import { hashOfList } from '../../protocol/knowledge/retrieved.ts';
import { compareAsBytes, type KnowledgePath } from '../../protocol/knowledge-path.ts';
import { type Difference, diffTrees } from '../../protocol/merkle-tree/diff.ts';
import type { BlockSource } from '../../protocol/merkle-tree/place.ts';
import { KNOWLEDGE_TREE } from '../../protocol/merkle-tree/profile.ts';
import { proveDiff, type TreeProof } from '../../protocol/merkle-tree/proof.ts';
import { entriesAtPaths, type ListedEntry } from '../versions/entry-store.ts';
import { entryBlocks, type ProvenEntries, requireAgreement } from './entries.ts';
import { type Look, type ReadVersion, requireReadable } from './retrieval.ts';
import { versionsFor } from './retrieval-store.ts';

export type DiffRequest = {
  readonly kind: 'diff';
  readonly other: Selector;
  /** The other version as it was asked for. */
  readonly other_selector: Selector;
  readonly after: string;
  readonly limit: number;
  readonly proof: boolean;
};

export interface ListedDifference {
  readonly path: KnowledgePath;
  readonly before: ListedEntry | null;
  readonly after: ListedEntry | null;
}

export interface GivenDiff {
  readonly to: ReadVersion;
  readonly differences: readonly ListedDifference[];
  readonly next: KnowledgePath | null;
  /** Of everything that differs, whatever page this is. */
  readonly proof: ProvenEntries | undefined;
}

export interface DiffDeps {
  readonly db: Queryable;
  readonly blocks: BlockSource;
  /** How much is compared at most; the usual unless told. */
  readonly diffLimits?: DiffSizes;
}

/** Blocks in which two trees differ, both together. */
export interface DiffSizes {
  /** More is held in memory for nobody. */
  readonly compared: number;
  /** An answer carries these. */
  readonly proven: number;
}

const USUAL_SIZES: DiffSizes = { compared: 20_000, proven: 4_000 };

const versionsOf = async (the: DiffDeps, base: BaseId, from: Selector, to: Selector) => {
  const found = await versionsFor(the.db, base, [from, to]);
  return [requireReadable(base, from, found[0]), requireReadable(base, to, found[1])] as const;
};

interface Compared {
  readonly differences: readonly Difference[];
  readonly nodes: TreeProof | undefined;
}

const compare = async (the: DiffDeps, from: Cid, to: Cid, proof: boolean): Promise<Compared> => {
  const reader = { profile: KNOWLEDGE_TREE, blocks: the.blocks };
  const { compared, proven: most } = the.diffLimits ?? USUAL_SIZES;
  const maxBlocks = proof ? most : compared;
  try {
    if (!proof) return { differences: await diffTrees(reader, from, to, { maxBlocks }), nodes: undefined };
    const proven = await proveDiff(reader, from, to, { maxBlocks });
    return { differences: proven.value, nodes: proven.proof };
  } catch (error) {
    if (error instanceof ContentError && error.code === 'diff_too_large')
      throw fault('diff_too_large', { limit: maxBlocks });
    throw error;
  }
};

/** What the table has for one side of some differences, held against what the tree has. */
const listed = async (
  the: DiffDeps,
  version: ReadVersion,
  side: readonly { readonly path: KnowledgePath; readonly value: Cid | null }[],
): Promise<ReadonlyMap<KnowledgePath, ListedEntry>> => {
  const there = side.filter(({ value }) => value !== null);
  const paths = there.map(({ path }) => path);
  const rows = await entriesAtPaths(the.db, version.base, version.seq, paths);
  const byPath = new Map(rows.map((row) => [row.path, row]));
  const inOrder = paths.flatMap((path) => byPath.get(path) ?? []);
  requireAgreement(version, inOrder, there);
  return byPath;
};

const describe = async (
  the: DiffDeps,
  from: ReadVersion,
  to: ReadVersion,
  page: readonly Difference[],
): Promise<readonly ListedDifference[]> => {
  const older = await listed(
    the,
    from,
    page.map(({ path, before }) => ({ path, value: before })),
  );
  const newer = await listed(
    the,
    to,
    page.map(({ path, after }) => ({ path, value: after })),
  );
  return page.map(({ path }) => ({
    path,
    before: older.get(path) ?? null,
    after: newer.get(path) ?? null,
  }));
};

const proofOf = async (
  the: DiffDeps,
  nodes: TreeProof | undefined,
  differences: readonly ListedDifference[],
): Promise<ProvenEntries | undefined> => {
  if (nodes === undefined) return undefined;
  const entries = differences.flatMap(({ before, after }) => [before, after]);
  const cids = entries.flatMap((entry) => (entry === null ? [] : [entry.entry]));
  return { nodes, entries: await entryBlocks(the.blocks, cids) };
};

const givenSide = ({ path, before, after }: ListedDifference) => {
  const side = after ?? before;
  return side === null ? [] : [{ path, blob: side.blob }];
};

/** Each comparison may hold all of its blocks in memory. */
const MOST_AT_ONCE = 4;

/** @throws Fault version_not_found, diff_too_large, busy */
export const lookAtDifferences = (the: DiffDeps): Look<DiffRequest, GivenDiff> => {
  const admit = admission({ most: MOST_AT_ONCE, mostOfOne: MOST_AT_ONCE });
  return async (base, selector, request) => {
    const [from, to] = await versionsOf(the, base, selector, request.other);
    const { differences, nodes } = await admit(undefined, () =>
      compare(the, from.content, to.content, request.proof),
    );
    const rest = differences.filter(({ path }) => compareAsBytes(path, request.after) > 0);
    const page = await describe(the, from, to, rest.slice(0, request.limit));
    const next = rest.length > page.length ? (page.at(-1)?.path ?? null) : null;
    const proof = await proofOf(the, nodes, page);
    return {
      version: from,
      hash: hashOfList(page.flatMap(givenSide)),
      entries: page.length,
      bytes: 0,
      resolved: { ...request, other: to.id },
      given: { to, differences: page, next, proof },
    };
  };
};
