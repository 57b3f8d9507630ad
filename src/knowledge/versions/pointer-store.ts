// Moves of a base's pointer as rows: what was current from which generation on, and by which event.
import type { Queryable, Tx } from '../../database/connect.ts';
import type { Cid } from '../../protocol/cid.ts';
import type { Actor, PointerReason } from '../../protocol/knowledge/event.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import type { PointerMove } from './pointer-move.ts';

interface MoveRow {
  readonly base: BaseId;
  readonly generation: number;
  readonly from_version: Cid | null;
  readonly to_version: Cid;
  readonly reason: PointerReason;
  readonly rollback_of: string | null;
  readonly justification: string | null;
  readonly actor: Actor;
  readonly at: Date;
  readonly event_id: string;
}

const toMove = (row: MoveRow): PointerMove => ({
  base: row.base,
  generation: row.generation,
  from: row.from_version,
  to: row.to_version,
  reason: row.reason,
  rollbackOf: row.rollback_of,
  justification: row.justification,
  actor: row.actor,
  at: row.at,
  eventId: row.event_id,
});

/** Beside `movePointer`, in the same transaction. */
export const insertPointerMove = (tx: Tx, move: PointerMove): Promise<unknown> => tx`
  insert into knowledge_pointer_moves (base, generation, from_version, to_version, reason, rollback_of, justification,
    actor, at, event_id)
  values (${move.base}, ${move.generation}, ${move.from}, ${move.to}, ${move.reason}, ${move.rollbackOf},
    ${move.justification}, ${move.actor}, ${move.at}, ${move.eventId})`;

export const moveWithGeneration = async (
  db: Queryable,
  base: BaseId,
  generation: number,
): Promise<PointerMove | undefined> => {
  const [row] = await db<MoveRow[]>`
    select * from knowledge_pointer_moves where base = ${base} and generation = ${generation}`;
  return row === undefined ? undefined : toMove(row);
};

export const moveWithEvent = async (
  db: Queryable,
  base: BaseId,
  eventId: string,
): Promise<PointerMove | undefined> => {
  const [row] = await db<MoveRow[]>`
    select * from knowledge_pointer_moves where base = ${base} and event_id = ${eventId}`;
  return row === undefined ? undefined : toMove(row);
};

/** Whether a version was current at some time before a generation. */
export const wasCurrentBefore = async (
  db: Queryable,
  base: BaseId,
  generation: number,
  version: Cid,
): Promise<boolean> => {
  const [row] = await db<{ was: boolean }[]>`
    select exists (select from knowledge_pointer_moves
      where base = ${base} and generation < ${generation} and to_version = ${version}) as was`;
  return row?.was === true;
};

/** A move as its history shows it. */
export interface ListedMove extends PointerMove {
  /** As its event has it. */
  readonly justificationCode: string | null;
}

/** Newest first, below a generation. */
export const movesBelow = async (
  db: Queryable,
  base: BaseId,
  below: number,
  limit: number,
): Promise<readonly ListedMove[]> => {
  const rows = await db<(MoveRow & { code: string | null })[]>`
    select moves.*, convert_from(coalesce(sealed, leaf), 'UTF8')::json #>> '{data,payload,justification_code}' as code
    from knowledge_pointer_moves as moves left join events on events.id = moves.event_id
    where base = ${base} and generation < ${below} order by generation desc limit ${limit}`;
  return rows.map(({ code, ...row }) => ({ ...toMove(row), justificationCode: code }));
};

/** The last move that the log holds at or before a position; undefined where there was none. */
export const moveAtPosition = async (
  db: Queryable,
  base: BaseId,
  position: number,
): Promise<PointerMove | undefined> => {
  const [row] = await db<MoveRow[]>`
    select moves.* from knowledge_pointer_moves as moves join leaves on leaves.event_id = moves.event_id
    where base = ${base} and leaves.position <= ${position} order by generation desc limit 1`;
  return row === undefined ? undefined : toMove(row);
};

/** The last move that was recorded at or before a time; undefined where there was none. */
export const moveAtTime = async (db: Queryable, base: BaseId, at: Date): Promise<PointerMove | undefined> => {
  const [row] = await db<MoveRow[]>`
    select * from knowledge_pointer_moves where base = ${base} and at <= ${at} order by generation desc limit 1`;
  return row === undefined ? undefined : toMove(row);
};

/** When the pointer was first set; `position` is null until that is sealed. */
export interface FirstMove {
  readonly position: number | null;
  readonly at: Date;
}

export const firstMove = async (db: Queryable, base: BaseId): Promise<FirstMove | undefined> => {
  const [row] = await db<FirstMove[]>`
    select leaves.position, moves.at
    from knowledge_pointer_moves as moves left join leaves on leaves.event_id = moves.event_id
    where base = ${base} order by generation limit 1`;
  return row;
};
