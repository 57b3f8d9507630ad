// What ends after it was asked about and before the commit: the transaction asks once more, and nothing is written.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authenticate, findToken } from '../../../src/access/authenticate.ts';
import { whoActs } from '../../../src/access/workforces/acting.ts';
import { bindingInForce } from '../../../src/access/workforces/binding-store.ts';
import { recordsOfAccount } from '../../../src/access/workforces/principal-store.ts';
import { type Authorise, authorise } from '../../../src/knowledge/bases/authorise.ts';
import { findBase } from '../../../src/knowledge/bases/base-store.ts';
import { changePolicy } from '../../../src/knowledge/bases/change-policy.ts';
import { authoriseNew, registerBase } from '../../../src/knowledge/bases/register.ts';
import { holdBase, pauseBase, releaseBase, resumeBase } from '../../../src/knowledge/bases/standing.ts';
import { makeKnowledgeEvent } from '../../../src/knowledge/events/events.ts';
import { type Attempt, recordWrite } from '../../../src/knowledge/events/record.ts';
import type { BaseId } from '../../../src/protocol/knowledge/ids.ts';
import { makeEvent } from '../../../src/transparency/append.ts';
import { bindingsOf, governed, registrationOf } from '../world/governing.ts';
import { addMember, BASE, type Member, startWorkforce, type Workforce } from '../world/workforce.ts';

let world: Workforce;
const NEXT = 'kb:acme.example:claims:next' as BaseId;
beforeAll(async () => {
  world = await startWorkforce();
});
afterAll(() => world.stop());

const now = () => new Date();

/** The use cases as the registry has them, save that something happens between the first question and the commit. */
const depsWith = (meanwhile: () => Promise<unknown>) => {
  const { sql } = world.registry;
  const then =
    (ask: Authorise): Authorise =>
    async (...asked) => {
      const authorised = await ask(...asked);
      await meanwhile();
      return authorised;
    };
  const asking = {
    bindingOf: (human: Attempt['by'], capacities: Parameters<typeof bindingInForce>[3]) =>
      bindingInForce(sql, human.id, human.workforce, capacities, now()),
    recordRefusal: async () => undefined,
  };
  return {
    sql,
    now,
    authorise: then(authorise({ ...asking, findBase: (id) => findBase(sql, id) })),
    authoriseNew: then(authoriseNew(asking)),
    make: makeKnowledgeEvent(makeEvent({ now })),
    record: recordWrite({ sql, now, announce: () => undefined, awaitReceipt: async () => undefined }),
    ensureSigner: async () => undefined,
  };
};
type Deps = ReturnType<typeof depsWith>;

const attemptOf = async ({ token }: Member): Promise<Attempt> => {
  const { sql } = world.registry;
  const who = whoActs({
    authenticate: authenticate({ findToken: findToken(sql), now }),
    principalsOf: (account) => recordsOfAccount(sql, account),
  });
  const asked = { authorization: `Bearer ${token}`, principal: undefined, traceparent: undefined };
  return { by: await who(asked, 'knowledge:write'), key: 'key', request: new Uint8Array(32) };
};

const reason = { reason_code: 'x' };
const policy = { base: BASE, body: { contribution_policy: { max_changes: 7 } }, policyVersion: undefined };
const ACTS: readonly (readonly [string, (the: Deps, attempt: Attempt) => Promise<unknown>])[] = [
  ['registers nothing', (the, attempt) => registerBase(the)(attempt, registrationOf(world.steward.id, NEXT))],
  ['changes no policy', (the, attempt) => changePolicy(the)(attempt, policy)],
  ['pauses nothing', (the, attempt) => pauseBase(the)(attempt, BASE, reason)],
  ['resumes nothing', (the, attempt) => resumeBase(the)(attempt, BASE, {})],
  ['holds nothing', (the, attempt) => holdBase(the)(attempt, BASE, reason)],
  ['releases nothing', (the, attempt) => releaseBase(the)(attempt, BASE, {})],
];

const { call } = {
  call: (method: string, path: string, body?: object) =>
    world.registry.call(method, path, body === undefined ? {} : { body }),
};
const ENDS: readonly (readonly [string, (by: Member) => Promise<unknown>, string])[] = [
  [
    'whose binding was revoked',
    async (by) => {
      for (const id of await bindingsOf(world.registry, by)) await call('DELETE', `/access/bindings/${id}`);
    },
    'human_binding_missing',
  ],
  ['who ended', (by) => call('DELETE', `/access/principals/${by.id}`), 'principal_required'],
  [
    'whose role changed',
    (by) => call('POST', `/access/principals/${by.id}/role`, { role: null }),
    'principal_required',
  ],
  [
    'whose token was revoked',
    async ({ token }) => {
      const { tokenId } = (await world.registry.call('GET', '/access/whoami', { token })).json;
      await call('DELETE', `/access/tokens/${tokenId}`);
    },
    'key_revoked',
  ],
];

let members = 0;
const newMember = () => {
  members += 1;
  const capacities = ['operator'];
  return addMember(world.registry, `human:acme.example:m${members}`, { bases: [BASE, NEXT], capacities });
};

describe.each(ENDS)('a human %s meanwhile', (_, end, code) => {
  it.each(ACTS)('%s', async (_name, act) => {
    const by = await newMember();
    const attempt = await attemptOf(by);
    const before = await governed(world.registry);
    await expect(
      act(
        depsWith(() => end(by)),
        attempt,
      ),
    ).rejects.toMatchObject({ code });
    expect(await governed(world.registry)).toEqual(before);
  });
});

describe('a human to whom nothing happens meanwhile', () => {
  it.each(ACTS)('does what otherwise %s', async (_, act) => {
    const attempt = { ...(await attemptOf(await newMember())), key: undefined };
    await expect(
      act(
        depsWith(async () => undefined),
        attempt,
      ),
    ).resolves.toMatchObject({ repeated: false });
  });
});
