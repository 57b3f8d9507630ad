// Workforces and their roles: who may declare them, what a role may say, and that it is never changed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountWith } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { CLAIMS, grantOf, HANDBOOK, HANDLER, openedOf, type Staff, staffIn } from './staff.ts';

let registry: TestRegistry;
let staff: Staff;
beforeAll(async () => {
  registry = await startRegistry();
  staff = await staffIn(registry);
});
afterAll(() => registry.stop());

const declare = (body: object, token?: string) =>
  staff.call('POST', '/access/roles', token === undefined ? { body } : { body, token });
const roleNamed = (name: string, more: object = {}) => ({
  workforce: CLAIMS,
  role: `role:acme.example:${name}/v1`,
  authority_grant: grantOf(),
  ...more,
});

describe('a workforce', () => {
  it('is registered by the operator, for a steward who may staff it', async () => {
    const body = { workforce: 'workforce:acme.example:audit', steward: 'acme' };
    const answer = await registry.call('POST', '/access/workforces', { body });
    expect(answer.status).toBe(201);
    expect(answer.json).toMatchObject(body);
    expect(await staff.kindsOf(body.workforce)).toEqual(['workforce.registered']);
  });

  it.each([
    ['by its steward-to-be', () => staff.steward, 'acme', 'workforce:acme.example:own', 403, 'forbidden'],
    [
      'for an account that is none',
      () => registry.adminToken,
      'nobody',
      'workforce:acme.example:own',
      400,
      'validation_error',
    ],
    ['a second time', () => registry.adminToken, 'acme', CLAIMS, 409, 'already_exists'],
    ['under no name', () => registry.adminToken, 'acme', 'workforce:acme.example', 400, 'validation_error'],
  ])('is not registered %s, and nothing is stored', async (_, token, steward, workforce, status, code) => {
    const before = await staff.everything();
    const answer = await registry.call('POST', '/access/workforces', {
      token: token(),
      body: { workforce, steward },
    });
    expect([answer.status, answer.json.error]).toEqual([status, code]);
    expect(await staff.everything()).toEqual(before);
  });

  it('is listed to its steward, to whoever acts in it and to the operator, and to nobody else', async () => {
    const listed = async (token: string) =>
      (await staff.call('GET', '/access/workforces', { token })).json.workforces.map(
        (each: { workforce: string }) => each.workforce,
      );
    const stranger = await accountWith(registry.call, 'stranger', ['workforces:manage', 'knowledge:read']);
    const member = await accountWith(registry.call, 'member', ['knowledge:read']);
    expect(await listed(member)).toEqual([]);
    const body = { principal: 'human:acme.example:member', workforce: CLAIMS, account: 'member' };
    expect((await staff.call('POST', '/access/principals', { body })).status).toBe(201);
    expect(await listed(member)).toEqual([CLAIMS]);
    expect(await listed(staff.steward)).toContain(CLAIMS);
    expect(await listed(registry.adminToken)).toContain(CLAIMS);
    expect(await listed(stranger)).toEqual([]);
  });
});

describe('a role', () => {
  it('is declared once: the same again changes nothing, another content is refused', async () => {
    const body = roleNamed('writer', {
      authority_grant: grantOf(['retrieve', 'propose'], ['get', 'propose']),
    });
    const first = await declare(body);
    expect([first.status, first.json.created]).toEqual([201, true]);
    expect(first.json.authority_grant).toEqual(body.authority_grant);
    const before = await staff.everything();
    const again = await declare(body);
    expect([again.status, again.json.created]).toEqual([200, false]);
    const other = await declare({ ...body, authority_grant: grantOf(['administer'], ['administer']) });
    expect([other.status, other.json.error]).toEqual([409, 'already_exists']);
    expect(await staff.everything()).toEqual(before);
    const next = await declare({ ...body, role: 'role:acme.example:writer/v2', authority_grant: grantOf() });
    expect(next.status).toBe(201);
  });

  it('enters the log as a commitment to a digest of what it grants', async () => {
    const { leaf, event } = await openedOf(registry, HANDLER);
    expect(leaf.kind).toBe('sealed');
    expect(event).toMatchObject({ kind: 'role.declared', actor: 'account:acme' });
    expect(event.data.authority_hash).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(JSON.stringify(leaf)).not.toContain('acme');
  });

  it('is declared by the operator, too, and needs no workforce to be named where there is one only', async () => {
    const { workforce: _, ...body } = roleNamed('unnamed');
    const lonely = await accountWith(registry.call, 'lonely', ['workforces:manage']);
    await registry.call('POST', '/access/workforces', {
      body: { workforce: 'workforce:lonely.example:all', steward: 'lonely' },
    });
    const own = await declare({ ...body, role: 'role:lonely.example:reader/v1' }, lonely);
    expect([own.status, own.json.workforce]).toEqual([201, 'workforce:lonely.example:all']);
    const several = await declare(body, registry.adminToken);
    expect([several.status, several.json.details.field]).toEqual([400, 'workforce']);
    expect((await declare(roleNamed('operated'), registry.adminToken)).status).toBe(201);
  });

  it('is shown to whoever acts in the workforce or manages it', async () => {
    const member = await accountWith(registry.call, 'shown', ['knowledge:read']);
    const path = `/access/roles?workforce=${CLAIMS}`;
    expect((await staff.call('GET', path, { token: member })).status).toBe(403);
    const body = { principal: 'human:acme.example:shown', workforce: CLAIMS, account: 'shown' };
    await staff.call('POST', '/access/principals', { body });
    const { roles } = (await staff.call('GET', path, { token: member })).json;
    expect(roles.find((each: { role: string }) => each.role === HANDLER)).toMatchObject({
      workforce: CLAIMS,
      authority_grant: grantOf(),
    });
    expect((await staff.call('GET', '/access/roles')).status).toBe(400);
  });

  it.each([
    ['without the scope', ['knowledge:write'], 'acme', 403, 'forbidden'],
    ['by the steward of another workforce', ['workforces:manage'], 'neighbour', 404, 'not_found'],
  ])('is not declared %s, and nothing is stored', async (_, scopes, account, status, code) => {
    const token = await accountWith(registry.call, account, scopes);
    const before = await staff.everything();
    const answer = await declare(roleNamed('intruder'), token);
    expect([answer.status, answer.json.error]).toEqual([status, code]);
    expect(await staff.everything()).toEqual(before);
  });

  it('of an unknown workforce is answered exactly as one of somebody else’s', async () => {
    const token = await accountWith(registry.call, 'curious', ['workforces:manage']);
    const strip = ({ json }: { json: { details: object } }) => ({ ...json, details: null });
    const [real, none] = [
      await declare(roleNamed('a'), token),
      await declare(roleNamed('a', { workforce: 'workforce:acme.example:none' }), token),
    ];
    expect(strip(real)).toEqual(strip(none));
  });

  const base = { clause: 'kb-1', knowledge_base_id: HANDBOOK, operations: ['retrieve'], versions: 'any' };
  const capability = { clause: 'kc-1', capability_kind: 'capability:acme.example:knowledge.get/v1' };
  const grant = (bases: unknown, capabilities: unknown = [capability]) => ({
    authority_grant: { knowledge_bases: bases, knowledge_capabilities: capabilities },
  });

  it.each<[string, object, string]>([
    ['no grant at all', { authority_grant: undefined }, '/authority_grant'],
    ['a grant that is a list', { authority_grant: [] }, '/authority_grant'],
    ['an unknown member', { extra: 1 }, '/extra'],
    ['another authority', { role: 'role:other.example:handler/v1' }, '/role'],
    ['a role without a version', { role: 'role:acme.example:handler' }, '/role'],
    ['a role that is a number', { role: 7 }, '/role'],
    [
      'a wildcard for bases',
      grant([{ ...base, knowledge_base_id: 'kb:acme.example:claims:*' }]),
      '/authority_grant/knowledge_bases/0/knowledge_base_id',
    ],
    [
      'a base pinned in its id',
      grant([{ ...base, knowledge_base_id: `${HANDBOOK}@current` }]),
      '/authority_grant/knowledge_bases/0/knowledge_base_id',
    ],
    [
      'an unknown operation',
      grant([{ ...base, operations: ['retrieve', 'own'] }]),
      '/authority_grant/knowledge_bases/0/operations/1',
    ],
    ['no operation', grant([{ ...base, operations: [] }]), '/authority_grant/knowledge_bases/0/operations'],
    [
      'an operation twice',
      grant([{ ...base, operations: ['retrieve', 'retrieve'] }]),
      '/authority_grant/knowledge_bases/0/operations/1',
    ],
    ['no versions', grant([{ ...base, versions: undefined }]), '/authority_grant/knowledge_bases/0/versions'],
    [
      'a version that is none',
      grant([{ ...base, versions: ['v1'] }]),
      '/authority_grant/knowledge_bases/0/versions/0',
    ],
    [
      'writing to another workforce’s base',
      grant([{ ...base, knowledge_base_id: 'kb:acme.example:audit:x', operations: ['propose'] }]),
      '/authority_grant/knowledge_bases/0/operations',
    ],
    [
      'a wildcard for capabilities',
      grant([base], [{ ...capability, capability_kind: 'capability:acme.example:knowledge.*/v1' }]),
      '/authority_grant/knowledge_capabilities/0/capability_kind',
    ],
    [
      'a clause that claims to be inferred',
      grant([{ ...base, inferred: true }]),
      '/authority_grant/knowledge_bases/0/inferred',
    ],
    [
      'one clause name for two clauses',
      grant([base], [{ ...capability, clause: 'kb-1' }]),
      '/authority_grant/1',
    ],
    [
      'a clause name with blanks',
      grant([{ ...base, clause: 'kb 1' }]),
      '/authority_grant/knowledge_bases/0/clause',
    ],
    ['too many clauses', grant(Array.from({ length: 257 }, () => null)), '/authority_grant/knowledge_bases'],
    ['both forms', { knowledge_access: [HANDBOOK] }, '/knowledge_access'],
    ['an empty older form', { authority_grant: undefined, knowledge_access: [] }, '/knowledge_access'],
    ['a prototype for a member', JSON.parse('{"__proto__": {"admin": true}}'), '/__proto__'],
  ])('with %s is refused, naming where, and nothing is stored', async (_, more, where) => {
    const before = await staff.everything();
    const answer = await declare(roleNamed('hostile', more));
    expect([answer.status, answer.json.error]).toEqual([400, 'validation_error']);
    expect(answer.json.details.violations.map((each: { where: string }) => each.where)).toContain(where);
    expect(await staff.everything()).toEqual(before);
  });

  it('is told everything that is wrong at once', async () => {
    const answer = await declare(
      roleNamed('wrong', grant([{ ...base, clause: '', operations: ['fly'] }], [{ clause: 'kc-1' }])),
    );
    expect(answer.json.details.violations).toHaveLength(3);
  });

  it('that grants nothing on either axis is a role', async () => {
    expect((await declare(roleNamed('idle', grant([], [])))).status).toBe(201);
  });
});
