// The history of a version tells all that ever happened to it, in the order of the log, and for ever.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountWith, addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
const acme = createPublisher();
const host = createPublisher('host-1');
const NAME = 'vendor.acme.lived';
const SECRET = 'private.host.lived';
const MANY = 'vendor.acme.restless';

beforeAll(async () => {
  registry = await startRegistry({ mode: 'private' });
  await delegate(registry.call, acme, ['vendor.acme.*']);
  await delegate(registry.call, host, ['private.host.*']);
  for (const [name, by] of [
    [NAME, acme],
    [SECRET, host],
    [MANY, acme],
  ] as const)
    await registry.call('PUT', addressOf(name), { body: await by.pack({ name }) });
});
afterAll(() => registry.stop());

const at = (name: string, what = ''): string => `/v1/packs/${name}/-/1.0.0${what}`;

const historyOf = async (name: string, query = '', token: string | null = null) =>
  registry.call('GET', `/packs/${name}/-/1.0.0/lifecycle${query}`, { token });

interface Entry {
  readonly kind: string;
  readonly position: number | null;
}

describe('the history of a version', () => {
  it('holds every change with who, when, why, and where the log has it', async () => {
    await registry.call('POST', at(NAME, '/deprecate'), { body: { reason: 'old', supersededBy: '2.0.0' } });
    await registry.call('POST', at(NAME, '/yank'), { body: { reason: 'leaks' } });
    await registry.call('DELETE', at(NAME, '/yank'));
    await registry.call('DELETE', at(NAME, '/deprecate'));
    const before = (await historyOf(NAME)).json;
    expect(before).toMatchObject({ name: NAME, version: '1.0.0', standing: 'published', deprecated: false });
    const end = await registry.call('DELETE', `${at(NAME)}?reason=by%20mistake`);
    const { json } = await historyOf(NAME);
    expect(json).toMatchObject({ standing: 'unpublished', deprecated: false, next: null });
    const kinds = ['published', 'deprecated', 'yanked', 'unyanked', 'undeprecated', 'unpublished'];
    expect(json.history.map(({ kind }: Entry) => kind)).toEqual(kinds);
    const positions = json.history.map(({ position }: Entry) => position);
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
    expect(json.history[0]).toMatchObject({ by: 'operator', tree: 'v1', keyId: 'acme-1', reason: null });
    expect(json.history[1]).toMatchObject({ reason: 'old', supersededBy: '2.0.0' });
    const { eventId, index } = end.json.receipt;
    expect(json.history[5]).toMatchObject({ reason: 'by mistake', eventId, position: index });
  });

  it('says no more than the log: every entry is the leaf at its place', async () => {
    const { history } = (await historyOf(NAME)).json;
    for (const { position, eventId, kind } of history) {
      const { events } = (await registry.call('GET', `/transparency/events?since=${position}&limit=1`)).json;
      expect(events[0].leaf).toMatchObject({ id: eventId, kind: `pack.${kind}` });
    }
  });

  it('comes in pages, however often somebody changes his mind', async () => {
    await registry.sql`
      insert into events (id, kind, subject, at, leaf)
      select 'restless-' || n, 'pack.yanked', ${`pack:${MANY}@1.0.0`}, now(),
        convert_to('{"actor":"account:operator","at":"2027-01-01T00:00:00.000Z","causationId":null,"data":{},"kind":"pack.yanked"}', 'UTF8')
      from generate_series(1, 1100) as n`;
    const found: number[] = [];
    let next: number | null = 0;
    for (let answers = 0; next !== null && answers < 5; answers += 1) {
      const { json } = await historyOf(MANY, `?from=${next}`);
      found.push(json.history.length);
      next = json.next;
    }
    expect(found).toEqual([500, 500, 101]);
    expect((await historyOf(MANY, '?from=-1')).json.error).toBe('validation_error');
    expect((await historyOf(MANY, '?from=5000')).json.history).toEqual([]);
  });

  it('of a private pack is shown to its readers only, and kept by nobody in between', async () => {
    const nosy = await accountWith(registry.call, 'nosy', ['packs:read']);
    for (const token of [null, nosy]) {
      const hidden = await historyOf(SECRET, '', token);
      const absent = await historyOf('private.host.absent', '', token);
      expect([hidden.status, hidden.json.error]).toEqual([absent.status, absent.json.error]);
    }
    const shown = await historyOf(SECRET, '', registry.adminToken);
    expect(shown.json.history[0]).toMatchObject({ kind: 'published', by: 'operator' });
    expect(shown.headers.get('cache-control')).toContain('no-store');
  });

  it('is not there for what never was', async () => {
    const missing = await historyOf('vendor.acme.never');
    expect([missing.status, missing.json.error]).toEqual([404, 'pack_not_found']);
    expect((await registry.call('GET', '/packs/nonsense/-/1.0.0/lifecycle')).json.error).toBe(
      'invalid_pack_name',
    );
  });
});
