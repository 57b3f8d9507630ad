// Principals: who may be registered, who stands behind whom, and that an ended one never acts again.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordsOfAccount } from '../../src/access/workforces/principal-store.ts';
import { accountWith } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { CLAIMS, grantOf, HANDLER, openedOf, type Staff, staffIn } from './staff.ts';

let registry: TestRegistry;
let staff: Staff;
const ADA = 'human:acme.example:ada';
const READER = 'worker:acme.example:claims:reader';

beforeAll(async () => {
  registry = await startRegistry();
  staff = await staffIn(registry);
  await register({ principal: ADA, workforce: CLAIMS, account: 'people' });
});
afterAll(() => registry.stop());

const register = (body: object, token?: string) =>
  staff.call('POST', '/access/principals', token === undefined ? { body } : { body, token });
const end = (id: string) => staff.call('DELETE', `/access/principals/${id}`);
const worker = (name: string, more: object = {}) => ({
  principal: `worker:acme.example:claims:${name}`,
  account: 'agents',
  owner: ADA,
  ...more,
});
const recordOf = async (account: string, id: string) =>
  (await recordsOfAccount(registry.sql, account)).find((each) => each.id === id);

describe('a principal', () => {
  it('is a human of the authority, or a worker of the workforce with an owner', async () => {
    const human = await register({ principal: 'human:acme.example:ben', account: 'people', role: HANDLER });
    expect([human.status, human.json.workforce]).toEqual([201, CLAIMS]);
    const answer = await register(worker('reader', { role: HANDLER }));
    expect(answer.status).toBe(201);
    expect(answer.json).toMatchObject({ principal: READER, owner: ADA, delegated_by: [], ended_at: null });
    const { leaf, event } = await openedOf(registry, `principal:${READER}`);
    expect(leaf.kind).toBe('sealed');
    expect(event.data).toMatchObject({ workforce: CLAIMS, account: 'agents', role: HANDLER, owner: ADA });
  });

  it('acts with what its role grants, and with everybody who stands behind it', async () => {
    await register(worker('helper', { owner: READER, delegated_by: ['human:acme.example:ben'] }));
    const found = await recordOf('agents', 'worker:acme.example:claims:helper');
    expect(found?.authority).toEqual({ knowledge_bases: [], knowledge_capabilities: [] });
    expect(found?.closure).toEqual([
      'account:agents',
      'account:people',
      ADA,
      'human:acme.example:ben',
      'worker:acme.example:claims:helper',
      READER,
    ]);
    expect((await recordOf('agents', READER))?.authority).toEqual(grantOf());
  });

  it.each<[string, () => object, number, string]>([
    ['a worker without an owner', () => worker('lost', { owner: undefined }), 400, 'validation_error'],
    [
      'a worker that owns itself',
      () => worker('self', { owner: 'worker:acme.example:claims:self' }),
      400,
      'validation_error',
    ],
    [
      'a worker that acts for itself',
      () => worker('self', { delegated_by: ['worker:acme.example:claims:self'] }),
      400,
      'validation_error',
    ],
    [
      'a worker of somebody unknown',
      () => worker('lost', { owner: 'human:acme.example:nobody' }),
      400,
      'validation_error',
    ],
    [
      'a human with an owner',
      () => ({ principal: 'human:acme.example:cy', account: 'people', owner: ADA }),
      400,
      'validation_error',
    ],
    [
      'a human of another authority',
      () => ({ principal: 'human:other.example:cy', workforce: CLAIMS, account: 'people' }),
      400,
      'validation_error',
    ],
    [
      'a worker named after another workforce',
      () => ({ ...worker('x'), principal: 'worker:acme.example:audit:x', workforce: CLAIMS }),
      400,
      'validation_error',
    ],
    [
      'a worker of a workforce that is none',
      () => ({ ...worker('x'), principal: 'worker:acme.example:audit:x' }),
      404,
      'not_found',
    ],
    ['an account that is none', () => worker('x', { account: 'nobody' }), 400, 'validation_error'],
    [
      'a role that is none',
      () => worker('x', { role: 'role:acme.example:none/v1' }),
      400,
      'validation_error',
    ],
    ['a runtime', () => ({ principal: 'runtime:acme.example', account: 'people' }), 400, 'validation_error'],
    ['a name in capitals', () => worker('X'), 400, 'validation_error'],
    [
      'anybody with a member that nobody knows',
      () => worker('x', { delegators: [ADA] }),
      400,
      'validation_error',
    ],
    ['a list for a name', () => ({ principal: [ADA], account: 'people' }), 400, 'validation_error'],
    [
      'too many who delegate',
      () => worker('x', { delegated_by: Array.from({ length: 17 }, () => ADA) }),
      400,
      'validation_error',
    ],
    ['a name that is taken', () => ({ principal: ADA, account: 'people' }), 409, 'already_exists'],
  ])('is not %s, and nothing is stored', async (_, body, status, code) => {
    const before = await staff.everything();
    const answer = await register(body());
    expect([answer.status, answer.json.error]).toEqual([status, code]);
    expect(await staff.everything()).toEqual(before);
  });

  it('is registered by nobody else than the steward and the operator', async () => {
    const idle = await accountWith(registry.call, 'idle', ['knowledge:write']);
    const other = await accountWith(registry.call, 'other', ['workforces:manage']);
    const before = await staff.everything();
    expect((await register(worker('y'), idle)).json.details.missingScope).toBe('workforces:manage');
    expect((await register(worker('y'), other)).status).toBe(404);
    expect(await staff.everything()).toEqual(before);
    expect((await register(worker('y'), registry.adminToken)).status).toBe(201);
  });

  it('cannot have endlessly many behind it', async () => {
    let owner = ADA;
    const statuses: number[] = [];
    for (let depth = 0; depth < 64; depth += 1) {
      const name = `deep-${depth}`;
      statuses.push((await register(worker(name, { owner }))).status);
      owner = `worker:acme.example:claims:${name}`;
    }
    const last = statuses.lastIndexOf(201);
    expect(statuses.slice(0, last + 1).every((status) => status === 201)).toBe(true);
    expect(statuses.slice(last + 1).every((status) => status === 400)).toBe(true);
    const deepest = await recordOf('agents', `worker:acme.example:claims:deep-${last}`);
    expect(deepest?.closure).toHaveLength(64);
  });
});

describe('one’s own principals', () => {
  it('are shown to everybody, those of a workforce to its manager only', async () => {
    const token = await accountWith(registry.call, 'people', ['knowledge:read']);
    const own = (await staff.call('GET', '/access/principals?account=own', { token })).json.principals;
    expect(own.map((each: { principal: string }) => each.principal)).toEqual([ADA, 'human:acme.example:ben']);
    const path = `/access/principals?workforce=${CLAIMS}`;
    expect((await staff.call('GET', path, { token })).status).toBe(403);
    const all = (await staff.call('GET', path)).json.principals;
    expect(all.length).toBeGreaterThan(own.length);
    expect((await staff.call('GET', '/access/principals')).status).toBe(400);
  });
});

describe('another role', () => {
  it('holds at once, and the same again changes nothing', async () => {
    const next = {
      workforce: CLAIMS,
      role: 'role:acme.example:handler/v2',
      authority_grant: grantOf(['propose'], ['propose']),
    };
    await staff.call('POST', '/access/roles', { body: next });
    const path = `/access/principals/${READER}/role`;
    const answer = await staff.call('POST', path, { body: { role: next.role } });
    expect([answer.status, answer.json.role]).toEqual([200, next.role]);
    expect((await recordOf('agents', READER))?.authority).toEqual(next.authority_grant);
    const { event } = await openedOf(registry, `principal:${READER}`);
    expect(event).toMatchObject({ kind: 'principal.reassigned', data: { from: HANDLER, to: next.role } });
    const [first] = await registry.sql<{ id: string }[]>`
      select id from events where subject = ${`principal:${READER}`} order by xact, ordinal limit 1`;
    expect(event.causationId).toBe(first?.id);
    const before = await staff.everything();
    expect((await staff.call('POST', path, { body: { role: next.role } })).status).toBe(200);
    expect(await staff.everything()).toEqual(before);
  });

  it('may be none, which grants nothing', async () => {
    await staff.call('POST', `/access/principals/${READER}/role`, { body: { role: null } });
    expect((await recordOf('agents', READER))?.authority.knowledge_bases).toEqual([]);
  });

  it.each([
    ['of another workforce', { role: 'role:acme.example:none/v1' }],
    ['left out', {}],
  ])('that is %s is refused, and nothing changes', async (_, body) => {
    const before = await staff.everything();
    const answer = await staff.call('POST', `/access/principals/${READER}/role`, { body });
    expect(answer.json.error).toBe('validation_error');
    expect(await staff.everything()).toEqual(before);
  });
});

describe('the end of a principal', () => {
  it('is that of a worker in the protocol’s own words, and leaves its proposals to humans', async () => {
    const id = 'worker:acme.example:claims:proposer';
    await register(worker('proposer'));
    await openProposals(id, ['in_review', 'changes_requested', 'accepted']);
    expect((await end(id)).status).toBe(204);
    const { leaf, event } = await openedOf(registry, id);
    expect(leaf.kind).toBe('sealed');
    expect(event).toMatchObject({ kind: 'WorkerDecommissioned', actor: 'account:acme', subject: id });
    expect(event.data).toMatchObject({ workforce: CLAIMS, payload: { worker: id, open_contributions: 2 } });
    expect(event.causationId).toMatch(/-/);
    const rows = await registry.sql<{ state: string; reasons: string[]; moves: number }[]>`
      select state, reasons, moves from knowledge_contributions where proposer = ${id} order by id`;
    expect(rows.map(({ reasons, moves }) => [reasons, moves])).toEqual([
      [['policy_reviewed', 'proposer_decommissioned'], 1],
      [['policy_reviewed', 'proposer_decommissioned'], 1],
      [['policy_reviewed'], 0],
    ]);
  });

  const openProposals = async (proposer: string, states: readonly string[]) => {
    await registry.sql`
      insert into knowledge_bases (id, workforce, registration, sensitivity, policy, policy_version, registered_at, event_id)
      values ('kb:acme.example:claims:handbook', ${CLAIMS}, '{}', 'internal', '{}', 1, now(), 'x') on conflict do nothing`;
    for (const [at, state] of states.entries())
      await registry.sql`
        insert into knowledge_contributions (id, base, proposer, account, closure, state, revision, digest, policy_version,
          reasons, sources, revisions_left, proposed_at, revised_at, expires_at, last_event)
        values (${`c-${proposer}-${at}`}, 'kb:acme.example:claims:handbook', ${proposer}, 'agents', '{}', ${state}, 1, 'd', 1,
          '{policy_reviewed}', '[]', 3, now(), now(), now(), 'x')`;
  };

  it('is that of a human, too; the name is never taken up again', async () => {
    const id = 'human:acme.example:leaving';
    await register({ principal: id, account: 'people' });
    await openProposals(id, ['in_review']);
    expect((await end(id)).status).toBe(204);
    expect(await staff.kindsOf(`principal:${id}`)).toEqual(['principal.registered', 'principal.ended']);
    expect((await openedOf(registry, `principal:${id}`)).event.data.open_contributions).toBe(1);
    expect(await recordOf('people', id)).toBeUndefined();
    const before = await staff.everything();
    expect((await register({ principal: id, account: 'people' })).json.error).toBe('already_exists');
    expect((await end(id)).status).toBe(404);
    const path = `/access/principals/${id}/role`;
    expect((await staff.call('POST', path, { body: { role: HANDLER } })).status).toBe(404);
    expect((await register(worker('orphan', { owner: id }))).json.error).toBe('validation_error');
    expect(await staff.everything()).toEqual(before);
  });

  it('is refused while others answer to it, naming them', async () => {
    const before = await staff.everything();
    const answer = await end('human:acme.example:ben');
    expect([answer.status, answer.json.error]).toEqual([409, 'principal_in_use']);
    expect(answer.json.details.principals).toEqual(['worker:acme.example:claims:helper']);
    expect(await staff.everything()).toEqual(before);
    expect((await end('worker:acme.example:claims:helper')).status).toBe(204);
    expect((await end('human:acme.example:ben')).status).toBe(204);
  });

  it.each([
    ['somebody unknown', 'human:acme.example:nobody'],
    ['no name at all', 'everybody'],
    ['a runtime', 'runtime:acme.example'],
  ])('of %s is none', async (_, id) => {
    expect((await end(id)).status).toBe(404);
  });

  it('is nothing that another steward brings about', async () => {
    const token = await accountWith(registry.call, 'foreign', ['workforces:manage']);
    const before = await staff.everything();
    expect((await staff.call('DELETE', `/access/principals/${ADA}`, { token })).status).toBe(404);
    expect(await staff.everything()).toEqual(before);
  });
});
