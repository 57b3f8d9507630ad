// Workforces as rows: who declares their roles, principals and bindings.
import type { Queryable, Tx } from '../../database/connect.ts';
import type { WorkforceId } from '../../protocol/knowledge/ids.ts';

export interface WorkforceRow {
  readonly id: WorkforceId;
  /** An account. */
  readonly steward: string;
  readonly registered_at: Date;
  readonly event_id: string;
}

/** Whoever registers the same one meanwhile waits. */
export const lockWorkforce = (tx: Tx, id: WorkforceId): Promise<unknown> => tx`select stop_use(${id})`;

export const insertWorkforce = (tx: Tx, row: WorkforceRow): Promise<unknown> => tx`
  insert into workforces (id, steward, registered_at, event_id)
  values (${row.id}, ${row.steward}, ${row.registered_at}, ${row.event_id})`;

export const workforceWithId = async (db: Queryable, id: WorkforceId): Promise<WorkforceRow | undefined> => {
  const [row] = await db<WorkforceRow[]>`select * from workforces where id = ${id}`;
  return row;
};

/** Those that an account is the steward of; all of them for null. */
export const workforcesOfSteward = (db: Queryable, account: string | null): Promise<WorkforceRow[]> =>
  db<WorkforceRow[]>`
    select * from workforces where ${account}::text is null or steward = ${account} order by id`;

/** Those that an account is the steward of or acts in. */
export const workforcesOfAccount = (db: Queryable, account: string): Promise<WorkforceRow[]> =>
  db<WorkforceRow[]>`
    select * from workforces
    where steward = ${account}
      or id in (select workforce from principals where account = ${account} and ended_at is null)
    order by id`;
