// Diagnostics: one structured line for each request under the id that its answer carries, and never a secret.
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountWith, addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let text = '';
const sink = new Writable({
  write: (chunk, _encoding, done) => {
    text += String(chunk);
    done();
  },
});
const lines = () =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

let registry: TestRegistry;
const acme = createPublisher();
beforeAll(async () => {
  registry = await startRegistry({}, {}, pino({ level: 'debug' }, sink));
  await delegate(registry.call, acme, ['vendor.acme.*']);
});
afterAll(() => registry.stop());

describe('the log', () => {
  it('holds no key under which a write was sent, whatever became of it', async () => {
    const ask = (body: object) =>
      registry.call('POST', '/access/accounts', { body, headers: { 'Idempotency-Key': 'telling-key' } });
    const answers = [
      await ask({ name: 'keyed' }),
      await ask({ name: 'keyed' }),
      await ask({ name: 'other' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 409]);
    expect(text).not.toContain('telling-key');
  });

  it('warns once of a proxy on this machine that was not named', async () => {
    const ask = () =>
      registry.call('GET', '/v1/packs/vendor.acme.x', { headers: { 'X-Forwarded-For': '203.0.113.1' } });
    await ask();
    await ask();
    expect(lines().filter(({ msg }) => /ATTESTRY_TRUSTED_PROXIES/.test(msg))).toHaveLength(1);
  });

  it('has one line for each request, also for those answered from memory, under the id of the answer', async () => {
    const paths = ['/healthz', '/v1/index.json', '/v1/index.json', '/nowhere', '/v1/packs/bad'];
    for (const path of paths) {
      const answer = await registry.call('GET', path, { token: null });
      const mine = lines().filter((line) => line.requestId === answer.headers.get('x-request-id'));
      expect(mine, path).toHaveLength(1);
      expect(mine[0]).toMatchObject({ method: 'GET', path, status: answer.status, msg: 'request' });
    }
  });

  it('holds no token, neither one that was sent nor one that was made', async () => {
    const token = await accountWith(registry.call, 'quiet', ['packs:publish']);
    await registry.call('PUT', addressOf(), { token, body: await acme.pack() });
    await registry.call('PUT', addressOf(), { body: await acme.pack() });
    expect(text).not.toContain(token);
    expect(text).not.toContain(registry.adminToken);
    expect(text).not.toMatch(/att_[0-9A-Za-z]{20}/);
  });

  it('says with its id what failed on our side, and tells the caller nothing but the id', async () => {
    await registry.sql`alter table versions rename to hidden`;
    const answer = await registry.call('GET', '/v1/packs/vendor.acme.other');
    await registry.sql`alter table hidden rename to versions`;
    expect([answer.status, answer.json.error]).toEqual([500, 'internal_error']);
    expect(answer.json.message).not.toContain('versions');
    const failed = lines().find((line) => line.msg === 'request failed');
    expect(failed.requestId).toBe(answer.json.details.correlationId);
    expect(failed.err.message).toContain('versions');
  });
});
