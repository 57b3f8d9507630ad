// Authority: both axes on every call, a binding for human acts, and nothing for whoever has ended.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Asked, evaluate } from '../../../src/access/workforces/authority.ts';
import {
  CAPABILITY_VERBS,
  type CapabilityKind,
  type CapabilityVerb,
  capabilityOf,
  OPERATIONS,
  type Operation,
} from '../../../src/protocol/knowledge/ids.ts';
import { bindingsOf, eventsAbout, governed } from '../world/governing.ts';
import {
  addMember,
  BASE,
  type Member,
  startWorkforce,
  WORKFORCE,
  type Workforce,
} from '../world/workforce.ts';

const VERSION = 'bafyreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku';
const baseClause = (
  operations: readonly Operation[],
  versions: 'any' | 'current' | readonly string[] = 'any',
) => ({
  clause: 'kb-1',
  knowledge_base_id: BASE,
  operations,
  versions,
});
const capabilityClause = (kind: string) => ({ clause: 'kc-1', capability_kind: kind as CapabilityKind });

describe('the two axes', () => {
  const asked: Asked = { base: BASE, operation: 'retrieve', verb: 'get' };
  const on = [baseClause(['retrieve'])];
  const can = [capabilityClause(capabilityOf(BASE, 'get'))];

  it.each([
    ['both', on, can, { granted: true, clauses: ['kb-1', 'kc-1'] }],
    ['the base only', on, [], { granted: false, missing: 'knowledge_capability' }],
    ['the capability only', [], can, { granted: false, missing: 'knowledge_base' }],
    ['neither', [], [], { granted: false, missing: 'both' }],
  ])(
    'let something happen where %s is granted as the table says',
    (_, knowledge_bases, knowledge_capabilities, expected) => {
      expect(evaluate({ knowledge_bases, knowledge_capabilities }, asked)).toEqual(expected);
    },
  );

  it('let exactly one operation by one verb happen for each pair that is granted', () => {
    for (const operation of OPERATIONS)
      for (const verb of CAPABILITY_VERBS) {
        const authority = {
          knowledge_bases: [baseClause([operation])],
          knowledge_capabilities: [capabilityClause(capabilityOf(BASE, verb))],
        };
        for (const other of OPERATIONS)
          for (const way of CAPABILITY_VERBS) {
            const { granted } = evaluate(authority, { base: BASE, operation: other, verb: way });
            expect(granted).toBe(other === operation && way === verb);
          }
      }
  });

  it.each<[string, string]>([
    ['another authority', 'capability:other.example:knowledge.get/v1'],
    ['another version', 'capability:acme.example:knowledge.get/v2'],
    ['a wildcard', 'capability:acme.example:knowledge.*/v1'],
    ['a prefix', 'capability:acme.example:knowledge.ge/v1'],
  ])('take the capability of %s for another one', (_, kind) => {
    const authority = { knowledge_bases: on, knowledge_capabilities: [capabilityClause(kind)] };
    expect(evaluate(authority, asked)).toMatchObject({ granted: false });
  });

  it.each<['any' | 'current' | readonly string[], 'current' | typeof VERSION | undefined, boolean]>([
    ['any', 'current', true],
    ['any', VERSION, true],
    ['current', 'current', true],
    ['current', VERSION, false],
    [[VERSION], VERSION, true],
    [[VERSION], 'current', false],
    [[VERSION], undefined, true],
  ])('that reach versions %j let %s be reached: %s', (versions, selector, granted) => {
    const authority = { knowledge_bases: [baseClause(['retrieve'], versions)], knowledge_capabilities: can };
    const wanted = selector === undefined ? asked : { ...asked, selector: selector as never };
    expect(evaluate(authority, wanted).granted).toBe(granted);
  });
});

describe('over HTTP', () => {
  let world: Workforce;
  let ahead = 0;
  beforeAll(async () => {
    world = await startWorkforce({}, { now: () => new Date(Date.now() + ahead) });
  });
  afterAll(() => world.stop());

  const pause = (by: Member, headers: Record<string, string> = {}) =>
    by.call('POST', `/knowledge/v1/bases/${BASE}/pause`, { body: { reason_code: 'x' }, headers });
  const resume = () => world.steward.call('POST', `/knowledge/v1/bases/${BASE}/resume`);
  let roles = 0;
  /** Gives somebody a role that grants just this. */
  const assign = async (
    { id }: Member,
    operations: readonly Operation[],
    verbs: readonly CapabilityVerb[],
  ) => {
    roles += 1;
    const role = `role:acme.example:only-${roles}/v1`;
    const authority_grant = {
      knowledge_bases: operations.length === 0 ? [] : [baseClause(operations)],
      knowledge_capabilities: verbs.map((verb, at) => ({
        clause: `kc-${at + 1}`,
        capability_kind: capabilityOf(BASE, verb),
      })),
    };
    const { call } = world.registry;
    await call('POST', '/access/roles', { body: { workforce: WORKFORCE, role, authority_grant } });
    expect((await call('POST', `/access/principals/${id}/role`, { body: { role } })).status).toBe(200);
  };

  it.each<[readonly Operation[], readonly CapabilityVerb[], string | undefined]>([
    [['administer'], ['administer'], undefined],
    [['administer'], ['accept'], 'knowledge_capability'],
    [['accept'], ['administer'], 'knowledge_base'],
    [[], [], 'both'],
  ])(
    'what %j by %j lets be done is done, or refused with the axis that is missing',
    async (operations, verbs, missing) => {
      const by = await addMember(world.registry, `human:acme.example:t${roles}`);
      await assign(by, operations, verbs);
      const before = await governed(world.registry);
      const answer = await pause(by);
      if (missing === undefined) {
        expect(answer.status).toBe(200);
        const event = (await eventsAbout(world.registry, BASE)).at(-1);
        expect(event.data.authority_clauses).toEqual(['kb-1', 'kc-1']);
        await resume();
        return;
      }
      expect([answer.status, answer.json.error]).toEqual([403, 'authority_denied']);
      expect(answer.json.details.missing_axis).toBe(missing);
      expect(await governed(world.registry)).toEqual(before);
      const attempt = (await eventsAbout(world.registry, BASE, 'AuthorityViolationAttempted')).at(-1);
      expect(attempt).toMatchObject({
        actor: by.id,
        data: { authority_clauses: [], payload: { action: 'administer', missing_axis: missing } },
      });
    },
  );

  it('another role holds for the very next request, and so does none', async () => {
    const by = await addMember(world.registry, 'human:acme.example:changing');
    const path = `/knowledge/v1/bases/${BASE}`;
    expect((await by.call('GET', path)).status).toBe(200);
    await world.registry.call('POST', `/access/principals/${by.id}/role`, { body: { role: null } });
    expect((await by.call('GET', path)).json.error).toBe('authority_denied');
    await assign(by, ['retrieve'], ['list']);
    expect((await by.call('GET', path)).status).toBe(200);
  });

  it('a binding that is revoked ends for the very next request', async () => {
    const by = await addMember(world.registry, 'human:acme.example:revoked', { capacities: ['operator'] });
    expect((await pause(by)).status).toBe(200);
    await resume();
    const before = await governed(world.registry);
    for (const id of await bindingsOf(world.registry, by))
      expect((await world.registry.call('DELETE', `/access/bindings/${id}`)).status).toBe(204);
    const answer = await pause(by);
    expect([answer.status, answer.json.error]).toEqual([403, 'human_binding_missing']);
    expect(await governed(world.registry)).toEqual(before);
  });

  it('a binding that expires ends then, and one that begins later begins then', async () => {
    const by = await addMember(world.registry, 'human:acme.example:expiring', { capacities: [] });
    const at = (hours: number) => new Date(Date.now() + ahead + hours * 3_600_000).toISOString();
    const grant = (not_before: string, not_after: string) =>
      world.registry.call('POST', '/access/bindings', {
        body: { human: by.id, capacity: 'architect', not_before, not_after },
      });
    expect((await grant(at(1), at(2))).status).toBe(201);
    expect((await pause(by)).json.error).toBe('human_binding_missing');
    ahead += 1.5 * 3_600_000;
    expect((await pause(by)).status).toBe(200);
    await resume();
    ahead += 3_600_000;
    expect((await pause(by)).json.error).toBe('human_binding_missing');
  });

  it('a principal that ended does nothing more, not even read what is there', async () => {
    const by = await addMember(world.registry, 'human:acme.example:ended');
    expect((await by.call('GET', '/knowledge/v1/bases')).status).toBe(200);
    expect((await world.registry.call('DELETE', `/access/principals/${by.id}`)).status).toBe(204);
    const before = await governed(world.registry);
    for (const answer of [await pause(by), await by.call('GET', '/knowledge/v1/bases')])
      expect([answer.status, answer.json.error]).toEqual([403, 'principal_required']);
    expect(await governed(world.registry)).toEqual(before);
  });

  it('M15: a token needs the scope of what it does, and a worker a trace', async () => {
    const path = `/knowledge/v1/bases/${BASE}`;
    const issue = async (scopes: readonly string[]) => {
      const body = { account: world.steward.account, scopes };
      return (await world.registry.call('POST', '/access/tokens', { body })).json.token as string;
    };
    const [reads, writes] = [await issue(['knowledge:read']), await issue(['knowledge:write'])];
    const call = (method: string, to: string, token: string) =>
      world.registry.call(method, to, {
        token,
        ...(method === 'POST' ? { body: { reason_code: 'x' } } : {}),
      });
    expect((await call('GET', path, reads)).status).toBe(200);
    expect((await call('POST', `${path}/pause`, reads)).json.details.missingScope).toBe('knowledge:write');
    expect((await call('GET', path, writes)).json.details.missingScope).toBe('knowledge:read');
    expect((await call('GET', path, world.registry.adminToken)).json.error).toBe('principal_required');
    const bare = await call('GET', path, world.agent.token);
    expect([bare.status, bare.json.error]).toEqual([400, 'traceparent_required']);
    expect((await world.agent.call('GET', path)).status).toBe(200);
  });

  it('an account with two principals says as whom', async () => {
    const night = 'human:acme.example:sam-at-night';
    const body = { principal: night, workforce: WORKFORCE, account: world.steward.account };
    expect((await world.registry.call('POST', '/access/principals', { body })).status).toBe(201);
    const vague = await pause(world.steward);
    expect([vague.status, vague.json.error]).toEqual([403, 'principal_required']);
    expect(vague.json.details.principals).toEqual([world.steward.id, night]);
    expect((await pause(world.steward, { 'Attestry-Principal': night })).json.error).toBe('authority_denied');
    expect((await pause(world.steward, { 'Attestry-Principal': world.steward.id })).status).toBe(200);
    await world.registry.call('DELETE', `/access/principals/${night}`);
    await resume();
  });
});
