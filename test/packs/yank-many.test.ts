// Many versions are yanked in one transaction: all of them or none, and nobody waits for ever for somebody else.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../src/access/principal.ts';
import { SCOPES } from '../../src/access/principal.ts';
import type { Tx } from '../../src/database/connect.ts';
import { inTransaction } from '../../src/database/transaction.ts';
import { deprecateVersion } from '../../src/packs/lifecycle/deprecate.ts';
import type { LifecycleDeps } from '../../src/packs/lifecycle/standing.ts';
import { holdVersions } from '../../src/packs/lifecycle/standing.ts';
import { unpublishVersion } from '../../src/packs/lifecycle/unpublish.ts';
import { unyankVersion, yankHeld, yankVersion } from '../../src/packs/lifecycle/yank.ts';
import { type PackAddress, readName, readVersion } from '../../src/packs/policy.ts';
import { appendEvent } from '../../src/transparency/append.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
let by: Principal;
let advisory: string | undefined;
const acme = createPublisher();
const NAME = 'vendor.acme.many';
const VERSIONS = Array.from({ length: 12 }, (_, minor) => `1.${minor}.0`);

const addresses = (versions: readonly string[], name = NAME): PackAddress[] =>
  versions.map((version) => ({ name: readName(name), version: readVersion(version) }));

beforeAll(async () => {
  registry = await startRegistry();
  await delegate(registry.call, acme, ['vendor.acme.*']);
  await Promise.all(
    VERSIONS.map(async (version) =>
      registry.call('PUT', addressOf(NAME, version), { body: await acme.pack({ name: NAME, version }) }),
    ),
  );
  const { tokenId } = (await registry.call('GET', '/access/whoami')).json;
  by = { tokenId, account: 'operator', scopes: SCOPES, namespaces: null };
});
afterAll(() => registry.stop());

const now = (): Date => new Date();
const deps = (): LifecycleDeps => ({
  sql: registry.sql,
  now,
  authenticate: async () => by,
  holderOfNamespace: async () => 'operator',
  append: appendEvent({ now }),
  announce: () => undefined,
  reissueWithdrawals: async () => undefined,
  awaitReceipt: async () => undefined,
  activeAdvisoryOf: async () => advisory,
});

const yankedNow = async (): Promise<string[]> => {
  const rows = await registry.sql<{ version: string }[]>`
    select version from versions where yanked is not null order by version`;
  return rows.map(({ version }) => version);
};

const countEvents = async (): Promise<number> => (await registry.stored()).events;

const yankIn = async (tx: Tx, wanted: readonly PackAddress[]) =>
  yankHeld(deps(), tx, by, await holdVersions(deps(), tx, by, wanted), grounds);

/** Counted by this session, for whatever it did of late. */
const changesOfLatest = async (tx: Tx): Promise<number> => {
  const [row] = await tx<{ changes: number }[]>`
    select n_tup_upd as changes from pg_stat_xact_user_tables where relname = 'pack_latest'`;
  return Number(row?.changes);
};

const grounds = { reason: 'CVE-2027-0001', advisoryUrl: 'https://acme.example/a/1' };

describe('yanking many versions at once', () => {
  it('does all of it or nothing', async () => {
    const before = await countEvents();
    const broken = inTransaction(registry.sql, async (tx) => {
      await yankIn(tx, addresses(VERSIONS));
      throw new Error('the power went off');
    });
    await expect(broken).rejects.toThrow('the power went off');
    expect(await yankedNow()).toEqual([]);
    expect(await countEvents()).toBe(before);
  });

  it('passes over what is not there, and leaves what is yanked as it is', async () => {
    const wanted = [...addresses(['1.0.0', '1.1.0', '9.9.9']), ...addresses(['1.0.0'], 'vendor.acme.absent')];
    const yank = () => inTransaction(registry.sql, (tx) => yankIn(tx, wanted));
    const first = await yank();
    expect(first.map(({ version, yanked }) => [version, yanked?.reason])).toEqual([
      ['1.0.0', grounds.reason],
      ['1.1.0', grounds.reason],
    ]);
    const before = await countEvents();
    expect(await yank()).toMatchObject(first.map(({ version, yanked }) => ({ version, yanked })));
    expect(await countEvents()).toBe(before);
  });

  it('lists a pack anew once, however many of its versions stand otherwise', async () => {
    const changes = await inTransaction(registry.sql, async (tx) => {
      const before = await changesOfLatest(tx);
      await yankIn(tx, addresses(['1.6.0', '1.7.0', '1.8.0', '1.9.0']));
      return (await changesOfLatest(tx)) - before;
    });
    expect(changes).toBe(1);
    expect((await registry.call('GET', `/v1/packs/${NAME}/index.json`)).json.latest).toBe('1.11.0');
  });

  it('names the event that led to it', async () => {
    const yanked = await inTransaction(registry.sql, async (tx) => {
      const held = await holdVersions(deps(), tx, by, addresses(['1.2.0', '1.0.0']));
      return yankHeld(deps(), tx, by, held, grounds, 'the-advisory');
    });
    expect(yanked).toHaveLength(2);
    const history = await registry.call('GET', `/packs/${NAME}/-/1.2.0/lifecycle`);
    expect(history.json.history[1]).toMatchObject({
      kind: 'yanked',
      causationId: 'the-advisory',
      ...grounds,
    });
  });

  it('ends, however those who do it order what they want', async () => {
    const orders = [VERSIONS, [...VERSIONS].reverse(), VERSIONS.slice(3), [...VERSIONS].sort()];
    const all = await Promise.all(
      orders.map((order) => inTransaction(registry.sql, (tx) => yankIn(tx, addresses(order)))),
    );
    expect(all.map((each) => each.length)).toEqual([12, 12, 9, 12]);
    expect(await yankedNow()).toHaveLength(12);
    const [row] = await registry.sql`select count(*) as yanks from events where kind = 'pack.yanked'`;
    expect(row?.['yanks']).toBe(12);
  });

  it('leaves out what was unpublished', async () => {
    const name = 'vendor.acme.gone';
    await registry.call('PUT', addressOf(name), { body: await acme.pack({ name }) });
    await registry.call('DELETE', `/v1/packs/${name}/-/1.0.0`);
    const yank = inTransaction(registry.sql, (tx) => yankIn(tx, addresses(['1.0.0'], name)));
    expect(await yank).toEqual([]);
  });
});

describe('a crash between the event and the commit', () => {
  const name = 'vendor.acme.crashed';
  const request = { name, version: '1.0.0', authorization: undefined };
  const crashing = (): LifecycleDeps => ({
    ...deps(),
    append: async (tx, facts) => {
      await appendEvent({ now })(tx, facts);
      throw new Error('the power went off');
    },
  });
  const row = async () => (await registry.sql`select * from versions where name = ${name}`)[0];
  beforeAll(async () => {
    await registry.call('PUT', addressOf(name), { body: await acme.pack({ name }) });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['yank', () => yankVersion(crashing())({ ...request, body: { reason: 'x' } })],
    ['deprecation', () => deprecateVersion(crashing())({ ...request, body: { reason: 'x' } })],
    ['unpublish', () => unpublishVersion(crashing())({ ...request, body: {}, reasonInQuery: undefined })],
  ])('leaves nothing of a %s', async (_, act) => {
    const [before, events] = [await row(), await countEvents()];
    await expect(act()).rejects.toThrow('the power went off');
    expect(await row()).toEqual(before);
    expect(await countEvents()).toBe(events);
  });
});

describe('a yanked version that an advisory in force names', () => {
  const request = { name: NAME, version: '1.4.0', authorization: undefined };

  it('is not offered again, and nothing is changed', async () => {
    advisory = 'ATT-2027-0001';
    const before = await countEvents();
    await expect(unyankVersion(deps())(request)).rejects.toMatchObject({
      code: 'advisory_active',
      details: { name: NAME, version: '1.4.0', advisory },
    });
    expect(await countEvents()).toBe(before);
    expect(await yankedNow()).toContain('1.4.0');
  });

  it('is offered again when the advisory is not in force any more', async () => {
    advisory = undefined;
    expect(await unyankVersion(deps())(request)).toMatchObject({ yanked: null });
    expect(await yankedNow()).not.toContain('1.4.0');
  });
});
