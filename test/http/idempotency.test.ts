// A write that came with an Idempotency-Key is carried out once, whoever sends it again and whenever (idempotency.md, Layer 1).
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountWith, addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { type Answer, startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
const acme = createPublisher();
/** Lets a test look at a key while its write is under way. */
let meanwhile: (() => Promise<unknown>) | undefined;
beforeAll(async () => {
  registry = await startRegistry(
    {},
    {
      publishing: (deps) => ({
        ...deps,
        insertVersion: async (...given) => {
          await meanwhile?.();
          return deps.insertVersion(...given);
        },
      }),
    },
  );
  await delegate(registry.call, acme, ['vendor.acme.*']);
});
afterAll(() => registry.stop());

let keys = 0;
const freshKey = (): string => {
  keys += 1;
  return `key-${keys}`;
};
const createAccount = (name: string, key: string, more: object = {}) =>
  registry.call('POST', '/access/accounts', { body: { name }, headers: { 'Idempotency-Key': key }, ...more });
const isReplay = ({ headers }: Answer): boolean => headers.get('openwop-idempotent-replay') === 'true';
const rows = async (): Promise<number> => {
  const [row] = await registry.sql<{ count: number }[]>`select count(*) from idempotent_requests`;
  return Number(row?.count);
};

describe('the same request under the same key', () => {
  it('is answered the same, byte for byte, and done once', async () => {
    const key = freshKey();
    const first = await createAccount('twice', key);
    const before = await registry.stored();
    const again = await createAccount('twice', key);
    expect([first.status, again.status, isReplay(first), isReplay(again)]).toEqual([201, 201, false, true]);
    expect(again.bytes).toEqual(first.bytes);
    expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    expect(await registry.stored()).toEqual(before);
  });

  it('without it is refused by the write itself', async () => {
    await registry.call('POST', '/access/accounts', { body: { name: 'once-only' } });
    const again = await registry.call('POST', '/access/accounts', { body: { name: 'once-only' } });
    expect([again.status, again.json.error]).toEqual([409, 'already_exists']);
  });

  it('is a refusal that stays one: 409 is answered again', async () => {
    const key = freshKey();
    await registry.call('POST', '/access/accounts', { body: { name: 'taken-before' } });
    const first = await createAccount('taken-before', key);
    const again = await createAccount('taken-before', key);
    expect([first.status, again.status, isReplay(again)]).toEqual([409, 409, true]);
    expect(again.json.details.correlationId).toBe(first.json.details.correlationId);
  });

  it('is believed however its address is escaped', async () => {
    const key = freshKey();
    const headers = { 'Idempotency-Key': key };
    const first = await registry.call('DELETE', '/access/tokens/none-such', { headers });
    const again = await registry.call('DELETE', '/access/tokens/none%2Dsuch', { headers });
    expect([first.status, again.status, isReplay(again)]).toEqual([404, 404, true]);
  });

  it('publishes once, and answers with status and place of the first time, in the spelling of each tree', async () => {
    for (const tree of ['v1', 'v2'] as const) {
      const body = await acme.pack({ name: `vendor.acme.keyed-${tree}`, tree });
      const address = addressOf(`vendor.acme.keyed-${tree}`, '1.0.0', tree);
      const headers = { 'Idempotency-Key': freshKey() };
      const first = await registry.call('PUT', address, { body, headers });
      const again = await registry.call('PUT', address, { body, headers });
      expect([first.status, again.status, isReplay(again)]).toEqual([201, 201, true]);
      expect(again.headers.get('location')).toBe(first.headers.get('location'));
      expect(again.bytes).toEqual(first.bytes);
    }
  });

  it('is hashed in passing where its body is large, and read out before it is answered again', async () => {
    const name = 'vendor.acme.large-keyed';
    const body = await acme.pack({ name, files: { 'noise.bin': randomBytes(100_000) } });
    expect(body.length).toBeGreaterThan(64 * 1024);
    const headers = { 'Idempotency-Key': freshKey() };
    const first = await registry.call('PUT', addressOf(name), { body, headers });
    const again = await registry.call('PUT', addressOf(name), { body, headers });
    expect([first.status, again.status, isReplay(again)]).toEqual([201, 201, true]);
    const other = await registry.call('PUT', addressOf(name), {
      body: Buffer.concat([body, Buffer.from('x')]),
      headers,
    });
    expect([other.status, other.json.error]).toEqual([409, 'idempotency_key_mismatch']);
  });
});

describe('another request under the same key', () => {
  it('is 409 and tells nothing of the first answer', async () => {
    const key = freshKey();
    await createAccount('mine-alone', key);
    const before = await registry.stored();
    const other = await createAccount('another-name', key);
    expect([other.status, other.json.error, isReplay(other)]).toEqual([
      409,
      'idempotency_key_mismatch',
      false,
    ]);
    expect(other.bytes.toString()).not.toContain('mine-alone');
    expect(await registry.stored()).toEqual(before);
  });

  it('at another address or of another account is a request of its own', async () => {
    const key = freshKey();
    await createAccount('its-own', key);
    const elsewhere = await registry.call('POST', '/access/namespaces', {
      body: { namespace: 'vendor.itsown' },
      headers: { 'Idempotency-Key': key },
    });
    expect([elsewhere.status, isReplay(elsewhere)]).toEqual([201, false]);
    const token = await accountWith(registry.call, 'other-tenant', ['namespaces:claim']);
    const other = await registry.call('POST', '/access/namespaces', {
      token,
      body: { namespace: 'vendor.othertenant' },
      headers: { 'Idempotency-Key': key },
    });
    expect([other.status, isReplay(other)]).toEqual([201, false]);
  });

  it('by a token of the account that may do less is not answered with what the other was told', async () => {
    const strong = await accountWith(registry.call, 'two-tokens', ['namespaces:claim']);
    const weak = await accountWith(registry.call, 'two-tokens', ['packs:read']);
    const ask = (token: string) =>
      registry.call('POST', '/access/namespaces', {
        token,
        body: { namespace: 'vendor.twotokens' },
        headers: { 'Idempotency-Key': 'shared' },
      });
    expect((await ask(strong)).status).toBe(201);
    const answer = await ask(weak);
    expect([answer.status, answer.json.error]).toEqual([409, 'idempotency_key_mismatch']);
  });
});

describe('what is not kept', () => {
  it.each([
    ['400 of a malformed body', 400, { body: { name: 'NOT A NAME' } }],
    ['401', 401, { token: null, body: { name: 'nobody' } }],
    [
      'a media type that is not taken',
      415,
      { body: { name: 'x' }, headers: { 'Content-Type': 'text/plain' } },
    ],
  ] as const)('%s', async (_, status, options) => {
    const before = await rows();
    const headers = { ...('headers' in options ? options.headers : {}), 'Idempotency-Key': freshKey() };
    const ask = () => registry.call('POST', '/access/accounts', { ...options, headers });
    const [first, again] = [await ask(), await ask()];
    expect([first.status, again.status]).toEqual([status, status]);
    // 415 stays true whenever it is asked.
    expect(isReplay(again)).toBe(status === 415);
    expect((await rows()) - before).toBe(status === 415 ? 1 : 0);
  });

  it('403: whoever is given the scope meanwhile may go on', async () => {
    const token = await accountWith(registry.call, 'no-scope', ['packs:read']);
    const before = await rows();
    const headers = { 'Idempotency-Key': freshKey() };
    const answer = await registry.call('POST', '/access/accounts', { token, body: { name: 'x-y' }, headers });
    expect([answer.status, await rows()]).toEqual([403, before]);
  });

  it('500: the write may be repeated', async () => {
    const key = freshKey();
    await registry.sql`alter table accounts rename to hidden`;
    const failed = await createAccount('after-all', key);
    await registry.sql`alter table hidden rename to accounts`;
    const again = await createAccount('after-all', key);
    expect([failed.status, again.status, isReplay(again)]).toEqual([500, 201, false]);
  });

  it('a read: the header means nothing there', async () => {
    const before = await rows();
    const answer = await registry.call('GET', '/access/accounts', { headers: { 'Idempotency-Key': 'x y' } });
    expect([answer.status, await rows()]).toEqual([200, before]);
  });
});

describe('a secret that is shown once', () => {
  it('is not in the database, in no form, and not shown again', async () => {
    await registry.call('POST', '/access/accounts', { body: { name: 'holder' } });
    const options = {
      body: { account: 'holder', scopes: ['packs:read'] },
      headers: { 'Idempotency-Key': freshKey() },
    };
    const first = await registry.call('POST', '/access/tokens', options);
    expect(first.status).toBe(201);
    const [found] = await registry.sql<{ rows: string }[]>`
      select string_agg(to_jsonb(whole)::text || coalesce(encode(whole.answer, 'escape'), ''), '') as rows
      from idempotent_requests as whole`;
    expect(found?.rows).not.toContain(first.json.token);
    expect(found?.rows).not.toContain(Buffer.from(first.json.token).toString('hex'));
    const before = await registry.stored();
    const again = await registry.call('POST', '/access/tokens', options);
    expect([again.status, again.json.error, isReplay(again)]).toEqual([409, 'secret_shown_once', true]);
    expect(again.bytes.toString()).not.toContain('att_');
    expect(await registry.stored()).toEqual(before);
  });

  it('so is no key: only digests are kept', async () => {
    await createAccount('digests-only', 'a-very-telling-key');
    const [found] = await registry.sql<{ rows: string }[]>`
      select string_agg(to_jsonb(whole)::text, '') as rows from idempotent_requests as whole`;
    expect(found?.rows).not.toContain('a-very-telling-key');
    expect(found?.rows).not.toContain(Buffer.from('a-very-telling-key').toString('hex'));
  });
});

describe('a key', () => {
  it.each(['x'.repeat(256), 'with blank', 'täst', ''])('that is none is refused: %s', async (key) => {
    const headers = { 'Idempotency-Key': Buffer.from(key, 'utf8').toString('latin1') };
    const answer = await registry.call('POST', '/access/accounts', { body: { name: 'keyless' }, headers });
    expect([answer.status, answer.json.error]).toEqual([400, 'idempotency_key_invalid']);
  });

  it('of 255 characters is taken', async () => {
    expect((await createAccount('long-key', 'k'.repeat(255))).status).toBe(201);
  });
});

describe('while the first is under way', () => {
  it('the second is told so, and both together write once', async () => {
    const name = 'vendor.acme.together';
    const body = await acme.pack({ name });
    const ask = () =>
      registry.call('PUT', addressOf(name), { body, headers: { 'Idempotency-Key': 'together' } });
    let second: Answer | undefined;
    meanwhile = async () => {
      meanwhile = undefined;
      second = await ask();
    };
    const first = await ask();
    expect([first.status, second?.status, second?.json.error]).toEqual([201, 409, 'idempotency_in_flight']);
    expect(isReplay(await ask())).toBe(true);
  });

  it('many at once under one key write once', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => createAccount('raced', 'race')));
    const first = answers.filter((each) => each.status === 201 && !isReplay(each));
    expect(first).toHaveLength(1);
    for (const each of answers)
      expect(['201', '409 idempotency_in_flight']).toContain(
        each.status === 201 ? '201' : `${each.status} ${each.json.error}`,
      );
    expect((await createAccount('raced', 'race')).status).toBe(201);
  });
});

describe('whoever died between the write and its record', () => {
  const die = async (name: string, key: string) => {
    await createAccount(name, key);
    await registry.sql`update idempotent_requests set state = 'pending', status = null, headers = null,
      answer = null, lease_until = now() + interval '1 minute'
      where at = (select max(at) from idempotent_requests)`;
  };

  it('holds the key for its lease only; then the write says itself that it was done', async () => {
    await die('half-way', 'half-way');
    expect((await createAccount('half-way', 'half-way')).json.error).toBe('idempotency_in_flight');
    await registry.sql`update idempotent_requests set lease_until = now() where state = 'pending'`;
    const before = await registry.stored();
    const after = await createAccount('half-way', 'half-way');
    expect([after.status, after.json.error]).toEqual([409, 'already_exists']);
    expect(await registry.stored()).toEqual(before);
  });

  it('does not let another request have the key', async () => {
    await die('still-mine', 'still-mine');
    await registry.sql`update idempotent_requests set lease_until = now() where state = 'pending'`;
    const other = await createAccount('never-made', 'still-mine');
    expect(other.json.error).toBe('idempotency_key_mismatch');
  });

  it('is followed by one alone, however many try', async () => {
    await die('one-heir', 'one-heir');
    await registry.sql`update idempotent_requests set lease_until = now() where state = 'pending'`;
    const answers = await Promise.all(Array.from({ length: 8 }, () => createAccount('one-heir', 'one-heir')));
    const errors = answers.map((each) => each.json.error);
    expect(errors.filter((error) => error === 'already_exists').length).toBeGreaterThan(0);
    expect(new Set(errors)).toSatisfy((all: Set<string>) =>
      [...all].every((error) => ['already_exists', 'idempotency_in_flight'].includes(error)),
    );
    const own = answers.filter((each) => each.json.error === 'already_exists' && !isReplay(each));
    expect(own).toHaveLength(1);
  });
});

describe('a sender that breaks off', () => {
  it('leaves no key behind where its body never came', async () => {
    const before = await rows();
    const { hostname, port } = new URL(registry.url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.write(
      `POST /access/accounts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${registry.adminToken}\r\n` +
        'Idempotency-Key: broken\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{"na',
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    expect((await createAccount('unbroken', 'broken')).status).toBe(201);
    expect(await rows()).toBe(before + 1);
  });

  it('after its body finds the answer when it comes back', async () => {
    const { hostname, port } = new URL(registry.url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    const body = JSON.stringify({ name: 'came-back' });
    socket.write(
      `POST /access/accounts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${registry.adminToken}\r\n` +
        `Idempotency-Key: gone\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await once(socket, 'data');
    socket.destroy();
    await expect.poll(async () => [(await createAccount('came-back', 'gone')).status]).toEqual([201]);
  });
});
