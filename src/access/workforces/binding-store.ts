// Human bindings as rows: by which somebody may decide for a workforce, in which capacity, and for how long.
import type { Queryable, Sql, Tx } from '../../database/connect.ts';
import { sharing } from '../../database/share.ts';
import type { PrincipalId, WorkforceId } from '../../protocol/knowledge/ids.ts';

/** OWP-2 WD 0.2 §7. */
export const CAPACITIES = ['architect', 'reviewer', 'resolver', 'operator'] as const;
export type Capacity = (typeof CAPACITIES)[number];

export interface BindingRow {
  readonly id: string;
  readonly human: PrincipalId;
  readonly workforce: WorkforceId;
  readonly capacity: Capacity;
  readonly not_before: Date;
  readonly not_after: Date;
  readonly granted_at: Date;
  readonly revoked_at: Date | null;
  readonly event_id: string;
}

/** A human who decides for a workforce in one of some capacities. */
export interface WantedBinding {
  readonly human: PrincipalId;
  readonly workforce: WorkforceId;
  readonly capacities: readonly Capacity[];
  readonly now: Date;
}

const bindingsInForce = async (
  db: Queryable,
  all: readonly WantedBinding[],
): Promise<readonly (string | undefined)[]> => {
  const rows = await db<{ at: number; id: string }[]>`
      select at, found.id
      from rows from (json_to_recordset(${JSON.stringify(all)}::text::json)
        as (human text, workforce text, capacities text[], now timestamptz))
        with ordinality as wanted (human, workforce, capacities, now, at)
      -- Limited, so that it is planned as what it is: one look into an index.
      cross join lateral (select id from human_bindings
        where human = wanted.human and workforce = wanted.workforce and capacity = any(wanted.capacities)
          and revoked_at is null and wanted.now >= not_before and wanted.now < not_after
        order by not_after desc, id limit 1) as found`;
  const found = new Map(rows.map(({ at, id }) => [at, id]));
  return all.map((_, at) => found.get(at + 1));
};

/** The one that lasts longest. */
export const bindingInForce = async (
  db: Queryable,
  human: PrincipalId,
  workforce: WorkforceId,
  capacities: readonly Capacity[],
  now: Date,
): Promise<string | undefined> => (await bindingsInForce(db, [{ human, workforce, capacities, now }]))[0];

const MOST_ASKED = 128;

/** As `bindingInForce`; those who ask at once share a statement. */
export const bindingFinder = (sql: Sql): ((wanted: WantedBinding) => Promise<string | undefined>) =>
  sharing({
    run: (all: readonly WantedBinding[]) => bindingsInForce(sql, all),
    weigh: () => 1,
    most: MOST_ASKED,
  });

export const insertBinding = (tx: Tx, row: BindingRow): Promise<unknown> => tx`
  insert into human_bindings (id, human, workforce, capacity, not_before, not_after, granted_at, revoked_at, event_id)
  values (${row.id}, ${row.human}, ${row.workforce}, ${row.capacity}, ${row.not_before}, ${row.not_after},
    ${row.granted_at}, ${row.revoked_at}, ${row.event_id})`;

export const bindingWithId = async (db: Queryable, id: string): Promise<BindingRow | undefined> => {
  const [row] = await db<BindingRow[]>`select * from human_bindings where id = ${id}`;
  return row;
};

export const bindingsOf = (db: Queryable, workforce: WorkforceId): Promise<BindingRow[]> =>
  db<BindingRow[]>`select * from human_bindings where workforce = ${workforce} order by granted_at, id`;

/** Of all principals in force that an account acts as. */
export const bindingsOfAccount = (db: Queryable, account: string): Promise<BindingRow[]> =>
  db<BindingRow[]>`
    select human_bindings.* from human_bindings join principals on principals.id = human_bindings.human
    where principals.account = ${account} and principals.ended_at is null
    order by human_bindings.granted_at, human_bindings.id`;

/** Waits for whoever decides by it, and keeps others from starting until the transaction ends. */
export const stopUseOfBinding = (tx: Tx, id: string): Promise<unknown> =>
  tx`select stop_use(${`binding:${id}`})`;

/** False where it is revoked already, or is none. */
export const markBindingRevoked = async (tx: Tx, id: string, at: Date): Promise<boolean> => {
  const result =
    await tx`update human_bindings set revoked_at = ${at} where id = ${id} and revoked_at is null`;
  return result.count === 1;
};
