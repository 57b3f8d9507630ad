// Principals as rows: whose tokens act as them, in which role, and everybody who stands behind each.
import { type PublicKey, publicKeyFromBytes } from '../../../keys/key.ts';
import type { Queryable, Tx } from '../../database/connect.ts';
import type { PrincipalId, RoleId, WorkforceId } from '../../protocol/knowledge/ids.ts';
import type { PrincipalRecord } from './acting.ts';
import type { RoleAuthority } from './authority.ts';

export interface PrincipalRow {
  readonly id: PrincipalId;
  readonly workforce: WorkforceId;
  readonly account: string;
  readonly role: RoleId | null;
  /** Of a worker: who answers for it. */
  readonly owner: PrincipalId | null;
  readonly delegated_by: readonly PrincipalId[];
  /** By which it signs decisions; null where it has none. */
  readonly public_key: Uint8Array | null;
  readonly registered_at: Date;
  /** An ended one is never taken up again. */
  readonly ended_at: Date | null;
  /** Of what happened to it last. */
  readonly event_id: string;
}

const NOTHING: RoleAuthority = { knowledge_bases: [], knowledge_capabilities: [] };

type FoundRow = Omit<PrincipalRecord, 'authority'> & { readonly authority: RoleAuthority | null };

/** Those in force that an account acts as. */
export const recordsOfAccount = async (
  db: Queryable,
  account: string,
): Promise<readonly PrincipalRecord[]> => {
  const rows = await db<FoundRow[]>`
    with recursive behind (start, id) as (
      select id, id from principals where account = ${account} and ended_at is null
      union
      select behind.start, further.id
      from behind join principals as each on each.id = behind.id
        cross join lateral unnest(array_append(each.delegated_by, each.owner)) as further (id)
      where further.id is not null
    ), closures as (
      select behind.start, array_agg(distinct name order by name) as closure
      from behind join principals as each on each.id = behind.id
        cross join lateral (values (each.id), ('account:' || each.account)) as named (name)
      group by behind.start
    )
    select principals.id, principals.workforce, principals.account, principals.role, roles.authority, closures.closure
    from principals join closures on closures.start = principals.id left join roles on roles.id = principals.role
    order by principals.id`;
  return rows.map(({ authority, ...row }) => ({ ...row, authority: authority ?? NOTHING }));
};

/** How many names stand behind these, themselves and their accounts included. */
export const namesBehind = async (db: Queryable, ids: readonly PrincipalId[]): Promise<readonly string[]> => {
  const rows = await db<{ name: string }[]>`
    with recursive behind (id) as (
      select unnest(${[...ids]}::text[])
      union
      select further.id
      from behind join principals as each on each.id = behind.id
        cross join lateral unnest(array_append(each.delegated_by, each.owner)) as further (id)
      where further.id is not null
    )
    select distinct name from behind join principals as each on each.id = behind.id
      cross join lateral (values (each.id), ('account:' || each.account)) as named (name)`;
  return rows.map(({ name }) => name);
};

export const principalWithId = async (db: Queryable, id: PrincipalId): Promise<PrincipalRow | undefined> => {
  const [row] = await db<PrincipalRow[]>`select * from principals where id = ${id}`;
  return row;
};

/** Of one in force; undefined where it has none. */
export const keyOfPrincipal = async (db: Queryable, id: PrincipalId): Promise<PublicKey | undefined> => {
  const [row] = await db<{ public_key: Uint8Array | null }[]>`
    select public_key from principals where id = ${id} and ended_at is null`;
  return row?.public_key == null ? undefined : publicKeyFromBytes(row.public_key);
};

export const principalsWithIds = (db: Queryable, ids: readonly PrincipalId[]): Promise<PrincipalRow[]> =>
  db<PrincipalRow[]>`select * from principals where id = any(${[...ids]}::text[])`;

/** Ended ones included, oldest first. */
export const principalsOfWorkforce = (db: Queryable, workforce: WorkforceId): Promise<PrincipalRow[]> =>
  db<PrincipalRow[]>`select * from principals where workforce = ${workforce} order by registered_at, id`;

/** Those in force. */
export const principalsOfAccount = (db: Queryable, account: string): Promise<PrincipalRow[]> =>
  db<PrincipalRow[]>`
    select * from principals where account = ${account} and ended_at is null order by registered_at, id`;

/** Of an account in a workforce. */
export const countPrincipals = async (
  db: Queryable,
  account: string,
  workforce: WorkforceId,
): Promise<number> => {
  const [row] = await db<{ count: number }[]>`
    select count(*) from principals where account = ${account} and workforce = ${workforce} and ended_at is null`;
  return row?.count ?? 0;
};

/** Those in force that it answers for, or that act on its behalf. */
export const dependentsOf = async (
  db: Queryable,
  { id, workforce }: Pick<PrincipalRow, 'id' | 'workforce'>,
): Promise<readonly PrincipalId[]> => {
  const rows = await db<{ id: PrincipalId }[]>`
    select id from principals
    where workforce = ${workforce} and ended_at is null and (owner = ${id} or ${id} = any(delegated_by))
    order by id`;
  return rows.map((row) => row.id);
};

export const insertPrincipal = (tx: Tx, row: PrincipalRow): Promise<unknown> => tx`
  insert into principals (id, workforce, account, role, owner, delegated_by, registered_at, ended_at, event_id)
  values (${row.id}, ${row.workforce}, ${row.account}, ${row.role}, ${row.owner}, ${[...row.delegated_by]}::text[],
    ${row.registered_at}, ${row.ended_at}, ${row.event_id})`;

/** Waits for whoever acts as it, and keeps others from starting until the transaction ends. */
export const stopUseOfPrincipal = (tx: Tx, id: PrincipalId): Promise<unknown> =>
  tx`select stop_use(${`principal:${id}`})`;

/** None of these ends, or changes its role, before the transaction does. */
export const keepPrincipals = (tx: Tx, ids: readonly PrincipalId[]): Promise<unknown> => tx`
  select pg_advisory_xact_lock_shared(hashtextextended('principal:' || id, 0))
  from (select unnest(${[...ids]}::text[]) as id order by 1) as wanted`;

export const setRole = (
  tx: Tx,
  id: PrincipalId,
  role: RoleId | null,
  eventId: string,
): Promise<unknown> => tx`
  update principals set role = ${role}, event_id = ${eventId} where id = ${id}`;

export const setKey = (
  tx: Tx,
  id: PrincipalId,
  key: Uint8Array | null,
  eventId: string,
): Promise<unknown> => tx`
  update principals set public_key = ${key}, event_id = ${eventId} where id = ${id}`;

export const markEnded = (tx: Tx, id: PrincipalId, at: Date, eventId: string): Promise<unknown> => tx`
  update principals set ended_at = ${at}, event_id = ${eventId} where id = ${id}`;
