// What a base's pointer says: what is current, what was, and what was current then.

import type { Acting } from '../../access/workforces/acting.ts';
import { evaluate } from '../../access/workforces/authority.ts';
import type { Sql } from '../../database/connect.ts';
import type { Cid } from '../../protocol/cid.ts';
import { fault } from '../../protocol/faults.ts';
import type { BaseId, CapabilityVerb } from '../../protocol/knowledge/ids.ts';
import type { Authorise, Authorised } from '../bases/authorise.ts';
import type { PointerMove } from './pointer-move.ts';
import { firstMove, moveAtPosition, moveAtTime, movesBelow, moveWithGeneration } from './pointer-store.ts';

export interface PointerReadDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly authorise: Authorise;
  /** Leaves in the log. */
  readonly logSize: () => Promise<number>;
  /** Of an event, open to whoever may see it; `late` until it is sealed. */
  readonly findProof: (eventId: string, open: boolean) => Promise<string | 'late'>;
}

/** Who may move a pointer, or review what moves it, may look at it as well. */
const requireSight = (
  the: PointerReadDeps,
  by: Acting,
  base: BaseId,
  verb: CapabilityVerb & ('get' | 'list'),
): Promise<Authorised> => {
  const wanted = { base, operation: 'retrieve', verb } as const;
  const others = (['move_pointer', 'review'] as const).map((own) => ({ base, operation: own, verb: own }));
  return the.authorise(by, others.find((asked) => evaluate(by.authority, asked).granted) ?? wanted);
};

/** Where the pointer stands; generation 0 and nothing else before it was set. */
export interface PointerView {
  readonly knowledge_base_version: Cid | null;
  readonly generation: number;
  readonly moved_at: Date | null;
  readonly reason: string | null;
  readonly event_id: string | null;
  /** That the log has the move; null until it is sealed. */
  readonly proof: string | null;
}

const proofOf = async (the: PointerReadDeps, eventId: string | null): Promise<string | null> => {
  const proof = eventId === null ? 'late' : await the.findProof(eventId, true);
  return proof === 'late' ? null : proof;
};

export const readPointer =
  (the: PointerReadDeps) =>
  async (by: Acting, id: BaseId): Promise<PointerView> => {
    const { base } = await requireSight(the, by, id, 'get');
    const move = await moveWithGeneration(the.sql, id, base.generation);
    return {
      knowledge_base_version: base.current,
      generation: base.generation,
      moved_at: move?.at ?? null,
      reason: move?.reason ?? null,
      event_id: base.pointerEvent,
      proof: await proofOf(the, base.pointerEvent),
    };
  };

export interface HistoryRequest {
  /** Only moves with a lower generation. */
  readonly before: number;
  readonly limit: number;
}

/** Newest first. */
export const pointerHistory =
  (the: PointerReadDeps) =>
  async (by: Acting, id: BaseId, { before, limit }: HistoryRequest): Promise<object> => {
    await requireSight(the, by, id, 'list');
    const moves = await movesBelow(the.sql, id, before, limit + 1);
    const shown = moves.slice(0, limit).map((move) => ({
      generation: move.generation,
      from_version: move.from,
      to_version: move.to,
      reason: move.reason,
      rollback_of: move.rollbackOf,
      justification_code: move.justificationCode,
      justification: move.justification,
      actor: move.actor,
      moved_at: move.at,
      event_id: move.eventId,
    }));
    return { moves: shown, next: moves.length > limit ? (shown.at(-1)?.generation ?? null) : null };
  };

/** A position in the log, or a time. */
export type AsOf = number | Date;

const findMove = (the: PointerReadDeps, base: BaseId, asOf: AsOf): Promise<PointerMove | undefined> =>
  asOf instanceof Date ? moveAtTime(the.sql, base, asOf) : moveAtPosition(the.sql, base, asOf);

/** What is not over yet can still turn out otherwise. */
const requirePast = async (the: PointerReadDeps, asOf: AsOf): Promise<void> => {
  const newest = asOf instanceof Date ? the.now() : (await the.logSize()) - 1;
  if (asOf <= newest) return;
  const message = 'That is still to come: ask for what is current.';
  throw fault('snapshot_unavailable', { as_of: asOf, newest_available: newest }, message);
};

const oldestAvailable = async (the: PointerReadDeps, base: BaseId, asOf: AsOf): Promise<AsOf | null> => {
  const first = await firstMove(the.sql, base);
  return (asOf instanceof Date ? first?.at : first?.position) ?? null;
};

/** What was current then. A position is exact; a time is by the clocks of those who recorded the moves. */
export const resolvePointer =
  (the: PointerReadDeps) =>
  async (by: Acting, id: BaseId, asOf: AsOf): Promise<object> => {
    await requireSight(the, by, id, 'get');
    await requirePast(the, asOf);
    const move = await findMove(the, id, asOf);
    if (move !== undefined)
      return { knowledge_base_version: move.to, generation: move.generation, as_of: asOf };
    const oldest = await oldestAvailable(the, id, asOf);
    throw fault('snapshot_unavailable', { as_of: asOf, oldest_available: oldest });
  };
