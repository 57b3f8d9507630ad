// Who acts: a token, the one of its account's principals that is named, and the trace it comes in.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PrincipalId } from '../../src/protocol/knowledge/ids.ts';
import { type ActingWorld, ADA, READER, ROLE, startActingWorld, WORKFORCE } from './acting-world.ts';

let world: ActingWorld;
let people: string;
let agents: string;
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`;
const BOTH = ['knowledge:read', 'knowledge:write'] as const;

beforeAll(async () => {
  world = await startActingWorld();
  people = await world.tokenOf('people', BOTH);
  agents = await world.tokenOf('agents', BOTH);
});
afterAll(() => world.drop());

const ask = (
  authorization: string | undefined,
  { principal, traceparent }: { readonly principal?: string; readonly traceparent?: string } = {},
  scope: (typeof BOTH)[number] = 'knowledge:read',
) => world.whoActs({ authorization, principal, traceparent }, scope);

const another = (principal: string, account: string, owner?: PrincipalId) =>
  world.workforces.routes.registerPrincipal(world.steward, {
    principal: principal as PrincipalId,
    workforce: WORKFORCE,
    account,
    role: ROLE,
    owner,
    delegatedBy: [],
  });

describe('a request', () => {
  it('acts as the only principal of its account, in its role', async () => {
    const acting = await ask(people);
    expect(acting).toMatchObject({ id: ADA, workforce: WORKFORCE, account: 'people', role: ROLE });
    expect(acting.closure).toEqual(['account:people', ADA]);
  });

  it.each([
    ['nobody', undefined, 'unauthenticated'],
    ['a token that is none', 'Bearer att_x', 'unauthenticated'],
  ])('of %s is refused', async (_, header, code) => {
    await expect(ask(header)).rejects.toMatchObject({ code });
  });

  it('needs the very scope, whatever else the token may do', async () => {
    const reads = await world.tokenOf('people', ['knowledge:read', 'workforces:manage', 'admin']);
    expect((await ask(reads)).id).toBe(ADA);
    await expect(ask(reads, {}, 'knowledge:write')).rejects.toMatchObject({
      code: 'forbidden',
      details: { missingScope: 'knowledge:write' },
    });
  });

  it('of an account without a principal is refused, the operator’s not excepted', async () => {
    const operator = await world.tokenOf('operator', ['admin', 'knowledge:read']);
    await expect(ask(operator)).rejects.toMatchObject({
      code: 'principal_required',
      details: { principals: [] },
    });
  });

  it('says as whom where its account acts as several', async () => {
    const second = 'human:acme.example:ada-at-night';
    await another(second, 'people');
    await expect(ask(people)).rejects.toMatchObject({
      code: 'principal_required',
      details: { principals: [ADA, second] },
    });
    expect((await ask(people, { principal: second })).id).toBe(second);
    expect((await ask(people, { principal: ADA })).id).toBe(ADA);
    await world.workforces.routes.endPrincipal(world.steward, second as PrincipalId);
    expect((await ask(people)).id).toBe(ADA);
  });

  it.each([
    ['another account’s', READER],
    ['an unknown one', 'human:acme.example:nobody'],
    ['no name at all', 'ada'],
    ['another spelling', 'HUMAN:acme.example:ada'],
  ])('that names %s is refused', async (_, principal) => {
    await expect(ask(people, { principal })).rejects.toMatchObject({ code: 'principal_required' });
  });
});

describe('a trace', () => {
  it('is gone on with where one came', async () => {
    for (const header of [people, agents]) {
      const { trace } = await ask(header, { traceparent: TRACEPARENT });
      expect(trace.traceId).toBe(TRACE);
      expect(trace.traceparent).not.toBe(TRACEPARENT);
    }
  });

  it('is begun for a human, and required of a worker', async () => {
    expect((await ask(people)).trace.traceId).toMatch(/^[0-9a-f]{32}$/);
    await expect(ask(agents)).rejects.toMatchObject({ code: 'traceparent_required' });
  });

  it.each([
    ['no trace', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
    ['no span', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['capitals', TRACEPARENT.toUpperCase()],
    ['too much', `${TRACEPARENT}-00`],
    ['too little', `00-${TRACE}`],
    ['a version that is none', TRACEPARENT.replace('00-', 'ff-')],
    ['text', 'x'],
  ])('with %s is none: a worker is refused, a human gets one', async (_, traceparent) => {
    await expect(ask(agents, { traceparent })).rejects.toMatchObject({ code: 'traceparent_required' });
    expect((await ask(people, { traceparent })).trace.traceId).not.toBe(TRACE);
  });
});

describe('every process', () => {
  it('learns of principals that came, changed and ended', async () => {
    const other = await world.anotherProcess();
    const idsIn = async ({ principalsOf } = other.workforces) =>
      (await principalsOf('agents')).map(({ id, role }) => `${id} ${role ?? 'idle'}`);
    const worker = 'worker:acme.example:claims:seen' as PrincipalId;
    const { routes } = world.workforces;
    try {
      expect(await idsIn()).toEqual([`${READER} ${ROLE}`]);
      await another(worker, 'agents', ADA);
      await expect.poll(() => idsIn(), { interval: 5 }).toContain(`${worker} ${ROLE}`);
      await routes.reassignRole(world.steward, worker, null);
      await expect.poll(() => idsIn(), { interval: 5 }).toContain(`${worker} idle`);
      await routes.endPrincipal(world.steward, worker);
      expect(await idsIn(world.workforces)).toEqual([`${READER} ${ROLE}`]);
      await expect.poll(() => idsIn(), { interval: 5 }).toEqual([`${READER} ${ROLE}`]);
    } finally {
      await other.stop();
    }
  });
});
