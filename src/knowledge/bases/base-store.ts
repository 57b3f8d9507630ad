// Bases as rows, their policies, and the locks by which those who change one of them take turns.
import type { Queryable, Tx } from '../../database/connect.ts';
import type { Cid } from '../../protocol/cid.ts';
import type { BaseId, WorkforceId } from '../../protocol/knowledge/ids.ts';
import type { ContributionPolicy } from '../../protocol/knowledge/policy.ts';
import type { BaseRecord } from './base.ts';
import { type BaseRow, toBase } from './base-rows.ts';

/** Whoever changes the pointer, the policy or the standing of a base is alone with it until the transaction ends. */
export const lockBase = (tx: Tx, base: BaseId): Promise<unknown> => tx`select stop_use(${`base:${base}`})`;

/** The base stays as it is until the transaction ends; others may use it as well. */
export const useBase = (tx: Tx, base: BaseId): Promise<unknown> =>
  tx`select pg_advisory_xact_lock_shared(hashtextextended(${`base:${base}`}, 0))`;

export const findBase = async (db: Queryable, id: BaseId): Promise<BaseRecord | undefined> => {
  const [row] = await db<BaseRow[]>`select * from knowledge_bases where id = ${id}`;
  return row === undefined ? undefined : toBase(row);
};

export const basesOf = async (db: Queryable, workforce: WorkforceId): Promise<readonly BaseRecord[]> =>
  (await db<BaseRow[]>`select * from knowledge_bases where workforce = ${workforce} order by id`).map(toBase);

/** False where the id is taken. */
export const insertBase = async (tx: Tx, base: BaseRecord): Promise<boolean> => {
  const result = await tx`
    insert into knowledge_bases (id, workforce, registration, sensitivity, policy, policy_version, registered_at, event_id)
    values (${base.id}, ${base.workforce}, ${tx.json(base.registration as never)}, ${base.sensitivity},
      ${tx.json(base.policy as never)}, ${base.policyVersion}, ${base.registeredAt}, ${base.eventId})
    on conflict do nothing`;
  return result.count === 1;
};

export const insertPolicy = (
  tx: Tx,
  base: BaseId,
  version: number,
  policy: ContributionPolicy,
  at: Date,
  eventId: string,
): Promise<unknown> => tx`
  insert into knowledge_policies (base, version, policy, set_at, event_id)
  values (${base}, ${version}, ${tx.json(policy as never)}, ${at}, ${eventId})`;

/** From a version on, oldest first. */
export const policiesSince = async (
  db: Queryable,
  base: BaseId,
  version: number,
): Promise<readonly ContributionPolicy[]> => {
  const rows = await db<{ policy: ContributionPolicy }[]>`
    select policy from knowledge_policies where base = ${base} and version >= ${version} order by version`;
  return rows.map(({ policy }) => policy);
};

export const setPolicy = (
  tx: Tx,
  base: BaseId,
  version: number,
  policy: ContributionPolicy,
): Promise<unknown> => tx`
  update knowledge_bases set policy = ${tx.json(policy as never)}, policy_version = ${version} where id = ${base}`;

export type Standing = Partial<Pick<BaseRecord, 'paused' | 'reads' | 'held'>>;

export const setStanding = (tx: Tx, base: BaseId, { paused, reads, held }: Standing): Promise<unknown> => tx`
  update knowledge_bases set paused = coalesce(${paused ?? null}, paused), reads = coalesce(${reads ?? null}, reads),
    held = coalesce(${held ?? null}, held)
  where id = ${base}`;

/** Compares the generation, whatever was read before: false where the pointer moved meanwhile. */
export const movePointer = async (
  tx: Tx,
  base: BaseId,
  generation: number,
  to: Cid,
  eventId: string,
): Promise<boolean> => {
  const result = await tx`
    update knowledge_bases set current = ${to}, generation = generation + 1, pointer_event = ${eventId}
    where id = ${base} and generation = ${generation}`;
  return result.count === 1;
};

/** Compares the newest version's number: false where another version was made meanwhile. */
export const takeSeq = async (tx: Tx, base: BaseId, seq: number): Promise<boolean> => {
  const result = await tx`
    update knowledge_bases set last_seq = ${seq} where id = ${base} and last_seq = ${seq - 1}`;
  return result.count === 1;
};
