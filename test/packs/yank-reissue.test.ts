// A yank whose list could not be signed at once: it stands and is answered, and the list follows.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
const acme = createPublisher();
const NAME = 'vendor.acme.tools';

beforeAll(async () => {
  registry = await startRegistry();
  await delegate(registry.call, acme, ['vendor.acme.*']);
  for (const version of ['1.0.0', '1.1.0'])
    await registry.call('PUT', addressOf(NAME, version), { body: await acme.pack({ name: NAME, version }) });
});
afterAll(() => registry.stop());

const yank = (version: string) =>
  registry.call('POST', `/v1/packs/${NAME}/-/${version}/yank`, { body: { reason: 'x' } });
const newest = async () =>
  (await registry.sql`select max(version) as newest from withdrawals`)[0]?.['newest'];

it('is answered as what it is, and the next one is in the list with it', async () => {
  const before = await newest();
  await registry.sql`
    create function waits_too_long() returns trigger language plpgsql as
    $$ begin raise exception 'canceling statement due to lock timeout' using errcode = '55P03'; end $$`;
  await registry.sql`create trigger busy before insert on withdrawals for each row execute function waits_too_long()`;
  const answer = await yank('1.0.0');
  expect([answer.status, answer.json.yanked.reason]).toEqual([200, 'x']);
  expect(await newest()).toBe(before);
  await registry.sql`drop trigger busy on withdrawals`;
  expect((await yank('1.1.0')).status).toBe(200);
  expect(await newest()).toBe(before + 1);
});
