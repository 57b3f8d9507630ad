// One turn of a base: of all who wait for it, as many contributions as can become its next versions in one transaction.
import { requireAllInForce } from '../../access/workforces/in-force-store.ts';
import { isUndone } from '../../database/share.ts';
import { isUnavailable, mayBeRepeated } from '../../database/transaction.ts';
import { fault } from '../../protocol/faults.ts';
import type { Block } from '../../protocol/merkle-tree/growing.ts';
import { type Answered, lostToItself, type Recorded } from '../events/record.ts';
import type { AcceptedOutcome, Asked } from './acceptance.ts';
import type { CommitChain, LinkAnswer } from './acceptance-store.ts';
import { type Asking, type Chain, type ChainDeps, type Chained, makeChain } from './chain.ts';
import { Overtaken } from './rebase.ts';
import type { TakeTurn } from './turns.ts';

export interface TurnDeps extends ChainDeps {
  readonly answered: Answered;
  readonly commitChain: CommitChain;
  readonly keepBlocks: (blocks: readonly Block[]) => void;
  readonly announce: (base: string) => void;
}

const TRIES = 8;

/** Each contribution once; fewer whenever somebody came in between, since what takes long is overtaken more often. */
const chosen = (all: readonly Asking[]): readonly Asking[] => {
  const tries = Math.max(...all.map(({ asked }) => asked.tries));
  const most = all[0]?.asked.alone === true ? 1 : Math.ceil(all.length / 2 ** tries);
  const firsts = new Map<string, Asking>();
  for (const each of all.slice(0, most)) {
    const { id } = each.asked.acceptance;
    if (!firsts.has(id)) firsts.set(id, each);
  }
  return [...firsts.values()];
};

/** Of several attempts under one key only the first is carried out, whatever the others come to. */
const refuse = async (the: TurnDeps, { asked, resolve, reject }: Asking, error: unknown): Promise<void> => {
  try {
    const known = lostToItself(error) ? await the.answered<AcceptedOutcome>(asked.attempt) : undefined;
    if (known === undefined) reject(error);
    else resolve(known);
  } catch (conflict) {
    reject(conflict);
  }
};

/** Those that were not answered before. */
const unanswered = async (the: TurnDeps, all: readonly Asking[]): Promise<readonly Asking[]> => {
  const asked = all.map(async (each): Promise<readonly Asking[]> => {
    try {
      const known = await the.answered<AcceptedOutcome>(each.asked.attempt);
      if (known === undefined) return [each];
      each.resolve(known);
    } catch (error) {
      each.reject(error);
    }
    return [];
  });
  return (await Promise.all(asked)).flat();
};

const again = (asking: Asking, change: Partial<Asked>): Asking => ({
  ...asking,
  asked: { ...asking.asked, ...change },
});

/** Whoever was overtaken decides again, so often as there is hope. */
const overtaken = (asking: Asking): readonly Asking[] => {
  const tries = asking.asked.tries + 1;
  if (tries < TRIES) return [again(asking, { tries })];
  asking.reject(fault('base_busy', { contribution_id: asking.asked.acceptance.id }));
  return [];
};

const refuseAll = async (the: TurnDeps, refused: Chain['refused']): Promise<readonly Asking[]> => {
  const back = refused.map(async ({ asking, error }) => {
    if (error instanceof Overtaken) return overtaken(asking);
    await refuse(the, asking, error);
    return [];
  });
  return (await Promise.all(back)).flat();
};

const recordedOf = ({ outcome, rows }: Chained['link']): Recorded<AcceptedOutcome> => ({
  outcome,
  status: 200,
  event: rows.records.at(-1)?.event,
  repeated: false,
});

const celebrate = (the: TurnDeps, base: string, chained: readonly Chained[]): void => {
  the.announce(base);
  the.keepBlocks(chained.flatMap(({ link }) => link.rows.blocks));
  for (const { asking, link } of chained) asking.resolve(recordedOf(link));
};

/** Where one could not be accepted the others have to be decided about again: they stand on it. */
const settle = async (
  the: TurnDeps,
  { asking, link }: Chained,
  answer: LinkAnswer | undefined,
): Promise<readonly Asking[]> => {
  if (answer === undefined) throw new Error('the database did not say what became of a contribution');
  try {
    if (link.rows.standing !== null) requireAllInForce(answer, link.rows.standing.by);
  } catch (error) {
    await refuse(the, asking, error);
    return [];
  }
  return overtaken(asking);
};

/** What nobody can tell whose fault it is each of them tries alone. */
const failed = async (
  the: TurnDeps,
  chained: readonly Chained[],
  error: unknown,
): Promise<readonly Asking[]> => {
  const all = chained.map(({ asking }) => asking);
  if (mayBeRepeated(error)) return all.flatMap(overtaken);
  if (all.length > 1 && isUndone(error) && !isUnavailable(error))
    return all.map((each) => again(each, { alone: true }));
  for (const each of all) await refuse(the, each, error);
  return [];
};

const commit = async (
  the: TurnDeps,
  base: string,
  chained: readonly Chained[],
): Promise<readonly Asking[]> => {
  if (chained.length === 0) return [];
  let answers: ReadonlyMap<string, LinkAnswer>;
  try {
    // The point of no return is the end of this statement: all versions of the chain are there then, or none of them is.
    answers = await the.commitChain(chained.map(({ link }) => link.rows));
  } catch (error) {
    return failed(the, chained, error);
  }
  if ([...answers.values()].every(({ done }) => done)) {
    celebrate(the, base, chained);
    return [];
  }
  const back = chained.map((each) => settle(the, each, answers.get(each.link.rows.contribution.id)));
  return (await Promise.all(back)).flat();
};

/** What was refused for what stands is told when it is known; everything else when it is true. */
export const takeTurn =
  (the: TurnDeps): TakeTurn<Asked, Recorded<AcceptedOutcome>> =>
  async (base, all) => {
    const first = chosen(all);
    const later = all.filter((each) => !first.includes(each));
    const { chained, refused, left } = await makeChain(the, await unanswered(the, first));
    const busy = await refuseAll(the, refused);
    const back = await commit(the, base, chained);
    return [...busy, ...back, ...left, ...later];
  };
