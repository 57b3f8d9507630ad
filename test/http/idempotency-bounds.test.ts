// What is kept of writes with a key has bounds: in number for each account, in length for each answer, and in time.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { forgetKeyedRequests } from '../../src/access/idempotency-record-store.ts';
import { accountWith } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

const write = (method: string, path: string, key: string | undefined, more: object = {}) =>
  registry.call(method, path, { headers: key === undefined ? {} : { 'Idempotency-Key': key }, ...more });
const isReplay = ({ headers }: { headers: Headers }): boolean =>
  headers.get('openwop-idempotent-replay') === 'true';
const rows = async (): Promise<number> =>
  Number((await registry.sql<{ count: number }[]>`select count(*) from idempotent_requests`)[0]?.count);

/** As if the account had sent so many writes, each with a key of its own, so many hours ago. */
const sent = (account: string, count: number, hours = 1) => registry.sql`
  insert into idempotent_requests (id, account, head, body, state, owner, lease_until, status, headers, answer, at)
  select sha256((${account}::text || ${hours}::text || each)::bytea), ${account}, sha256('x'), sha256('x'), 'completed', 'x',
    now() - ${hours} * interval '1 hour', 200, '{}', '', now() - ${hours} * interval '1 hour'
  from generate_series(1, ${count}::int) as each`;

it.each([
  ['POST', '/nowhere/at/all', 404],
  ['POST', '/v1/packs/vendor.acme.x/-/1.0.0.tgz/none', 404],
  ['DELETE', '/access/accounts', 405],
])('nothing is kept of %s %s, which is no address', async (method, path, status) => {
  const before = await rows();
  const [first, again] = [await write(method, path, 'none'), await write(method, path, 'none')];
  expect([first.status, again.status, isReplay(again), await rows()]).toEqual([
    status,
    status,
    false,
    before,
  ]);
});

it('an account that sent ten thousand with a key within a day sends more without one, and others go on', async () => {
  const token = await accountWith(registry.call, 'busy-one', ['namespaces:claim']);
  const claim = (namespace: string, key: string | undefined, as = token) =>
    write('POST', '/access/namespaces', key, { token: as, body: { namespace } });
  expect((await claim('vendor.busyone', 'first')).status).toBe(201);
  await sent('busy-one', 9_999);
  const before = await registry.stored();
  const refused = await claim('vendor.busytwo', 'one-more');
  expect([refused.status, refused.json.error]).toEqual([429, 'rate_limited']);
  const seconds = Number(refused.headers.get('retry-after'));
  expect(seconds).toBeGreaterThan(0);
  expect(refused.json.details).toMatchObject({ scope: 'key', limit: 10_000, retryAfterMs: seconds * 1_000 });
  expect(refused.json.message).toMatch(/without/);
  expect(await registry.stored()).toEqual(before);
  expect(isReplay(await claim('vendor.busyone', 'first'))).toBe(true);
  expect((await claim('vendor.busytwo', undefined)).status).toBe(201);
  const other = await accountWith(registry.call, 'calm-one', ['namespaces:claim']);
  expect((await claim('vendor.calmone', 'one-more', other)).status).toBe(201);
});

it('what is older than that counts no longer, though it was not swept yet', async () => {
  const token = await accountWith(registry.call, 'old-hand', ['namespaces:claim']);
  await sent('old-hand', 10_000, 26);
  const answer = await write('POST', '/access/namespaces', 'new', {
    token,
    body: { namespace: 'vendor.oldhand' },
  });
  expect(answer.status).toBe(201);
});

it('of an answer that is long it is kept that it was given', async () => {
  // What matches no version is said twice.
  const affected = Array.from({ length: 60 }, (_, at) => ({
    packName: `vendor.acme.${'long-name-'.repeat(17)}x${at}`,
    versions: Array.from({ length: 24 }, (_, patch) => `1.${at}.${patch}`).join(' || '),
  }));
  const body = { severity: 'low', summary: 'x', details: 'd'.repeat(15_000), affected };
  const publish = () => write('POST', '/security/advisories', 'long', { body });
  const first = await publish();
  expect([first.status, first.bytes.length > 64 * 1024]).toEqual([201, true]);
  const before = await registry.stored();
  const again = await publish();
  expect([again.status, again.json.error, isReplay(again)]).toEqual([409, 'answer_not_kept', true]);
  expect(again.json.details.status).toBe(201);
  expect(await registry.stored()).toEqual(before);
  const [row] = await registry.sql<{ most: number }[]>`
    select max(octet_length(answer)) as most from idempotent_requests`;
  expect(row?.most).toBeLessThanOrEqual(64 * 1024);
});

it('a sweep forgets however many there are, in small steps, and stops when its time is over', async () => {
  const own = (account: string) =>
    registry.sql`select from idempotent_requests where account = ${account}`.then(({ count }) => count);
  await forgetKeyedRequests(registry.sql);
  await sent('long-gone', 7_000, 30);
  await sent('just-now', 10);
  await forgetKeyedRequests(registry.sql, 0);
  expect(await own('long-gone')).toBe(7_000);
  await forgetKeyedRequests(registry.sql);
  expect([await own('long-gone'), await own('just-now')]).toEqual([0, 10]);
});
