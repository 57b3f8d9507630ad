// Those who act in tests: an account with a token, a principal with a role of its own, a human's bindings.
import { randomBytes } from 'node:crypto';
import { hashToken, newSecret } from '../../../src/access/tokens.ts';
import type { PrincipalRecord } from '../../../src/access/workforces/acting.ts';
import type { RoleAuthority } from '../../../src/access/workforces/authority.ts';
import type { Capacity } from '../../../src/access/workforces/binding-store.ts';
import type { Sql } from '../../../src/database/connect.ts';
import {
  type BaseId,
  type CapabilityVerb,
  capabilityOf,
  isHuman,
  type Operation,
  ownerOf,
  type PrincipalId,
  type RoleId,
  type WorkforceId,
} from '../../../src/protocol/knowledge/ids.ts';

export interface Actor extends PrincipalRecord {
  readonly token: string;
  readonly tokenId: string;
}

export interface ActorOptions {
  /** What is granted on these bases, of any version unless told. */
  readonly bases: readonly BaseId[];
  readonly operations?: readonly Operation[];
  readonly verbs?: readonly CapabilityVerb[];
  readonly versions?: 'current' | 'any' | readonly string[];
  /** The owner of the first base unless told. */
  readonly workforce?: WorkforceId;
  readonly scopes?: readonly string[];
  /** In which a human is bound to his workforce. */
  readonly capacities?: readonly Capacity[];
}

const DAY_MS = 24 * 60 * 60 * 1_000;

export const authorityFor = ({
  bases,
  operations = ['retrieve'],
  verbs = ['get', 'list', 'search'],
  versions = 'any',
}: ActorOptions): RoleAuthority => ({
  knowledge_bases: bases.map((base, at) => ({
    clause: `kb-${at + 1}`,
    knowledge_base_id: base,
    operations,
    versions,
  })),
  knowledge_capabilities: [
    ...new Set(bases.flatMap((base) => verbs.map((verb) => capabilityOf(base, verb)))),
  ].map((capability_kind, at) => ({ clause: `kc-${at + 1}`, capability_kind })),
});

export const ensureWorkforce = async (sql: Sql, id: WorkforceId, at: Date): Promise<void> => {
  await sql`insert into accounts (name, created_at) values ('steward', ${at}) on conflict do nothing`;
  await sql`
    insert into workforces (id, steward, registered_at, event_id)
    values (${id}, 'steward', ${at}, ${`event-of-${id}`}) on conflict do nothing`;
};

/** An account of its own, and a role that nobody else has. */
export const makeActor = async (
  sql: Sql,
  id: PrincipalId,
  options: ActorOptions,
  at: Date,
): Promise<Actor> => {
  const [base] = options.bases;
  const workforce = options.workforce ?? (base === undefined ? undefined : ownerOf(base));
  if (workforce === undefined) throw new Error('name a base or a workforce');
  const mark = randomBytes(4).toString('hex');
  const account = `account-${mark}`;
  const role = `role:acme.example:role-${mark}/v1` as RoleId;
  const authority = authorityFor(options);
  const { scopes = ['knowledge:read', 'knowledge:write'], capacities = [] } = options;
  const token = newSecret();
  await ensureWorkforce(sql, workforce, at);
  await sql`insert into accounts (name, created_at) values (${account}, ${at})`;
  await sql`
    insert into tokens (id, secret_hash, account, scopes, created_at)
    values (${mark}, ${hashToken(token)}, ${account}, ${[...scopes]}, ${at})`;
  await sql`
    insert into roles (id, workforce, authority, declared, declared_at, event_id)
    values (${role}, ${workforce}, ${sql.json(authority as never)}, ${sql.json(authority as never)}, ${at}, ${mark})`;
  await sql`
    insert into principals (id, workforce, account, role, registered_at, event_id)
    values (${id}, ${workforce}, ${account}, ${role}, ${at}, ${mark})`;
  for (const capacity of isHuman(id) ? capacities : [])
    await sql`
      insert into human_bindings (id, human, workforce, capacity, not_before, not_after, granted_at, event_id)
      values (${`binding-${mark}-${capacity}`}, ${id}, ${workforce}, ${capacity}, ${at},
        ${new Date(at.getTime() + 365 * DAY_MS)}, ${at}, ${mark})`;
  const closure = [id, `account:${account}`];
  return { id, workforce, account, role, authority, closure, token, tokenId: mark };
};
