// Moves the pointer of a base by hand: back to what was current before, or on to a version that was only made.

import type { JsonObject } from '../../../keys/canonical.ts';
import { requireInForce } from '../../access/workforces/in-force-store.ts';
import type { Tx } from '../../database/connect.ts';
import { fault } from '../../protocol/faults.ts';
import type { KnowledgePayloads } from '../../protocol/knowledge/event.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import type { Authorise, Authorised } from '../bases/authorise.ts';
import type { BaseRecord } from '../bases/base.ts';
import { findBase, lockBase, movePointer } from '../bases/base-store.ts';
import type { MoveWish } from '../calls/grounds.ts';
import { erasedIn } from '../documents/erase-store.ts';
import { erasedFault } from '../documents/erased.ts';
import type { MakeKnowledgeEvent } from '../events/events.ts';
import { contextOf } from '../events/events.ts';
import type { Attempt, Done, RecordWrite, Written } from '../events/record.ts';
import type { PointerMove } from './pointer-move.ts';
import { insertPointerMove, moveWithEvent, moveWithGeneration, wasCurrentBefore } from './pointer-store.ts';
import type { VersionRecord } from './version.ts';
import { findVersion } from './version-store.ts';

export interface MoveDeps {
  readonly now: () => Date;
  readonly authorise: Authorise;
  readonly record: RecordWrite;
  readonly make: MakeKnowledgeEvent;
}

export interface MoveRequest extends MoveWish {
  readonly base: BaseId;
  /** As whoever asks saw it. */
  readonly generation: number;
}

interface Moving extends Authorised {
  readonly attempt: Attempt;
  readonly wish: MoveRequest;
}

/**
 * @throws Fault knowledge_base_not_found, authority_denied, human_binding_missing, knowledge_base_paused,
 *   knowledge_base_held, pointer_conflict, version_not_found, no_change, content_erased, validation_error
 */
export const movePointerByHand =
  (the: MoveDeps) =>
  async (attempt: Attempt, wish: MoveRequest): Promise<Written<JsonObject>> => {
    const asked = { base: wish.base, operation: 'move_pointer', verb: 'move_pointer' } as const;
    const authorised = await the.authorise(attempt.by, asked, ['reviewer', 'operator']);
    return the.record(attempt, (tx) => move(the, tx, { ...authorised, attempt, wish }));
  };

const move = async (the: MoveDeps, tx: Tx, moving: Moving): Promise<Done<JsonObject>> => {
  const { attempt, wish, binding } = moving;
  await lockBase(tx, wish.base);
  await requireInForce(tx, attempt.by, binding, the.now());
  const base = await requireBase(tx, wish.base);
  requireStanding(base, wish);
  requireGeneration(base, wish.generation);
  const version = await requireTarget(tx, base, wish);
  const undone = wish.reason === 'rollback' ? await requireUndone(tx, base, wish) : undefined;
  return commit(the, tx, moving, base, version, undone);
};

const requireBase = async (tx: Tx, id: BaseId): Promise<BaseRecord> => {
  const base = await findBase(tx, id);
  if (base === undefined) throw fault('knowledge_base_not_found', { knowledge_base_id: id });
  return base;
};

/** Going back is what a base is paused or held for; going on is what that forbids. */
const requireStanding = ({ id, paused, held }: BaseRecord, { reason }: MoveWish): void => {
  if (reason === 'rollback') return;
  if (paused) throw fault('knowledge_base_paused', { knowledge_base_id: id });
  if (held) throw fault('knowledge_base_held', { knowledge_base_id: id });
};

const requireGeneration = (base: BaseRecord, expected: number): void => {
  if (base.generation === expected) return;
  throw fault('pointer_conflict', {
    expected,
    found: base.generation,
    knowledge_base_version: base.current,
    event_id: base.pointerEvent,
  });
};

const requireTarget = async (tx: Tx, base: BaseRecord, { to }: MoveWish): Promise<VersionRecord> => {
  const version = await findVersion(tx, base.id, to);
  if (version === undefined)
    throw fault('version_not_found', { knowledge_base_id: base.id, knowledge_base_version: to });
  if (base.current === to)
    throw fault('no_change', { knowledge_base_version: to }, 'That version is current.');
  const erased = await erasedIn(tx, base.id, version.seq);
  if (erased !== undefined) throw erasedFault(erased);
  return version;
};

const findUndone = async (tx: Tx, base: BaseRecord, rollbackOf: string | undefined): Promise<PointerMove> => {
  const found =
    rollbackOf === undefined
      ? await moveWithGeneration(tx, base.id, base.generation)
      : await moveWithEvent(tx, base.id, rollbackOf);
  if (found !== undefined) return found;
  throw fault('validation_error', { field: 'rollback_of' }, 'That event moved no pointer of this base.');
};

/** What was never current is no way back: through a rollback nobody puts in force what nobody let in. */
const requireUndone = async (tx: Tx, base: BaseRecord, wish: MoveWish): Promise<PointerMove> => {
  const undone = await findUndone(tx, base, wish.rollbackOf);
  if (await wasCurrentBefore(tx, base.id, undone.generation, wish.to)) return undone;
  throw fault(
    'validation_error',
    { field: 'to_version', rollback_of: undone.eventId, from_version: undone.from },
    'A rollback goes to a version that was current before the move that it takes back; another is promoted.',
  );
};

const payloadOf = (
  base: BaseRecord,
  { wish }: Moving,
  version: VersionRecord,
  undone: PointerMove | undefined,
): KnowledgePayloads['KnowledgeBaseCurrentPointerMoved'] => ({
  knowledge_base_id: base.id,
  from_version: base.current,
  to_version: version.id,
  generation: base.generation + 1,
  reason: wish.reason,
  ...(undone === undefined ? { contribution_id: version.contribution } : { rollback_of: undone.eventId }),
  ...(wish.justificationCode === undefined ? {} : { justification_code: wish.justificationCode }),
});

const commit = async (
  the: MoveDeps,
  tx: Tx,
  moving: Moving,
  base: BaseRecord,
  version: VersionRecord,
  undone: PointerMove | undefined,
): Promise<Done<JsonObject>> => {
  const { attempt, wish, clauses } = moving;
  const context = contextOf(attempt.by, clauses, base.pointerEvent ?? version.eventId);
  const payload = payloadOf(base, moving, version, undone);
  const record = the.make('KnowledgeBaseCurrentPointerMoved', context, payload, { base: base.id });
  const { id: eventId, at } = record.event;
  if (!(await movePointer(tx, base.id, base.generation, version.id, eventId)))
    throw fault('pointer_conflict', { expected: base.generation });
  await insertPointerMove(tx, {
    base: base.id,
    generation: payload.generation,
    from: base.current,
    to: version.id,
    reason: wish.reason,
    rollbackOf: undone?.eventId ?? null,
    justification: wish.justification,
    actor: attempt.by.id,
    at,
    eventId,
  });
  const outcome = { knowledge_base_version: version.id, generation: payload.generation };
  return { outcome, status: 200, records: [record] };
};
