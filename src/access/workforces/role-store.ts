// Roles as rows: what each grants, and how it was declared. A row is never changed.
import type { JsonObject } from '../../../keys/canonical.ts';
import type { Queryable, Tx } from '../../database/connect.ts';
import type { RoleId, WorkforceId } from '../../protocol/knowledge/ids.ts';
import type { RoleAuthority } from './authority.ts';

export interface RoleRow {
  readonly id: RoleId;
  readonly workforce: WorkforceId;
  /** The two axes, as they are evaluated. */
  readonly authority: RoleAuthority;
  /** `{authority_grant}` or the older `{knowledge_access}`. */
  readonly declared: JsonObject;
  readonly declared_at: Date;
  readonly event_id: string;
}

/** Whoever declares the same one meanwhile waits. */
export const lockRole = (tx: Tx, id: RoleId): Promise<unknown> => tx`select stop_use(${id})`;

export const roleWithId = async (db: Queryable, id: RoleId): Promise<RoleRow | undefined> => {
  const [row] = await db<RoleRow[]>`select * from roles where id = ${id}`;
  return row;
};

export const insertRole = (tx: Tx, row: RoleRow): Promise<unknown> => tx`
  insert into roles (id, workforce, authority, declared, declared_at, event_id)
  values (${row.id}, ${row.workforce}, ${tx.json(row.authority as never)}, ${tx.json(row.declared as never)},
    ${row.declared_at}, ${row.event_id})`;

export const rolesOf = (db: Queryable, workforce: WorkforceId): Promise<RoleRow[]> =>
  db<RoleRow[]>`select * from roles where workforce = ${workforce} order by declared_at, id`;
