// Changing the policy of a base: as a whole, numbered, by those who may, and looser only on evidence.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../../src/protocol/knowledge/policy.ts';
import { eventsAbout, governed } from '../world/governing.ts';
import { addMember, BASE, type Member, startWorkforce, type Workforce } from '../world/workforce.ts';

let world: Workforce;
const EVIDENCE = [`sha256:${'a'.repeat(64)}`];
beforeAll(async () => {
  world = await startWorkforce();
});
afterAll(() => world.stop());

const change = (
  contribution_policy: unknown,
  {
    by = world.steward,
    headers = {},
    ...more
  }: { by?: Member; headers?: Record<string, string>; evidence?: unknown } = {},
) =>
  by.call('PUT', `/knowledge/v1/bases/${BASE}/policy`, { body: { contribution_policy, ...more }, headers });
const stands = async () => (await world.steward.call('GET', `/knowledge/v1/bases/${BASE}`)).json;

describe('a policy', () => {
  it('is replaced as a whole, under the next number, and the log says so', async () => {
    const answer = await change({ required_approvals: 2, confidence_floor: 0.8 });
    expect([answer.status, answer.json.policy_version]).toEqual([200, 2]);
    expect(await stands()).toMatchObject({
      policy_version: 2,
      contribution_policy: { ...DEFAULT_POLICY, required_approvals: 2, confidence_floor: 0.8 },
    });
    const [registered, changed] = await eventsAbout(world.registry, BASE);
    expect(changed).toMatchObject({
      kind: 'KnowledgeBasePolicyChanged',
      causationId: registered.id,
      data: { payload: { knowledge_base_id: BASE, policy_version: 2 } },
    });
    expect(changed.data.payload.policy_hash).not.toBe(registered.data.payload.policy_hash);
    const rows = await world.registry.sql`
      select version, policy ->> 'required_approvals' as approvals from knowledge_policies
      where base = ${BASE} order by version`;
    expect(rows).toEqual([
      { version: 1, approvals: '1' },
      { version: 2, approvals: '2' },
    ]);
  });

  it('that is the same, in whatever words, changes nothing', async () => {
    const before = await governed(world.registry);
    const { contribution_policy } = await stands();
    for (const same of [{ confidence_floor: 0.8, required_approvals: 2 }, contribution_policy]) {
      const answer = await change(same);
      expect([answer.status, answer.json]).toEqual([200, { policy_version: 2, receipt: null }]);
    }
    expect(await governed(world.registry)).toEqual(before);
  });

  it('is not overwritten by whoever did not see it', async () => {
    const before = await governed(world.registry);
    const late = await change({ required_approvals: 3 }, { headers: { 'If-Match': '"1"' } });
    expect([late.status, late.json.error, late.json.details.policy_version]).toEqual([409, 'base_busy', 2]);
    for (const tag of ['2', '"two"', '*', 'W/"2"'])
      expect((await change({ required_approvals: 3 }, { headers: { 'If-Match': tag } })).json.error).toBe(
        'validation_error',
      );
    expect(await governed(world.registry)).toEqual(before);
    const seen = await change({ required_approvals: 3 }, { headers: { 'If-Match': '"2"' } });
    expect([seen.status, seen.json.policy_version]).toEqual([200, 3]);
  });

  it('of many at once gets numbers without gaps', async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, (_, at) => change({ max_changes: 10 + at })));
    expect(answers.map(({ json }) => json.policy_version).sort((a, b) => a - b)).toEqual([4, 5, 6, 7, 8, 9]);
    const seen = await Promise.all(
      Array.from({ length: 6 }, (_, at) =>
        change({ max_changes: 50 + at }, { headers: { 'If-Match': '"9"' } }),
      ),
    );
    expect(seen.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409]);
  });

  it.each<[string, unknown, number, string]>([
    ['none at all', undefined, 400, 'validation_error'],
    ['null', null, 422, 'policy_invalid'],
    ['a list', [], 422, 'policy_invalid'],
    ['an unknown mode', { mode: 'anarchy' }, 422, 'policy_invalid'],
    ['a floor too low', { confidence_floor: 0.1 }, 422, 'confidence_floor_too_low'],
  ])('that is %s is refused, and nothing is stored', async (_, policy, status, code) => {
    const before = await governed(world.registry);
    const answer = await change(policy);
    expect([answer.status, answer.json.error]).toEqual([status, code]);
    expect(await governed(world.registry)).toEqual(before);
  });

  it('is refused with a member that nobody knows, and nothing is stored', async () => {
    const before = await governed(world.registry);
    const answer = await change({ required_approvals: 4 }, { evidences: EVIDENCE } as object);
    expect([answer.status, answer.json.error]).toEqual([400, 'validation_error']);
    expect(await governed(world.registry)).toEqual(before);
  });

  it.each<[string, () => Promise<Member>, string]>([
    [
      'a reviewer',
      () => addMember(world.registry, 'human:acme.example:p1', { capacities: ['reviewer', 'resolver'] }),
      'human_binding_missing',
    ],
    ['a worker', async () => world.agent, 'human_binding_missing'],
    [
      'an architect whose role does not administer',
      () => addMember(world.registry, 'human:acme.example:p2', { operations: ['accept', 'review'] }),
      'authority_denied',
    ],
  ])('is not changed by %s, and nothing is stored', async (_, member, code) => {
    const by = await member();
    const before = await governed(world.registry);
    const answer = await change({ required_approvals: 4 }, { by });
    expect([answer.status, answer.json.error]).toEqual([403, code]);
    expect(await governed(world.registry)).toEqual(before);
  });
});

describe('more autonomy', () => {
  it('needs evidence to rise, and none to go back', async () => {
    await change({ mode: 'closed' });
    expect((await change({ mode: 'reviewed' })).status).toBe(200);
    for (const mode of ['verified', 'direct']) {
      const before = await governed(world.registry);
      for (const evidence of [undefined, []]) {
        const bare = await change({ mode }, { evidence });
        expect([bare.status, bare.json.error]).toEqual([422, 'policy_invalid']);
        expect(bare.json.details.violations[0].where).toBe('/evidence');
      }
      expect(await governed(world.registry)).toEqual(before);
      expect((await change({ mode }, { evidence: EVIDENCE })).status).toBe(200);
      const event = (await eventsAbout(world.registry, BASE)).at(-1);
      expect(event.data.payload.evidence).toEqual(EVIDENCE);
    }
    expect((await change({ mode: 'verified' })).status).toBe(200);
    expect((await change({ mode: 'reviewed' })).status).toBe(200);
  });

  it('stays what it is without new evidence', async () => {
    await change({ mode: 'verified' }, { evidence: EVIDENCE });
    expect((await change({ mode: 'verified', max_changes: 5 })).status).toBe(200);
    await change({ mode: 'reviewed' });
  });

  it.each<[string, unknown]>([
    ['words', 'trust me'],
    ['a digest of another form', ['md5:abc']],
    ['a digest in capitals', [`sha256:${'A'.repeat(64)}`]],
    ['far too much', Array.from({ length: 33 }, () => EVIDENCE[0])],
  ])('is not had for %s, and nothing is stored', async (_, evidence) => {
    const before = await governed(world.registry);
    const answer = await change({ mode: 'verified' }, { evidence });
    expect([answer.status, answer.json.error]).toEqual([400, 'validation_error']);
    expect(await governed(world.registry)).toEqual(before);
  });
});
