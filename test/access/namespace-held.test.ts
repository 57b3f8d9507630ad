// Names that are not first come: what is held back or reserved, and what may be taken for another, in any number of them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lookKeys, passFor, skeletonOf } from '../../src/access/namespaces/look-alikes.ts';
import { claimsLike, indexNames, lookKeysOf } from '../../src/access/namespaces/look-store.ts';
import { reservedWordIn } from '../../src/access/namespaces/reserved-words.ts';
import { digestOf } from '../../storage/digest.ts';
import { accountWith } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
let alice: string;
let bob: string;
beforeAll(async () => {
  registry = await startRegistry({ mode: 'private' });
  alice = await accountWith(registry.call, 'alice', ['namespaces:claim']);
  bob = await accountWith(registry.call, 'bob', ['namespaces:claim']);
});
afterAll(() => registry.stop());

const claim = (token: string, namespace: string, account?: string) =>
  registry.call('POST', '/access/namespaces', {
    token,
    body: { namespace, ...(account ? { account } : {}) },
  });
const hold = (name: string, reason = 'a well-known name', token?: string) =>
  registry.call('POST', `/access/namespaces/${name}/hold`, { body: { reason }, ...(token ? { token } : {}) });
const release = (name: string) => registry.call('DELETE', `/access/namespaces/${name}/hold`);

const refusal = async (token: string, namespace: string) => {
  const before = await registry.stored();
  const { status, json } = await claim(token, namespace);
  expect(await registry.stored()).toEqual(before);
  return [status, json.error, json.details.resembles];
};

describe('names that look alike', () => {
  it.each([
    ['acme', 'acrne'],
    ['acme', 'ac-me'],
    ['paypal', 'paypa1'],
    ['google', 'g00gle'],
    ['google', 'googel'],
    ['wavvy', 'wawy'],
    ['microsoft', 'micros0ft-s'],
    ['databricks', 'datebrick'],
    ['ibm', 'i-b_m'],
  ])('%s and %s pass for each other', (one, other) => {
    const [a, b] = [skeletonOf(one), skeletonOf(other)];
    expect([passFor(a, b), passFor(b, a)]).toEqual([true, true]);
  });

  it.each([
    ['ibm', 'sbm'],
    ['acme', 'acorn'],
    ['stripe', 'strategy'],
    ['databricks', 'databank'],
  ])('%s and %s do not', (one, other) => expect(passFor(skeletonOf(one), skeletonOf(other))).toBe(false));

  it('have a key in common, however they differ; none needs many', () => {
    let state = 7;
    const random = (below: number): number => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return state % below;
    };
    const letter = () => 'abcdefghklm'[random(11)] ?? 'a';
    const changed = (text: string): string => {
      const at = random(text.length + 1);
      const [head, tail] = [text.slice(0, at), text.slice(at)];
      return (
        [head + letter() + tail, head + tail.slice(1), head + letter() + tail.slice(1)][random(3)] ?? text
      );
    };
    let near = 0;
    for (let turn = 0; turn < 1_000; turn += 1) {
      const one = Array.from({ length: 1 + random(30) }, letter).join('');
      const other = changed(changed(one));
      if (other === '' || !passFor(one, other)) continue;
      near += 1;
      const keys = new Set(lookKeys('vendor', one));
      expect(keys.size).toBeLessThanOrEqual(137);
      expect(lookKeys('vendor', other).some((key) => keys.has(key))).toBe(true);
    }
    expect(near).toBeGreaterThan(200);
  });
});

describe('a reserved word', () => {
  it.each([
    ['openwop', 'openwop'],
    ['0penw0p', 'openwop'],
    ['openwop-tools', 'openwop'],
    ['attestry_team', 'attestry'],
    ['atestry', 'attestry'],
    ['security', 'security'],
    ['0fficial', 'official'],
    ['core', 'core'],
  ])('stands in %s', (org, word) => expect(reservedWordIn(org)).toBe(word));

  it.each(['acme', 'care', 'rapport', 'openworld'])('stands not in %s', (org) =>
    expect(reservedWordIn(org)).toBeUndefined(),
  );

  it('is no first come in any scope, and the operator gives it out', async () => {
    for (const scope of ['vendor', 'community', 'private'])
      expect(await refusal(alice, `${scope}.openwop-labs`)).toEqual([403, 'namespace_held', 'openwop']);
    expect((await claim(registry.adminToken, 'vendor.openwop-labs', 'alice')).status).toBe(201);
  });
});

describe('a claimed name', () => {
  it('keeps others of its scope away that may be taken for it; its own account is free', async () => {
    expect((await claim(alice, 'vendor.globex')).status).toBe(201);
    expect(await refusal(bob, 'vendor.gl0bex')).toEqual([403, 'namespace_held', 'vendor.globex']);
    expect(await refusal(bob, 'vendor.globe')).toEqual([403, 'namespace_held', 'vendor.globex']);
    expect((await claim(bob, 'community.globe')).status).toBe(201);
    expect((await claim(alice, 'vendor.glo-bex')).status).toBe(201);
    expect((await claim(registry.adminToken, 'vendor.globek', 'bob')).status).toBe(201);
  });

  it('that is private keeps nobody away: a refusal would tell of it', async () => {
    await claim(registry.adminToken, 'private.hidden', 'alice');
    expect((await claim(bob, 'private.hiden')).status).toBe(201);
  });

  it('and one that looks like it, claimed at the same moment by two, have one owner between them', async () => {
    const names = ['vendor.initech', 'vendor.in1tech', 'vendor.initec', 'vendor.initechs'];
    const answers = await Promise.all(names.map((name, index) => claim(index % 2 === 0 ? alice : bob, name)));
    const owners = answers.filter(({ status }) => status === 201).map(({ json }) => json.account);
    expect(new Set(owners).size).toBe(1);
  });
});

describe('a held name', () => {
  it('is held by the operator, with a reason, and shown', async () => {
    expect((await hold('vendor.umbrella', 'x', alice)).status).toBe(403);
    expect((await hold('vendor.umbrella', ' ')).status).toBe(400);
    expect((await hold('not a name')).status).toBe(400);
    const held = await hold('vendor.umbrella');
    expect([held.status, held.json]).toMatchObject([
      201,
      { name: 'vendor.umbrella', reason: 'a well-known name' },
    ]);
    const before = await registry.stored();
    expect((await hold('vendor.umbrella', 'another')).json.reason).toBe('a well-known name');
    expect(await registry.stored()).toEqual(before);
    const listed = (await registry.call('GET', '/access/namespaces', { token: null })).json.held;
    expect(listed).toContainEqual(held.json);
  });

  it('keeps away what looks like it, in its scope; a word does so in all of them', async () => {
    expect(await refusal(bob, 'vendor.umbrella')).toEqual([403, 'namespace_held', 'vendor.umbrella']);
    expect(await refusal(bob, 'vendor.umbre11a')).toEqual([403, 'namespace_held', 'vendor.umbrella']);
    expect((await claim(bob, 'community.umbrella')).status).toBe(201);
    await hold('weyland');
    for (const scope of ['vendor', 'community', 'private'])
      expect(await refusal(bob, `${scope}.weylan`)).toEqual([403, 'namespace_held', 'weyland']);
  });

  it('that is private is not named', async () => {
    await hold('private.moonbase');
    expect(await refusal(bob, 'private.moonbas3')).toEqual([403, 'namespace_held', undefined]);
    const { json } = await registry.call('GET', '/access/namespaces', { token: bob });
    expect(JSON.stringify(json)).not.toContain('moonbase');
    const [event] = await registry.sql<{ leaf: Buffer }[]>`
      select leaf from events where subject = 'namespace:private.moonbase'`;
    expect(String(event?.leaf)).not.toContain('moonbase');
  });

  it('is given out by the operator, or let go', async () => {
    expect((await claim(registry.adminToken, 'vendor.umbrella', 'bob')).status).toBe(201);
    expect((await release('weyland')).status).toBe(204);
    expect((await release('weyland')).status).toBe(404);
    expect((await claim(bob, 'community.weylan')).status).toBe(201);
    const kinds = await registry.sql<{ kind: string }[]>`
      select kind from events where subject = 'namespace:weyland' order by xact, ordinal`;
    expect(kinds.map(({ kind }) => kind)).toEqual(['namespace.held', 'namespace.released']);
  });
});

describe('among twenty thousand claims', () => {
  const MANY = 20_000;
  const orgs = (count: number): readonly string[] =>
    Array.from({ length: count }, (_, index) =>
      digestOf(Buffer.from(String(index)))
        .slice(0, 9)
        .replace(/\d/g, (digit) => 'ghjkmnpqrs'[Number(digit)] ?? ''),
    );
  const seed = (rows: readonly { namespace: string; keys: readonly number[] | null }[]) => registry.sql`
    insert into namespace_claims (namespace, account, claimed_at, look_keys)
    select namespace, 'crowd', now(), keys
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as each (namespace text, keys integer[])
    on conflict do nothing`;

  beforeAll(async () => {
    const { sql } = registry;
    await sql`insert into accounts (name, created_at) values ('crowd', now())`;
    const all = orgs(MANY);
    // An index that is built at once takes a tenth of the time of one that grows.
    await sql`drop index claims_that_look_alike`;
    for (let from = 600; from < MANY; from += 5_000) {
      const some = all.slice(from, from + 5_000);
      await seed(some.map((org) => ({ namespace: `vendor.${org}`, keys: lookKeysOf('vendor', org) })));
    }
    await sql`create index claims_that_look_alike on namespace_claims using gin (look_keys) with (fastupdate = off)`;
    // As by a program that knows no look-alikes: a chore, or the first who claims, takes them in.
    await seed(all.slice(0, 600).map((org) => ({ namespace: `vendor.${org}`, keys: null })));
    await indexNames(sql)();
    await sql`analyze namespace_claims`;
  }, 60_000);

  it('all are in the index', async () => {
    expect(await registry.sql`select 1 from namespace_claims where look_keys is null`).toEqual([]);
  });

  it('few are looked at, and those by an index', async () => {
    const keys = lookKeysOf('vendor', 'hydrology');
    const plan = await registry.sql<{ 'QUERY PLAN': string }[]>`
      explain select namespace from unnest(${[...keys]}::integer[]) as key
      cross join lateral (select namespace from namespace_claims where look_keys @> array[key]) as found`;
    expect(JSON.stringify(plan)).toContain('claims_that_look_alike');
    expect((await claimsLike(registry.sql, keys, 'alice')).length).toBeLessThan(20);
  });

  it('one that looks like any of them is found, and one that does not is claimed', async () => {
    const [some] = await registry.sql<{ namespace: string }[]>`
      select namespace from namespace_claims where account = 'crowd' order by namespace offset 777 limit 1`;
    const near = `${some?.namespace.slice(0, -1)}0`;
    expect((await refusal(bob, near)).slice(0, 2)).toEqual([403, 'namespace_held']);
    expect((await claim(bob, 'vendor.hydrology-of-lakes')).status).toBe(201);
  });
});
