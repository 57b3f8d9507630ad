// Makes versions of contributions that wait for one base, each on the one before it; nothing of it is true yet.
import { fault } from '../../protocol/faults.ts';
import { erasuresAmong } from '../documents/erase-store.ts';
import { erasedFault } from '../documents/erased.ts';
import type { Recorded } from '../events/record.ts';
import { entriesAround, foldsOf, withBlocks } from '../versions/apply.ts';
import type { ListedEntry } from '../versions/entry-store.ts';
import type { AcceptedOutcome, Asked, Prepared, Standpoint } from './acceptance.ts';
import { type CommitDeps, type Link, linkOf } from './commit-acceptance.ts';
import { deliberate } from './deliberate.ts';
import { type NextVersionDeps, nextVersion } from './next-version.ts';
import { type RebaseDeps, rebaseContribution } from './rebase.ts';
import type { FindSituations, FoundSituation } from './situation-store.ts';
import type { Waiting } from './turns.ts';

export interface ChainDeps extends NextVersionDeps, RebaseDeps, CommitDeps {
  readonly findSituations: FindSituations;
}

export type Asking = Waiting<Asked, Recorded<AcceptedOutcome>>;

/** A version on its way, and who asked for it. */
export interface Chained {
  readonly asking: Asking;
  readonly link: Link;
}

/** Who is refused for what stands, who goes on, and who has to see first what becomes of those. */
export interface Chain {
  readonly chained: readonly Chained[];
  readonly refused: readonly { readonly asking: Asking; readonly error: unknown }[];
  readonly left: readonly Asking[];
}

/** What one transaction changes at most, unless one contribution alone changes more. */
const MOST_CHANGES = 1_000;

/** What was erased since it was proposed comes in by no other way again. @throws Fault content_erased */
const requireThere = async (the: ChainDeps, { base, revision }: FoundSituation): Promise<void> => {
  const documents = revision.changes.flatMap((change) => (change.op === 'put' ? [change.entry.blob] : []));
  const [erased] = await erasuresAmong(the.sql, base.id, documents);
  if (erased !== undefined) throw erasedFault(erased);
};

interface Looked {
  readonly asking: Asking;
  readonly found: FoundSituation | undefined;
  /** What stands in the current version where it changes something. */
  readonly around: readonly ListedEntry[];
}

const look = async (the: ChainDeps, all: readonly Asking[]): Promise<readonly Looked[]> => {
  const situations = await the.findSituations(all.map(({ asked }) => asked.acceptance.id));
  return Promise.all(
    all.map(async (asking) => {
      const found = situations.get(asking.asked.acceptance.id);
      if (found === undefined) return { asking, found, around: [] };
      const { base, current, revision } = found;
      return { asking, found, around: await entriesAround(the, base.id, current, revision.changes) };
    }),
  );
};

/** @throws Fault of the first unmet gate, with all of them in its details; contribution_not_found, invalid_transition */
const prepare = async (
  the: ChainDeps,
  { asking: { asked }, found, around }: Looked,
  at: Standpoint | undefined,
): Promise<Prepared> => {
  const { attempt, acceptance, tries } = asked;
  if (found === undefined) throw fault('contribution_not_found', { contribution_id: acceptance.id });
  // Something came in between, which may have been an erasure.
  if (tries > 0) await requireThere(the, found);
  const stands = at ?? { base: found.base, ground: found.current, newest: found.newest };
  const { found: decided, refusal } = deliberate(acceptance, found, stands, the.now());
  if (refusal !== undefined && decided.rebasedFrom !== null && at === undefined)
    await rebaseContribution(the, attempt, acceptance.deciding, decided);
  if (refusal !== undefined) throw refusal;
  const { base, ground, newest, contribution, revision } = decided;
  return { ...decided, next: await nextVersion(the, base, ground, newest, contribution, revision, around) };
};

/** Where the base stands once a version is current. */
const behind = ({ base, next: { version } }: Prepared, { rows: { accepted, move } }: Link): Standpoint => {
  const { id, seq, content, entries, bytes } = version;
  const ground = { id, seq, content, entries, bytes };
  const moved = {
    current: id,
    generation: base.generation + 1,
    pointerEvent: move?.eventId ?? accepted.lastEvent,
  };
  return { base: { ...base, ...moved, lastSeq: seq }, ground, newest: ground };
};

/** What a chain has come to. */
interface Growing {
  readonly chained: Chained[];
  readonly refused: Chain['refused'][number][];
  readonly left: Asking[];
  /** Undefined while nobody goes on: then the base stands where it was found. */
  at: Standpoint | undefined;
  /** Of all paths that somebody before touched. */
  readonly folds: Set<string>;
  changes: number;
  /** Whether nobody else can go on, since the pointer stays. */
  closed: boolean;
}

/** What was looked up holds for whoever touches nothing that somebody before him did. */
const mayJoin = ({ at, folds, changes, closed }: Growing, { asking, found }: Looked): boolean => {
  if (at === undefined || found === undefined) return at === undefined;
  const { revision } = found;
  if (closed || asking.asked.acceptance.shadow || changes + revision.changes.length > MOST_CHANGES)
    return false;
  return foldsOf(revision.changes).every((fold) => !folds.has(fold));
};

const join = (growing: Growing, asking: Asking, prepared: Prepared, link: Link): void => {
  growing.chained.push({ asking, link });
  growing.at = behind(prepared, link);
  growing.closed = asking.asked.acceptance.shadow;
  growing.changes += prepared.next.index.length;
  for (const fold of foldsOf([...prepared.next.index, ...prepared.revision.changes])) growing.folds.add(fold);
};

const add = async (the: ChainDeps, growing: Growing, looked: Looked): Promise<void> => {
  const { asking } = looked;
  if (!mayJoin(growing, looked)) return void growing.left.push(asking);
  const blocks = growing.chained.flatMap(({ link }) => link.rows.blocks);
  const own = { ...the, blocks: withBlocks(blocks, the.blocks) };
  try {
    const prepared = await prepare(own, looked, growing.at);
    join(growing, asking, prepared, linkOf(the, asking.asked, prepared));
  } catch (error) {
    // Nobody is refused for what may never come true.
    if (growing.at === undefined) growing.refused.push({ asking, error });
    else growing.left.push(asking);
  }
};

/** The first of those who wait is always refused or goes on. */
export const makeChain = async (the: ChainDeps, all: readonly Asking[]): Promise<Chain> => {
  const growing: Growing = {
    chained: [],
    refused: [],
    left: [],
    at: undefined,
    folds: new Set(),
    changes: 0,
    closed: false,
  };
  for (const looked of await look(the, all)) await add(the, growing, looked);
  return growing;
};
