// Roles in the form of draft 0.1: translated when they are declared, marked, and refused where they could mean anything.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate, type RoleAuthority } from '../../src/access/workforces/authority.ts';
import { readAccess, translateAccess } from '../../src/access/workforces/knowledge-access.ts';
import { newFindings } from '../../src/protocol/findings.ts';
import type { BaseId, WorkforceId } from '../../src/protocol/knowledge/ids.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { CLAIMS, HANDBOOK, openedOf, type Staff, staffIn } from './staff.ts';

const VERSION = 'bafyreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku';
const kind = (verb: string) => `capability:acme.example:knowledge.${verb}/v1`;

const translated = (entries: readonly unknown[]): RoleAuthority => {
  const the = newFindings();
  const read = readAccess(the, entries, '/knowledge_access', CLAIMS as WorkforceId);
  expect(the.violations).toEqual([]);
  return translateAccess(read);
};
const kindsIn = ({ knowledge_capabilities }: RoleAuthority) =>
  knowledge_capabilities.map(({ capability_kind }) => capability_kind as string);

describe('translating an entry', () => {
  it.each<[string, unknown, object]>([
    ['a base', HANDBOOK, { operations: ['retrieve'], versions: 'current' }],
    [
      'a base at its current version',
      `${HANDBOOK}@current`,
      { operations: ['retrieve'], versions: 'current' },
    ],
    ['a base at one version', `${HANDBOOK}@${VERSION}`, { operations: ['retrieve'], versions: [VERSION] }],
    [
      'a bare name, as a base of the workforce',
      'handbook',
      { operations: ['retrieve'], versions: 'current' },
    ],
    [
      'a base with operations',
      { knowledge_base_id: HANDBOOK, operations: ['propose'] },
      { operations: ['propose'], versions: 'current' },
    ],
  ])('reads %s narrowly, and marks it', (_, entry, expected) => {
    expect(translated([entry]).knowledge_bases).toEqual([
      { clause: 'kb-1', knowledge_base_id: HANDBOOK, ...expected, inferred: true },
    ]);
  });

  it('infers the capabilities by which the named operations are done, where none is named', () => {
    expect(kindsIn(translated([HANDBOOK, 'handbook']))).toEqual([kind('get'), kind('list'), kind('search')]);
    expect(kindsIn(translated([{ knowledge_base_id: HANDBOOK, operations: ['propose', 'review'] }]))).toEqual(
      [kind('propose'), kind('review')],
    );
    expect(translated([HANDBOOK]).knowledge_capabilities.every(({ inferred }) => inferred)).toBe(true);
  });

  it('takes named capabilities for all there are', () => {
    const authority = translated([HANDBOOK, kind('get')]);
    expect(kindsIn(authority)).toEqual([kind('get')]);
    const asked = { base: HANDBOOK as BaseId, operation: 'retrieve', selector: 'current' } as const;
    expect(evaluate(authority, { ...asked, verb: 'get' })).toEqual({
      granted: true,
      clauses: ['kb-1', 'kc-1'],
    });
    expect(evaluate(authority, { ...asked, verb: 'search' })).toMatchObject({
      missing: 'knowledge_capability',
    });
  });

  it.each<[string, unknown]>([
    ['a wildcard', '*'],
    ['a wildcard for a base', 'kb:acme.example:claims:*'],
    ['a version that is none', `${HANDBOOK}@latest`],
    ['two versions', `${HANDBOOK}@current@current`],
    ['a path', '../handbook'],
    ['a capability of no version', 'capability:acme.example:knowledge.get'],
    ['a capability of all verbs', kind('*')],
    ['nothing', ''],
    ['a number', 1],
    ['null', null],
    ['a list', [HANDBOOK]],
    ['an object without a base', { operations: ['retrieve'] }],
    ['an object with more', { knowledge_base_id: HANDBOOK, inferred: false }],
    ['no operation', { knowledge_base_id: HANDBOOK, operations: [] }],
    ['an unknown operation', { knowledge_base_id: HANDBOOK, operations: ['write'] }],
  ])('refuses %s', (_, entry) => {
    const the = newFindings();
    readAccess(the, [HANDBOOK, entry], '/knowledge_access', CLAIMS as WorkforceId);
    expect(the.violations.length).toBeGreaterThan(0);
    expect(the.violations.every(({ where }) => where.startsWith('/knowledge_access/1'))).toBe(true);
  });
});

describe('declaring a role in the older form', () => {
  let registry: TestRegistry;
  let staff: Staff;
  beforeAll(async () => {
    registry = await startRegistry();
    staff = await staffIn(registry);
    await registry.call('POST', '/access/workforces', {
      body: { workforce: 'workforce:acme.example:audit', steward: 'acme' },
    });
    for (const [id, workforce] of [
      [HANDBOOK, CLAIMS],
      ['kb:acme.example:audit:secrets', 'workforce:acme.example:audit'],
    ] as const)
      await registry.sql`
        insert into knowledge_bases (id, workforce, registration, sensitivity, policy, policy_version, registered_at, event_id)
        values (${id}, ${workforce}, '{}', 'internal', '{}', 1, now(), 'x')`;
  });
  afterAll(() => registry.stop());

  const declare = (name: string, knowledge_access: unknown) =>
    staff.call('POST', '/access/roles', {
      body: { workforce: CLAIMS, role: `role:acme.example:${name}/v1`, knowledge_access },
    });

  it('keeps it beside what it was translated into, and says in the log that it was', async () => {
    const answer = await declare('older', [HANDBOOK]);
    expect(answer.status).toBe(201);
    expect(answer.json).toMatchObject({
      knowledge_access: [HANDBOOK],
      authority_grant: { knowledge_bases: [{ knowledge_base_id: HANDBOOK, inferred: true }] },
    });
    const { event } = await openedOf(registry, 'role:acme.example:older/v1');
    expect(event.data.inferred).toBe(true);
    const { roles } = (await staff.call('GET', `/access/roles?workforce=${CLAIMS}`)).json;
    const listed = roles.find((each: { role: string }) => each.role === 'role:acme.example:older/v1');
    expect(listed.knowledge_access).toEqual([HANDBOOK]);
  });

  it('again with the same entries changes nothing; with others it is refused', async () => {
    const before = await staff.everything();
    expect((await declare('older', [HANDBOOK])).status).toBe(200);
    expect((await declare('older', ['handbook'])).json.error).toBe('already_exists');
    expect(await staff.everything()).toEqual(before);
  });

  it.each([
    ['a base that is not there', ['handbook', 'absent'], '/knowledge_access/1'],
    ['a base that is not there, by its whole name', ['kb:acme.example:claims:absent'], '/knowledge_access/0'],
    [
      'a base of another workforce, as if it were not there',
      ['kb:acme.example:audit:secrets'],
      '/knowledge_access/0',
    ],
    ['a base of another authority', ['kb:other.example:claims:handbook'], '/knowledge_access/0'],
  ])('is refused where it names %s, and nothing is granted', async (_, entries, where) => {
    const before = await staff.everything();
    const answer = await declare('vague', entries);
    expect([answer.status, answer.json.error]).toEqual([400, 'validation_error']);
    expect(answer.json.details.violations).toMatchObject([{ code: 'knowledge_base_not_found', where }]);
    expect(await staff.everything()).toEqual(before);
  });
});
