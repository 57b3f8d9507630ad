// Checks the pointer of a base: an unbroken line of moves, each with its event, and the base as the last one left it.
import type { Tx } from '../../database/connect.ts';
import { type CheckedBase, type CheckedMove, movesAfter } from '../knowledge-store.ts';
import { rowsBehind } from '../pages.ts';
import type { Report } from '../report.ts';
import { difference, members, toldEvent, toldPayload } from './told.ts';

export interface PointerDeps {
  readonly tx: Tx;
  readonly report: Report;
}

/** How a move is called in findings. */
export const moveName = (base: string, generation: unknown): string =>
  `${base} generation ${String(generation)}`;

const TOLD = ['knowledge_base_id', 'from_version', 'to_version', 'generation', 'reason', 'rollback_of'];

const checkMove = ({ report }: PointerDeps, base: CheckedBase, move: CheckedMove): undefined => {
  const about = moveName(base.id, move.generation);
  if (move.event_kind !== 'KnowledgeBaseCurrentPointerMoved')
    return report.add('pointer_move_without_event', about, { expected: move.event_id });
  const { actor, at } = toldEvent(move);
  const found = {
    knowledge_base_id: base.id,
    ...members({ ...move }, TOLD.slice(1)),
    actor: move.actor,
    at: move.at.toISOString(),
  };
  const evidence = difference({ ...members(toldPayload(move), TOLD), actor, at }, found);
  if (evidence !== undefined) report.add('pointer_move_differs', about, evidence);
};

/** Over a gap nobody can tell what a move should have left. */
const checkLine = (
  { report }: PointerDeps,
  base: CheckedBase,
  move: CheckedMove,
  before: CheckedMove | undefined,
): void => {
  const next = (before?.generation ?? 0) + 1;
  for (let missing = next; missing < move.generation; missing += 1)
    report.add('pointer_move_missing', moveName(base.id, missing));
  const about = moveName(base.id, move.generation);
  const expected = before?.to_version ?? null;
  if (move.generation === next && move.from_version !== expected)
    report.add('pointer_move_differs', about, { expected, found: move.from_version });
  if (!move.known)
    report.add('pointer_move_differs', about, { expected: 'a version', found: move.to_version });
};

/** Where the pointer of a base has to stand after its last move, and how far its versions are counted. */
export const standAfter = (
  last: Pick<CheckedMove, 'to_version' | 'generation' | 'event_id'> | undefined,
  newest: number,
) => ({
  current: last?.to_version ?? null,
  generation: last?.generation ?? 0,
  pointer_event: last?.event_id ?? null,
  last_seq: newest,
});

export const checkPointer = async (the: PointerDeps, base: CheckedBase): Promise<void> => {
  let last: CheckedMove | undefined;
  const page = (after: number) => movesAfter(the.tx, base.id, after);
  for await (const move of rowsBehind(0, page, ({ generation }) => generation)) {
    checkMove(the, base, move);
    checkLine(the, base, move, last);
    last = move;
  }
  // A version that is counted and not there is missed elsewhere.
  const newest = Math.max(base.newest_seq, base.last_seq);
  const expected = standAfter(last, newest);
  const evidence = difference(expected, members({ ...base }, Object.keys(expected)));
  if (evidence !== undefined) the.report.add('pointer_differs', base.id, evidence);
};
