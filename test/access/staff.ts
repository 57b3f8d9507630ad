// Workforces as people make them over HTTP: a steward with a token, roles, humans and workers.

import { accountWith } from '../world/publisher.ts';
import type { Answer, CallOptions, TestRegistry } from '../world/registry.ts';

export const CLAIMS = 'workforce:acme.example:claims';
export const HANDLER = 'role:acme.example:handler/v1';
export const HANDBOOK = 'kb:acme.example:claims:handbook';

export interface Staff {
  /** Of the steward of `CLAIMS`; scope workforces:manage. */
  readonly steward: string;
  /** Calls as the steward unless told. */
  readonly call: (method: string, path: string, options?: CallOptions) => Promise<Answer>;
  /** Rows of everything that staffing may change. */
  readonly everything: () => Promise<object>;
  /** The kinds of the events of a subject, in order. */
  readonly kindsOf: (subject: string) => Promise<readonly string[]>;
}

export const grantOf = (
  operations: readonly string[] = ['retrieve'],
  verbs: readonly string[] = ['get'],
) => ({
  knowledge_bases: [{ clause: 'kb-1', knowledge_base_id: HANDBOOK, operations, versions: 'any' }],
  knowledge_capabilities: verbs.map((verb, at) => ({
    clause: `kc-${at + 1}`,
    capability_kind: `capability:acme.example:knowledge.${verb}/v1`,
  })),
});

/** The workforce `CLAIMS` with one role, and accounts `acme` (its steward), `people` and `agents`. */
export const staffIn = async (registry: TestRegistry): Promise<Staff> => {
  const steward = await accountWith(registry.call, 'acme', ['workforces:manage']);
  for (const name of ['people', 'agents'])
    await registry.call('POST', '/access/accounts', { body: { name } });
  const call: Staff['call'] = (method, path, options = {}) =>
    registry.call(method, path, { token: steward, ...options });
  const workforce = { workforce: CLAIMS, steward: 'acme' };
  await registry.call('POST', '/access/workforces', { body: workforce });
  await call('POST', '/access/roles', {
    body: { workforce: CLAIMS, role: HANDLER, authority_grant: grantOf() },
  });
  return {
    steward,
    call,
    everything: async () => {
      const [row] = await registry.sql`
        select (select count(*) from workforces) as workforces, (select count(*) from roles) as roles,
          (select count(*) from principals) as principals, (select count(*) from events) as events,
          (select count(*) from principals where ended_at is null) as acting,
          (select string_agg(id || coalesce(role, ''), ',' order by id) from principals) as assigned,
          (select count(*) from human_bindings) as bindings,
          (select count(*) from human_bindings where revoked_at is null) as bound`;
      return { ...row };
    },
    kindsOf: async (subject) => {
      const rows = await registry.sql<{ kind: string }[]>`
        select kind from events where subject = ${subject} order by xact, ordinal`;
      return rows.map(({ kind }) => kind);
    },
  };
};

/** The full event that a subject's newest sealed leaf commits to. */
export const openedOf = async (registry: TestRegistry, subject: string) => {
  const [row] = await registry.sql<{ leaf: Buffer; sealed: Buffer }[]>`
    select leaf, sealed from events where subject = ${subject} order by xact desc, ordinal desc limit 1`;
  if (row === undefined) throw new Error(`nothing happened to ${subject}`);
  return { leaf: JSON.parse(row.leaf.toString()), event: JSON.parse(row.sealed.toString()) };
};
