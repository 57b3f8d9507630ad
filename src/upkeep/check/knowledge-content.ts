// Holds the index of entries against the trees of a base: the newest version whole, each older one by what differs.
import type { Tx } from '../../database/connect.ts';
import type { Cid } from '../../protocol/cid.ts';
import { ContentError } from '../../protocol/content-errors.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import { diffTrees } from '../../protocol/merkle-tree/diff.ts';
import type { BlockSource } from '../../protocol/merkle-tree/place.ts';
import { KNOWLEDGE_TREE } from '../../protocol/merkle-tree/profile.ts';
import { type Turns, turnsBetween } from '../content-store.ts';
import { inBatches } from '../pages.ts';
import type { Report } from '../report.ts';
import { blocksAhead, blocksOneByOne } from '../stored-blocks.ts';
import { checkEntries, type Sum, weighEntries } from './knowledge-entries.ts';
import { allPairs, turningPairs } from './knowledge-pairs.ts';
import { difference } from './told.ts';

/** What a version holds, as its manifest says. */
export interface Held {
  readonly name: string;
  readonly base: BaseId;
  readonly seq: number;
  readonly content: Cid;
  readonly entries: number;
  readonly bytes: number;
}

/** A version that was compared, and how much its tree really has. */
interface Compared extends Held {
  readonly sum: Sum;
}

export interface Comparing {
  readonly tx: Tx;
  readonly report: Report;
  /** The version above, where it was read to the end. */
  above: Compared | undefined;
  /** Versions that could not be. */
  unread: number;
  /** Of how many versions from this number on it was counted what begins and ends with each. */
  turns: { readonly first: number; readonly counted: ReadonlyMap<number, Turns> };
}

export const startComparing = ({ tx, report }: Pick<Comparing, 'tx' | 'report'>): Comparing => ({
  tx,
  report,
  above: undefined,
  unread: 0,
  turns: { first: Number.POSITIVE_INFINITY, counted: new Map() },
});

/** A tree that differs in more from the one above is read whole: nothing is held in memory then. */
const MAX_DIFFERING_BLOCKS = 10_000;
/** Versions share most of their blocks: what is wrong with many of them is wrong with one. */
const MOST_UNREAD = 3;
const ENTRIES_AT_ONCE = 256;

/** Tells which block was asked for last: an error about its bytes does not. */
const remembering = (blocks: BlockSource) => {
  const asked: { last?: Cid } = {};
  const get: BlockSource['get'] = (cid) => {
    asked.last = cid;
    return blocks.get(cid);
  };
  return { asked, blocks: { get } };
};

const compareWhole = async (the: Comparing, held: Held, blocks: BlockSource): Promise<Sum> => {
  const sum = { entries: 0, bytes: 0 };
  const pairs = allPairs(the.tx, blocks, held);
  for await (const batch of inBatches(pairs, ENTRIES_AT_ONCE)) {
    const found = await checkEntries(the, held, batch);
    sum.entries += found.entries;
    sum.bytes += found.bytes;
  }
  return sum;
};

const VERSIONS_AT_ONCE = 500;

/** Counted for many versions at once: each count reads the whole index of the base. */
const turnsWith = async (the: Comparing, { base, seq }: Held): Promise<Omit<Turns, 'seq'>> => {
  if (seq < the.turns.first) {
    const first = seq - VERSIONS_AT_ONCE + 1;
    const rows = await turnsBetween(the.tx, base, first, seq);
    the.turns = { first, counted: new Map(rows.map((row) => [row.seq, row])) };
  }
  const { begun = 0, ended = 0 } = the.turns.counted.get(seq) ?? {};
  return { begun, ended };
};

/** Rows of an index that begin or end with a version where its tree does not differ from the one below. */
const checkTurns = async (the: Comparing, above: Held, expected: Omit<Turns, 'seq'>): Promise<void> => {
  const evidence = difference(expected, await turnsWith(the, above));
  if (evidence !== undefined) the.report.add('entries_differ', above.name, evidence);
};

const compareByDiff = async (
  the: Comparing,
  held: Held,
  above: Compared,
  blocks: BlockSource,
): Promise<Sum> => {
  const reader = { profile: KNOWLEDGE_TREE, blocks };
  const limits = { maxBlocks: MAX_DIFFERING_BLOCKS };
  const differences = await diffTrees(reader, held.content, above.content, limits);
  const sum = { ...above.sum };
  const turns = { begun: 0, ended: 0 };
  const known = the.report.counts().get('entries_differ');
  for (let at = 0; at < differences.length; at += ENTRIES_AT_ONCE) {
    const { ended, begun } = await turningPairs(the.tx, above, differences.slice(at, at + ENTRIES_AT_ONCE));
    const [older, newer] = [await checkEntries(the, held, ended), await weighEntries(the, above, begun)];
    sum.entries += older.entries - newer.entries;
    sum.bytes += older.bytes - newer.bytes;
    turns.begun += newer.entries;
    turns.ended += older.entries;
  }
  if (the.report.counts().get('entries_differ') === known) await checkTurns(the, above, turns);
  return sum;
};

const checkSum = ({ report }: Comparing, { name, entries, bytes }: Held, sum: Sum): void => {
  if (sum.entries === entries && sum.bytes === bytes) return;
  report.add('base_version_differs', name, { expected: sum, found: { entries, bytes } });
};

const tell = (
  { report }: Comparing,
  { name }: Held,
  error: ContentError,
  last: Cid | undefined,
): undefined => {
  const { cid, expected } = error.details;
  const block = String(cid ?? (error.code === 'block_mismatch' ? expected : last));
  const code = error.code === 'block_missing' ? 'block_missing' : 'block_differs';
  return report.add(code, `${name} ${block}`, { found: error.code });
};

/** Undefined where the tree could not be read to the end. */
const reading = async (
  the: Comparing,
  held: Held,
  source: BlockSource,
  compare: (blocks: BlockSource) => Promise<Sum>,
  onError: (error: ContentError, last: Cid | undefined) => undefined,
): Promise<Compared | undefined> => {
  const { asked, blocks } = remembering(source);
  try {
    const sum = await compare(blocks);
    checkSum(the, held, sum);
    return { ...held, sum };
  } catch (error) {
    if (error instanceof ContentError) return onError(error, asked.last);
    throw error;
  }
};

const byDiff = async (the: Comparing, held: Held): Promise<Compared | undefined> => {
  const { above, tx } = the;
  if (above?.seq !== held.seq + 1) return undefined;
  // What is wrong is found, and told, by reading it whole.
  return reading(
    the,
    held,
    blocksOneByOne(tx),
    (blocks) => compareByDiff(the, held, above, blocks),
    () => undefined,
  );
};

const whole = (the: Comparing, held: Held): Promise<Compared | undefined> =>
  reading(
    the,
    held,
    blocksAhead(the.tx),
    (blocks) => compareWhole(the, held, blocks),
    (error, last) => {
      the.unread += 1;
      return tell(the, held, error, last);
    },
  );

/**
 * To be called for the versions of a base from the newest down. What both a version and the one above it have was read
 * above; and where the index agrees with the newest tree and turns with every difference, it agrees with all of them.
 */
export const compareContent = async (the: Comparing, held: Held): Promise<void> => {
  const compared = await byDiff(the, held);
  the.above = compared ?? (the.unread < MOST_UNREAD ? await whole(the, held) : undefined);
};
