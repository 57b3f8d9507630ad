// How a base stands: paused, which is its kill switch, or held; and back.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventsAbout, governed } from '../world/governing.ts';
import {
  addMember,
  BASE,
  decide,
  type Member,
  propose,
  publish,
  startWorkforce,
  type Workforce,
} from '../world/workforce.ts';

let world: Workforce;
let operator: Member;
beforeAll(async () => {
  world = await startWorkforce();
  operator = await addMember(world.registry, 'human:acme.example:ona', { capacities: ['operator'] });
  await publish(world.author, world.reviewer, { 'a.md': 'one' });
});
afterAll(() => world.stop());

const turn = (act: string, body?: object, by: Member = operator, headers: Record<string, string> = {}) =>
  by.call('POST', `/knowledge/v1/bases/${BASE}/${act}`, body === undefined ? { headers } : { body, headers });
const read = (by: Member = world.author) =>
  by.call('GET', `/knowledge/v1/bases/${BASE}/versions/current/entries/a.md`);
const newest = async () => (await eventsAbout(world.registry, BASE)).at(-1);

describe('a paused base', () => {
  it('takes no proposals, is still read, and says that it is paused', async () => {
    const answer = await turn('pause', { reason_code: 'incident' });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ status: 'paused', reads: true, held: false });
    expect(answer.json.receipt).not.toBeNull();
    const refused = await propose(world.author, { files: { 'b.md': null } });
    expect([refused.status, refused.json.error]).toEqual([409, 'knowledge_base_paused']);
    expect((await read()).bytes.toString()).toBe('one');
    const { json } = await world.author.call('GET', `/knowledge/v1/bases/${BASE}`);
    expect(json).toMatchObject({ status: 'paused', reads: true });
    const [listed] = (await world.author.call('GET', '/knowledge/v1/bases')).json.bases;
    expect(listed.status).toBe('paused');
    expect(await newest()).toMatchObject({
      kind: 'KnowledgeBasePaused',
      actor: operator.id,
      data: {
        event_type_authority: 'attestry',
        payload: { knowledge_base_id: BASE, reads: true, reason_code: 'incident' },
      },
    });
  });

  it('paused again so stays as it is, without an event; without reads it is paused anew', async () => {
    const before = await governed(world.registry);
    const again = await turn('pause', { reason_code: 'another' });
    expect([again.status, again.json.status, again.json.receipt]).toEqual([200, 'paused', null]);
    expect(await governed(world.registry)).toEqual(before);
    expect((await turn('pause', { reason_code: 'leak', reads: false })).json.reads).toBe(false);
    expect((await newest()).data.payload).toMatchObject({ reads: false, reason_code: 'leak' });
  });

  it('without reads gives nothing out', async () => {
    const answer = await read();
    expect([answer.status, answer.json.error]).toEqual([409, 'knowledge_base_paused']);
  });

  it('is resumed with everything as before; each event is the cause of the next', async () => {
    expect((await turn('resume')).json).toMatchObject({ status: 'active', reads: true, held: false });
    expect((await read()).bytes.toString()).toBe('one');
    const before = await governed(world.registry);
    expect((await turn('resume', {})).json).toMatchObject({ status: 'active', receipt: null });
    expect(await governed(world.registry)).toEqual(before);
    const events = await eventsAbout(world.registry, BASE);
    const governing = events.filter(({ kind }) => /Registered|Paused|Resumed/.test(kind));
    expect(governing.map(({ kind }) => kind)).toEqual([
      'KnowledgeBaseRegistered',
      'KnowledgeBasePaused',
      'KnowledgeBasePaused',
      'KnowledgeBaseResumed',
    ]);
    expect(governing.map(({ causationId }) => causationId)).toEqual([
      null,
      ...governing.slice(0, -1).map(({ id }) => id),
    ]);
  });
});

describe('a held base', () => {
  it('takes proposals and accepts none, until it is released', async () => {
    expect((await turn('hold', { reason_code: 'audit' })).json).toMatchObject({
      status: 'active',
      held: true,
    });
    const proposed = await propose(world.author, { files: { 'c.md': 'three' } });
    expect(proposed.status).toBe(201);
    const refused = await decide(world.reviewer, proposed.json, 'accept');
    expect([refused.status, refused.json.error]).toEqual([409, 'knowledge_base_held']);
    expect((await turn('release')).json).toMatchObject({ held: false });
    expect((await decide(world.reviewer, proposed.json, 'accept')).status).toBe(200);
  });

  it('is held and released by reviewers as well; held again it stays without an event', async () => {
    expect((await turn('hold', { reason_code: 'audit' }, world.reviewer)).status).toBe(200);
    const before = await governed(world.registry);
    expect((await turn('hold', { reason_code: 'other' }, world.reviewer)).json.receipt).toBeNull();
    expect(await governed(world.registry)).toEqual(before);
    expect((await turn('release', { reason_code: 'done' }, world.reviewer)).status).toBe(200);
    expect(await newest()).toMatchObject({
      kind: 'KnowledgeBaseReleased',
      data: { payload: { reason_code: 'done' } },
    });
  });
});

describe('the standing of a base', () => {
  it.each<[string, string, object | undefined]>([
    ['no reason to pause', 'pause', {}],
    ['no reason to hold', 'hold', undefined],
    ['a sentence for a reason', 'pause', { reason_code: 'It leaks.' }],
    ['a list for a reason', 'pause', { reason_code: ['leak'] }],
    ['a slip for reads', 'pause', { reason_code: 'leak', read: false }],
    ['a word for reads', 'pause', { reason_code: 'leak', reads: 'no' }],
    ['a sentence for a reason to release', 'release', { reason_code: 'It is done.' }],
  ])('is not changed with %s, and nothing is stored', async (_, act, body) => {
    const before = await governed(world.registry);
    const answer = await turn(act, body);
    expect([answer.status, answer.json.error]).toEqual([400, 'validation_error']);
    expect(await governed(world.registry)).toEqual(before);
  });

  it.each<[string, string, () => Promise<Member>, string]>([
    [
      'paused by a reviewer',
      'pause',
      () => addMember(world.registry, 'human:acme.example:r1', { capacities: ['reviewer'] }),
      'human_binding_missing',
    ],
    [
      'held by an architect',
      'hold',
      () => addMember(world.registry, 'human:acme.example:r2', { capacities: ['architect'] }),
      'human_binding_missing',
    ],
    ['paused by a worker', 'pause', async () => world.agent, 'human_binding_missing'],
    [
      'resumed without the operation',
      'resume',
      () =>
        addMember(world.registry, 'human:acme.example:r3', {
          operations: ['move_pointer', 'retrieve'],
          capacities: ['operator'],
        }),
      'authority_denied',
    ],
    [
      'released without the operation',
      'release',
      () =>
        addMember(world.registry, 'human:acme.example:r4', {
          operations: ['administer'],
          capacities: ['operator'],
        }),
      'authority_denied',
    ],
  ])('is not %s, and nothing is stored but the attempt', async (_, act, member, code) => {
    const by = await member();
    const before = await governed(world.registry);
    const answer = await turn(act, { reason_code: 'x' }, by);
    expect([answer.status, answer.json.error]).toEqual([403, code]);
    expect(await governed(world.registry)).toEqual(before);
    const attempts = await eventsAbout(world.registry, BASE, 'AuthorityViolationAttempted');
    expect(attempts.at(-1)).toMatchObject({ actor: by.id });
  });

  it('is that of a base that is there', async () => {
    const answer = await operator.call('POST', '/knowledge/v1/bases/kb:acme.example:claims:absent/pause', {
      body: { reason_code: 'x' },
    });
    expect([answer.status, answer.json.error]).toEqual([404, 'knowledge_base_not_found']);
  });

  it('is changed once for each key, whatever happened in between', async () => {
    const headers = { 'Idempotency-Key': 'pause-once' };
    const first = await turn('pause', { reason_code: 'x' }, operator, headers);
    await turn('resume');
    const again = await turn('pause', { reason_code: 'x' }, operator, headers);
    const { receipt, ...outcome } = again.json;
    expect([again.status, outcome]).toMatchObject([200, { status: 'paused', held: false }]);
    expect(receipt.url).toBe(first.json.receipt.url);
    const { json } = await operator.call('GET', `/knowledge/v1/bases/${BASE}`);
    expect(json.status).toBe('active');
  });

  it('changes in turns where many change it at once: nothing is told twice', async () => {
    const already = (await eventsAbout(world.registry, BASE, 'KnowledgeBase%e%d')).length;
    await Promise.all(
      Array.from({ length: 8 }, (_, at) => turn(at % 2 === 0 ? 'pause' : 'resume', { reason_code: 'x' })),
    );
    const events = (await eventsAbout(world.registry, BASE, 'KnowledgeBase%e%d')).slice(already);
    const turns = events.map(({ kind }) => kind);
    expect(turns.length).toBeGreaterThan(0);
    expect(turns).toEqual(turns.map((_, at) => `KnowledgeBase${at % 2 === 0 ? 'Paused' : 'Resumed'}`));
    await turn('resume');
  });
});
