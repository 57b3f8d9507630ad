// What clients may try against the service, without grants or with some: each try is refused, and costs little.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newSeed, publicKeyOf } from '../../../keys/ed25519.ts';
import { formatPublicKeyBase64, publicKeyFromBytes } from '../../../keys/key.ts';
import type { Acting } from '../../../src/access/workforces/acting.ts';
import { authorise } from '../../../src/knowledge/bases/authorise.ts';
import {
  addMember,
  as,
  BASE,
  blobOf,
  type Member,
  propose,
  startWorkforce,
  verdict,
  WORKFORCE,
  type Workforce,
} from '../world/workforce.ts';

let the: Workforce;
let stranger: Member;
beforeAll(async () => {
  the = await startWorkforce({ mode: 'verified', max_changes: 2_000 });
  stranger = await addMember(the.registry, 'human:acme.example:zoe', {
    operations: ['propose'],
    bases: [`${BASE}-other` as typeof BASE],
    capacities: [],
  });
});
afterAll(() => the.stop());

const CONTRIBUTIONS = `/knowledge/v1/bases/${BASE}/contributions`;

describe('a contribution that was sent back and forth', () => {
  it('is not what it was before again: what was said of that would count for another claim', async () => {
    const { agent, verifier, registry } = the;
    const text = 'Refunds within 90 days.\n';
    const first = await propose(agent, { files: { 'refunds.md': text }, more: { confidence: 0.3 } });
    expect(first.json.reasons).toContain('low_confidence');
    expect((await verdict(verifier, first.json, 'pass')).json.state).toBe('in_review');
    const revise = (path: string, confidence: number) =>
      agent.call('POST', `/knowledge/v1/contributions/${first.json.contribution_id}/revisions`, {
        body: {
          base_version: null,
          changes: [{ op: 'put', path, blob: blobOf(text), size: text.length, media_type: 'text/markdown' }],
          summary: 'Sure now.',
          confidence,
        },
      });
    const second = await revise('other.md', 0.99);
    expect(second.status, second.bytes.toString()).toBe(200);
    const before = await registry.stored();
    const back = await revise('refunds.md', 0.99);
    expect([back.status, back.json.error]).toEqual([409, 'no_change']);
    expect(await registry.stored()).toEqual(before);
  });
});

describe('an Idempotency-Key', () => {
  it('belongs to the principal that used it, and not to others of its account', async () => {
    const { reviewer, registry, author } = the;
    const [{ role } = { role: '' }] = await registry.sql<{ role: string }[]>`
      select role from principals where id = ${reviewer.id}`;
    const twin = 'worker:acme.example:claims:twin';
    const body = { principal: twin, workforce: WORKFORCE, account: reviewer.account, role, owner: author.id };
    expect((await registry.call('POST', '/access/principals', { body })).status).toBe(201);
    const { json } = await propose(author, { files: { 'keys.md': 'Keys.\n' } });
    const headers = { 'Idempotency-Key': 'one-and-the-same' };
    const judge = (id: string) =>
      as(registry, { id, token: reviewer.token })(
        'POST',
        `/knowledge/v1/contributions/${json.contribution_id}/verdicts`,
        {
          body: { revision_digest: json.revision_digest, verdict: 'fail' },
          headers: { ...headers, 'Attestry-Principal': id },
        },
      );
    expect((await judge(reviewer.id)).status).toBe(200);
    const again = await judge(reviewer.id);
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    const other = await judge(twin);
    expect([other.status, other.json.error]).toEqual([409, 'idempotency_conflict']);
    const said =
      await registry.sql`select verifier from knowledge_verdicts where contribution = ${json.contribution_id}`;
    expect(said).toHaveLength(1);
    expect((await registry.call('DELETE', `/access/principals/${twin}`)).status).toBe(204);
  });
});

describe('whoever may do nothing', () => {
  const large = { body: Buffer.alloc(9 * 1024 * 1024, ' '), headers: { 'Content-Type': 'application/json' } };

  it('is known for that before a large body is taken', async () => {
    const refused = await the.registry.call('POST', CONTRIBUTIONS, { ...large, token: null });
    expect(refused.status).toBe(401);
  });

  it('learns nothing of what is wrong with a proposal', async () => {
    const body = { base_version: null, changes: [{ op: 'put', path: '../x' }], summary: '' };
    const refused = await stranger.call('POST', CONTRIBUTIONS, { body });
    expect([refused.status, refused.json.error]).toEqual([403, 'authority_denied']);
    expect((await the.author.call('POST', CONTRIBUTIONS, { body })).json.error).toBe('contribution_invalid');
  });

  it('leaves one record of a question, however often it is asked at once', async () => {
    const count = async () =>
      (
        await the.registry.sql<{ kind: string }[]>`
        select kind from knowledge_events where actor = ${stranger.id} and kind = 'AuthorityViolationAttempted'`
      ).length;
    const before = await count();
    const ask = (path: string) =>
      stranger.call('GET', `/knowledge/v1/bases/${BASE}/versions/current/${path}`);
    for (let times = 0; times < 5; times += 1) expect((await ask('entries')).status).toBe(403);
    expect((await count()) - before).toBe(1);
    expect((await ask('search?q=x')).status).toBe(403);
    expect((await count()) - before).toBe(2);
  });
});

describe('a large body', () => {
  const sent = async (text: string) => {
    const headers = { 'Content-Type': 'application/json' };
    const refused = await stranger.call('POST', CONTRIBUTIONS, { body: Buffer.from(text), headers });
    return [refused.status, refused.json.error];
  };

  it('of more parts than any proposal has is not read', async () => {
    const members = Array.from({ length: 400_000 }, (_, at) => `"${at.toString(36)}":1`);
    expect(await sent(`{${members.join()}}`)).toEqual([400, 'validation_error']);
  });

  it('that is nested beyond use is not read', async () => {
    const deep = 2_000_000;
    expect(await sent(`{"changes":${'['.repeat(deep)}${']'.repeat(deep)}}`)).toEqual([
      400,
      'validation_error',
    ]);
  });

  it('is measured by its parts, and not by what stands in its texts', async () => {
    expect(await sent(JSON.stringify({ summary: `"${'[,'.repeat(400_000)}\\` }))).toEqual([
      403,
      'authority_denied',
    ]);
  });
});

describe('the key by which a principal signs', () => {
  const setKey = (call: Member['call'], of: Member, key: Uint8Array | null) =>
    call('PUT', `/access/principals/${of.id}/key`, {
      body: { public_key: key === null ? null : formatPublicKeyBase64(publicKeyFromBytes(publicKeyOf(key))) },
    });

  it('is not exchanged by whoever has its token, for all that token may do', async () => {
    const { steward, registry } = the;
    const [own, stolen] = [newSeed(), newSeed()];
    expect((await setKey(steward.call, steward, own)).status).toBe(200);
    expect((await setKey(steward.call, steward, own)).status).toBe(200);
    const before = await registry.stored();
    for (const other of [stolen, null]) expect((await setKey(steward.call, steward, other)).status).toBe(403);
    expect(await registry.stored()).toEqual(before);
    expect((await setKey(registry.call, steward, stolen)).status).toBe(200);
  });
});

describe('a time beyond all calendars', () => {
  const times = ['0000-01-01T00:00:00Z', '0001-01-01T00:00:00+14:00', '9999-12-31T23:59:59-14:00'];

  for (const time of times)
    it(`is none: ${time}`, async () => {
      const { reviewer, registry } = the;
      const told = encodeURIComponent(time);
      const asked = [
        await reviewer.call('GET', `/knowledge/v1/events?base=${BASE}&from=${told}`),
        await reviewer.call('GET', `/knowledge/v1/bases/${BASE}/resolve?as_of=${told}`),
        await registry.call('POST', '/access/bindings', {
          body: { human: reviewer.id, capacity: 'reviewer', not_before: time, not_after: time },
        }),
      ];
      for (const { status, json } of asked) expect([status, json.error]).toEqual([400, 'validation_error']);
    });

  it('is no place in a list, either', async () => {
    const { status } = await the.reviewer.call(
      'GET',
      '/knowledge/v1/review-queue?after=0000-01-01T00:00:00.000Z_a',
    );
    expect(status).toBe(400);
  });
});

describe('a base of another workforce', () => {
  it('is not even looked for, so that no time tells whether it is there', async () => {
    const looked: string[] = [];
    const asking = authorise({
      findBase: async (id) => void looked.push(id) as never,
      bindingOf: async () => undefined,
      recordRefusal: async (...refused) => void looked.push(String(refused)),
    });
    const by = { workforce: WORKFORCE, authority: { knowledge_bases: [], knowledge_capabilities: [] } };
    const wanted = {
      base: 'kb:acme.example:other:secret' as typeof BASE,
      operation: 'retrieve',
      verb: 'get',
    } as const;
    await expect(asking(by as unknown as Acting, wanted)).rejects.toMatchObject({
      code: 'knowledge_base_not_found',
    });
    expect(looked).toEqual([]);
  });
});
