// Registering a base: by a human of its owner whose role names it, described in full, and once.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BaseId } from '../../../src/protocol/knowledge/ids.ts';
import { DEFAULT_POLICY } from '../../../src/protocol/knowledge/policy.ts';
import { startRegistry, type TestRegistry } from '../../world/registry.ts';
import { eventsAbout, governed, registrationOf } from '../world/governing.ts';
import { addMember, BASE, type Member, registerWorkforce, WORKFORCE } from '../world/workforce.ts';

let registry: TestRegistry;
let sam: Member;
const OTHER = 'kb:acme.example:claims:other' as BaseId;
const HOSTILE = 'kb:acme.example:claims:hostile' as BaseId;
const SECRET = 'kb:acme.example:claims:secret' as BaseId;
const BASES = [BASE, OTHER, HOSTILE, SECRET];

beforeAll(async () => {
  registry = await startRegistry();
  await registerWorkforce(registry);
  sam = await addMember(registry, 'human:acme.example:sam', { bases: BASES, capacities: ['architect'] });
});
afterAll(() => registry.stop());

const register = (body: object, by: Member = sam, headers: Record<string, string> = {}) =>
  by.call('POST', '/knowledge/v1/bases', { body, headers });

describe('a base', () => {
  it('is registered with its policy, a key to sign its versions, and an event', async () => {
    const answer = await register(
      registrationOf(sam.id, BASE, { contribution_policy: { required_approvals: 2 } }),
    );
    expect(answer.status).toBe(201);
    expect(answer.json).toMatchObject({ knowledge_base_id: BASE, policy_version: 1 });
    expect(answer.json.receipt).not.toBeNull();
    const { json } = await sam.call('GET', `/knowledge/v1/bases/${BASE}`);
    expect(json).toEqual({
      ...registrationOf(sam.id, BASE),
      owner: WORKFORCE,
      contribution_policy: { ...DEFAULT_POLICY, required_approvals: 2 },
      policy_version: 1,
      status: 'active',
      reads: true,
      held: false,
      current: { version: null, generation: 0 },
      version_seq: 0,
      registered_at: answer.json.registered_at,
    });
    const keys = (await registry.call('GET', '/access/keys')).json.keys;
    expect(keys.map((each: { namespaces: string[] }) => each.namespaces)).toContainEqual([
      'kb:acme.example:*',
    ]);
  });

  it('leaves an event that commits to what was said and repeats none of it', async () => {
    const [event, ...more] = await eventsAbout(registry, BASE);
    expect(more).toEqual([]);
    expect(event.leaf.kind).toBe('sealed');
    expect(event).toMatchObject({
      kind: 'KnowledgeBaseRegistered',
      actor: sam.id,
      causationId: null,
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-/),
      data: {
        workforce: WORKFORCE,
        authority_clauses: ['kb-1', 'kc-administer'],
        payload: { knowledge_base_id: BASE, owner: WORKFORCE, sensitivity: 'internal', policy_version: 1 },
      },
    });
    expect(JSON.stringify(event)).not.toContain('Handbook');
    const rows = await registry.sql`select version, event_id from knowledge_policies where base = ${BASE}`;
    expect(rows).toEqual([{ version: 1, event_id: event.id }]);
  });

  it('is registered once; the same key is answered with the same outcome, another request with it is refused', async () => {
    const headers = { 'Idempotency-Key': 'register-other' };
    const first = await register(registrationOf(sam.id, OTHER), sam, headers);
    const before = await governed(registry);
    const again = await register(registrationOf(sam.id, OTHER), sam, headers);
    expect([again.status, again.json.registered_at]).toEqual([201, first.json.registered_at]);
    expect(again.json.receipt.url).toBe(first.json.receipt.url);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    const other = await register(registrationOf(sam.id, OTHER, { title: 'Else' }), sam, headers);
    expect([other.status, other.json.error]).toEqual([409, 'idempotency_conflict']);
    const bare = await register(registrationOf(sam.id, OTHER));
    expect([bare.status, bare.json.error]).toEqual([409, 'already_exists']);
    expect(await governed(registry)).toEqual(before);
  });

  it('is registered once, too, by many at once', async () => {
    const base = 'kb:acme.example:claims:contested' as BaseId;
    const by = await addMember(registry, 'human:acme.example:con', { bases: [base] });
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => register(registrationOf(by.id, base), by)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
    expect(await eventsAbout(registry, base)).toHaveLength(1);
  });
});

describe('who may not register a base', () => {
  it.each<[string, () => Promise<Member>, string, number, string]>([
    [
      'a human whose role names another base',
      () => addMember(registry, 'human:acme.example:elsewhere', { bases: [BASE] }),
      HOSTILE,
      403,
      'authority_denied',
    ],
    [
      'a human whose role only lets him read it',
      () => addMember(registry, 'human:acme.example:reading', { bases: [HOSTILE], operations: ['retrieve'] }),
      HOSTILE,
      403,
      'authority_denied',
    ],
    [
      'a human who is bound as a reviewer only',
      () =>
        addMember(registry, 'human:acme.example:reviewing', { bases: [HOSTILE], capacities: ['reviewer'] }),
      HOSTILE,
      403,
      'human_binding_missing',
    ],
    [
      'a human who is not bound',
      () => addMember(registry, 'human:acme.example:unbound', { bases: [HOSTILE], capacities: [] }),
      HOSTILE,
      403,
      'human_binding_missing',
    ],
    [
      'a worker',
      () => addMember(registry, 'worker:acme.example:claims:robot', { bases: [HOSTILE], owner: sam.id }),
      HOSTILE,
      403,
      'human_binding_missing',
    ],
    [
      'anybody of another workforce',
      async () => sam,
      'kb:acme.example:audit:x',
      404,
      'knowledge_base_not_found',
    ],
  ])('is %s; nothing is registered, and no key made for it', async (_, member, base, status, code) => {
    const by = await member();
    const before = await governed(registry);
    const answer = await register(registrationOf(by.id, base), by);
    expect([answer.status, answer.json.error]).toEqual([status, code]);
    expect(await governed(registry)).toEqual(before);
  });

  it('leaves a record of the attempt', async () => {
    const attempts = await eventsAbout(registry, HOSTILE, 'AuthorityViolationAttempted');
    const missing = attempts.map(({ data }) => data.payload.missing_axis);
    expect(missing).toEqual([
      'knowledge_base',
      'knowledge_base',
      'human_binding',
      'human_binding',
      'human_binding',
    ]);
  });

  it('includes the operator, who has no rights on bases by being one', async () => {
    const answer = await registry.call('POST', '/knowledge/v1/bases', {
      body: registrationOf(sam.id, HOSTILE),
    });
    expect([answer.status, answer.json.error]).toEqual([403, 'principal_required']);
  });
});

describe('a registration', () => {
  const wrong = (more: object) => registrationOf(sam.id, HOSTILE, more);
  const manifest = (more: object) => ({
    data_manifest: { ...registrationOf('', HOSTILE).data_manifest, ...more },
  });
  const retention = (more: object) => ({
    retention: { min_days: 1, min_versions: 1, legal_hold: false, ...more },
  });
  const source = { uri: 'https://acme.example/', purpose: 'x' };

  it.each<[string, object, string]>([
    ['no title', { title: undefined }, '/title'],
    ['a blank title', { title: '  ' }, '/title'],
    ['a title of two lines', { title: 'a\nb' }, '/title'],
    ['half a character for a title', { title: '\ud800' }, '/title'],
    ['a purpose without end', { purpose: 'x'.repeat(2_001) }, '/purpose'],
    ['a worker for a steward', { steward: 'worker:acme.example:claims:robot' }, '/steward'],
    ['a steward who is nobody', { steward: 'human:acme.example:nobody' }, '/steward'],
    ['a steward of another authority', { steward: 'human:other.example:sam' }, '/steward'],
    ['no data manifest', { data_manifest: undefined }, '/data_manifest'],
    ['a list for a data manifest', { data_manifest: [] }, '/data_manifest'],
    ['no source', manifest({ sources: [] }), '/data_manifest/sources'],
    [
      'a source without a purpose',
      manifest({ sources: [{ uri: 'a:b' }] }),
      '/data_manifest/sources/0/purpose',
    ],
    [
      'a source that is no URI',
      manifest({ sources: [{ uri: 'wiki', purpose: 'x' }] }),
      '/data_manifest/sources/0/uri',
    ],
    ['a source twice', manifest({ sources: [source, source] }), '/data_manifest/sources/1'],
    ['an unknown sensitivity', manifest({ sensitivity: 'secret' }), '/data_manifest/sensitivity'],
    ['an unknown country', manifest({ residency: ['au'] }), '/data_manifest/residency/0'],
    ['no country', manifest({ residency: [] }), '/data_manifest/residency'],
    ['no approval model', manifest({ approval_model: undefined }), '/data_manifest/approval_model'],
    [
      'an approval model that is not the policy’s',
      manifest({ approval_model: 'direct' }),
      '/data_manifest/approval_model',
    ],
    ['no retention', { retention: undefined }, '/retention'],
    ['a negative retention', retention({ min_days: -1 }), '/retention/min_days'],
    ['a retention of no version', retention({ min_versions: 0 }), '/retention/min_versions'],
    ['half a day', retention({ min_days: 0.5 }), '/retention/min_days'],
    ['a hold in words', retention({ legal_hold: 'yes' }), '/retention/legal_hold'],
    ['a member nobody knows', { owner: WORKFORCE }, '/owner'],
  ])('with %s is refused, naming where, and nothing is stored', async (_, more, where) => {
    const before = await governed(registry);
    const answer = await register(wrong(more));
    expect([answer.status, answer.json.error]).toEqual([400, 'validation_error']);
    const wheres = answer.json.details.violations.map((each: { where: string }) => each.where);
    expect(wheres).toContain(where);
    expect(await governed(registry)).toEqual(before);
  });

  it.each<[string, object, string, string]>([
    [
      'a floor below one half',
      { confidence_floor: 0.49 },
      'confidence_floor_too_low',
      '/contribution_policy/confidence_floor',
    ],
    [
      'no approvals at all',
      { required_approvals: 0 },
      'policy_invalid',
      '/contribution_policy/required_approvals',
    ],
    ['a rule nobody knows', { anything: 1 }, 'policy_invalid', '/contribution_policy/anything'],
  ])(
    'whose policy has %s is refused as such, and nothing is stored',
    async (_, contribution_policy, code, where) => {
      const before = await governed(registry);
      const answer = await register(wrong({ contribution_policy }));
      expect([answer.status, answer.json.error]).toEqual([422, code]);
      expect(answer.json.details.violations[0].where).toBe(where);
      expect(await governed(registry)).toEqual(before);
    },
  );

  it('is told everything that is wrong at once, the policy’s rules among it', async () => {
    const answer = await register({
      knowledge_base_id: HOSTILE,
      contribution_policy: { mode: 'anarchy', confidence_floor: 0 },
    });
    expect([answer.status, answer.json.error]).toEqual([400, 'validation_error']);
    const wheres = answer.json.details.violations.map((each: { where: string }) => each.where).sort();
    expect(wheres).toEqual([
      '/contribution_policy/confidence_floor',
      '/contribution_policy/mode',
      '/data_manifest',
      '/purpose',
      '/retention',
      '/steward',
      '/title',
    ]);
  });

  it.each(['internal', 'confidential', 'restricted'])(
    'of %s content has no looser mode than that allows',
    async (sensitivity) => {
      const body = registrationOf(sam.id, SECRET, {
        ...manifest({ sensitivity, approval_model: 'direct' }),
        contribution_policy: { mode: 'direct' },
      });
      const before = await governed(registry);
      const answer = await register(body);
      if (sensitivity === 'internal') expect(answer.status).toBe(201);
      else {
        expect([answer.status, answer.json.error]).toEqual([422, 'policy_invalid']);
        expect(await governed(registry)).toEqual(before);
      }
    },
  );

  it.each<[string, unknown]>([
    ['none', undefined],
    ['a number', 7],
    ['one with a version', `${HOSTILE}@current`],
    ['one in capitals', HOSTILE.toUpperCase()],
    ['a URL', 'kb://acme.example/claims/hostile'],
  ])('whose id is %s is refused', async (_, knowledge_base_id) => {
    const answer = await register(wrong({ knowledge_base_id }));
    expect([answer.status, answer.json.error]).toEqual([400, 'invalid_knowledge_base_id']);
  });
});

describe('the list of bases', () => {
  it('has those that a role lets be reached, and no others', async () => {
    const idsFor = async (by: Member) =>
      (await by.call('GET', '/knowledge/v1/bases')).json.bases.map(
        (each: { knowledge_base_id: string }) => each.knowledge_base_id,
      );
    expect(await idsFor(sam)).toEqual([BASE, OTHER, SECRET]);
    const narrow = await addMember(registry, 'human:acme.example:narrow', {
      bases: [OTHER],
      operations: ['propose'],
    });
    expect(await idsFor(narrow)).toEqual([OTHER]);
    const { json } = await narrow.call('GET', '/knowledge/v1/bases');
    expect(json.bases[0]).toEqual({
      knowledge_base_id: OTHER,
      title: 'Handbook',
      sensitivity: 'internal',
      current: null,
      generation: 0,
      status: 'active',
    });
    expect((await narrow.call('GET', `/knowledge/v1/bases/${OTHER}`)).status).toBe(200);
    const foreign = await narrow.call('GET', `/knowledge/v1/bases/${BASE}`);
    expect([foreign.status, foreign.json.error]).toEqual([403, 'authority_denied']);
    const absent = await narrow.call('GET', '/knowledge/v1/bases/kb:acme.example:audit:x');
    expect([absent.status, absent.json.error]).toEqual([404, 'knowledge_base_not_found']);
  });
});
