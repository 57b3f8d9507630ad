// What tests about the governing of bases look at: events opened, rows counted, and a body to register one with.
import type { TestRegistry } from '../../world/registry.ts';
import { type Member, WORKFORCE } from './workforce.ts';

export const registrationOf = (steward: string, base: string, more: object = {}) => ({
  knowledge_base_id: base,
  title: 'Handbook',
  purpose: 'What everybody needs to know.',
  steward,
  data_manifest: {
    sources: [{ uri: 'https://acme.example/wiki', purpose: 'where it is written first' }],
    sensitivity: 'internal',
    residency: ['AU'],
    approval_model: 'reviewed',
  },
  retention: { min_days: 30, min_versions: 10, legal_hold: false },
  ...more,
});

/** Everything that governing a base may leave behind. */
export const governed = async ({ sql }: Pick<TestRegistry, 'sql'>) => {
  const [row] = await sql`
    select (select count(*) from knowledge_bases) as bases, (select count(*) from knowledge_policies) as policies,
      (select count(*) from events where kind like 'KnowledgeBase%') as events,
      (select count(*) from delegations) as keys, (select count(*) from idempotency) as outcomes,
      (select string_agg(concat_ws(' ', id, policy_version, paused, reads, held), ',' order by id) from knowledge_bases)
        as standing`;
  return { ...row };
};

/** The full events about a base of some kind, in order. */
export const eventsAbout = async (
  { sql }: Pick<TestRegistry, 'sql'>,
  base: string,
  like = 'KnowledgeBase%',
) => {
  const rows = await sql<{ leaf: Buffer; sealed: Buffer }[]>`
    select leaf, sealed from events where subject = ${base} and kind like ${like} order by xact, ordinal`;
  return rows.map(({ leaf, sealed }) => ({ leaf: JSON.parse(String(leaf)), ...JSON.parse(String(sealed)) }));
};

export const bindingsOf = async (
  registry: Pick<TestRegistry, 'call'>,
  { id }: Member,
): Promise<readonly string[]> => {
  const { json } = await registry.call('GET', `/access/bindings?workforce=${WORKFORCE}`);
  return json.bindings
    .filter(
      (each: { human: string; revoked_at: string | null }) => each.human === id && each.revoked_at === null,
    )
    .map((each: { binding: string }) => each.binding);
};
