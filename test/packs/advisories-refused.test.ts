// Advisories that are refused: whoever speaks of others' packs, brings what is none, or names what nobody may know of.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountWith, addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
let vendor: string;
let other: string;
const acme = createPublisher();
const NAME = 'vendor.acme.tools';

const advisory = (more: object = {}, affected: object = {}) => ({
  severity: 'low',
  summary: 'x',
  affected: [{ packName: NAME, versions: '*', ...affected }],
  ...more,
});

const holder = async (account: string, namespace: string): Promise<string> => {
  const token = await accountWith(registry.call, account, ['advisories:publish', 'packs:yank']);
  const claim = { namespace, account };
  expect((await registry.call('POST', '/access/namespaces', { body: claim })).status).toBe(201);
  return token;
};

beforeAll(async () => {
  registry = await startRegistry({ mode: 'private' });
  await delegate(registry.call, acme, ['vendor.acme.*']);
  await registry.call('PUT', addressOf(NAME), { body: await acme.pack({ name: NAME }) });
  vendor = await holder('acme', 'vendor.acme');
  other = await holder('other', 'vendor.other');
});
afterAll(() => registry.stop());

const stored = async () => {
  const [row] = await registry.sql<{ count: number }[]>`
    select (select count(*) from advisories) + (select count(*) from versions where yanked is not null) as count`;
  return { ...(await registry.stored()), more: row?.count };
};

/** The refusal, once it is sure that nothing was stored. */
const refusal = async (body: object, token: string | null = registry.adminToken) => {
  const before = await stored();
  const { status, json } = await registry.call('POST', '/security/advisories', { body, token });
  expect(await stored()).toEqual(before);
  return { status, error: json.error, details: json.details, message: json.message };
};

const where = ({ details }: { details: { violations?: { where: string }[] } }) =>
  details.violations?.map((each) => each.where);

describe('an advisory is refused', () => {
  it('to who has no token, not the scope, or not the namespace', async () => {
    const yanker = await accountWith(registry.call, 'yanker', ['packs:yank']);
    expect((await refusal(advisory(), null)).status).toBe(401);
    expect(await refusal(advisory(), yanker)).toMatchObject({ status: 403, error: 'forbidden' });
    expect((await refusal(advisory(), other)).status).toBe(403);
    const both = { affected: [...advisory().affected, { packName: 'vendor.other.x', versions: '*' }] };
    expect((await refusal(advisory(both), vendor)).status).toBe(403);
  });

  it('to others than the operator where it brings its own number or day', async () => {
    for (const given of [{ id: 'OPENWOP-2026-9999' }, { publishedAt: '2020-01-01' }])
      expect(await refusal(advisory(given), vendor)).toMatchObject({ status: 403, error: 'forbidden' });
  });

  it.each([
    ['an unknown member', { yanked: true }, {}, ['/yanked']],
    ['no severity that there is', { severity: 'mild' }, {}, ['/severity']],
    ['a summary of two lines', { summary: 'a\nb' }, {}, ['/summary']],
    ['a summary with half a character', { summary: 'a\ud800' }, {}, ['/summary']],
    ['details with a control character', { details: 'a\u001b[2J' }, {}, ['/details']],
    ['an address that runs code', { advisoryUrl: 'javascript:alert(1)' }, {}, ['/advisoryUrl']],
    ['a score beyond ten', { cvssV4Score: 11 }, {}, ['/cvssV4Score']],
    ['two equal CVE ids', { cveIds: ['CVE-2026-1', 'CVE-2026-1'] }, {}, ['/cveIds']],
    [
      'a pack that is named twice',
      {
        affected: ['vendor.acme.tools', 'vendor.acme.more', 'vendor.acme.tools'].map((packName) => ({
          packName,
          versions: '*',
        })),
      },
      {},
      ['/affected/2/packName'],
    ],
    ['no range', {}, { versions: 'all of them' }, ['/affected/0/versions']],
    [
      'no name and no fix',
      {},
      { packName: 'tools', fixedIn: '1' },
      ['/affected/0/packName', '/affected/0/fixedIn'],
    ],
    ['a fix that is itself affected', {}, { versions: '<=1.1.0', fixedIn: '1.1.0' }, ['/affected/0/fixedIn']],
    ['nothing affected', { affected: [] }, {}, ['/affected']],
  ])('with %s', async (_, more, affected, pointers) => {
    const found = await refusal(advisory(more, affected));
    expect([found.status, found.error]).toEqual([400, 'validation_error']);
    expect(where(found)?.sort()).toEqual([...pointers].sort());
  });

  it('where it names a private pack, be it there or not', async () => {
    const found = await refusal(advisory({}, { packName: 'private.host.secret' }));
    expect([found.status, where(found)]).toEqual([400, ['/affected/0/packName']]);
  });

  it('where it is longer than the log can hold', async () => {
    const rows = Array.from({ length: 64 }, () => ({
      packName: NAME,
      versions: '*',
      fixedInRef: 'é'.repeat(200),
    }));
    const found = await refusal({ ...advisory({ details: 'é'.repeat(20_000) }), affected: rows });
    expect(found.status === 413 || found.details.maxBytes > 0).toBe(true);
  });
});

describe('what one said, others', () => {
  it('cannot change or withdraw, and the author of the operator’s neither', async () => {
    const own = await registry.call('POST', '/security/advisories', { body: advisory(), token: vendor });
    expect(own.status).toBe(201);
    const ruled = await registry.call('POST', '/security/advisories', {
      body: advisory({ summary: 'ruled' }),
    });
    const before = await stored();
    const say = async (method: string, id: string, token: string, body: object) =>
      (await registry.call(method, `/security/advisories/${id}`, { token, body })).status;
    const [mine, theirs] = [own.json.advisory.id, ruled.json.advisory.id];
    expect(await say('DELETE', mine, other, { reason: 'x' })).toBe(403);
    expect(await say('PUT', mine, other, advisory({}, { packName: 'vendor.other.x' }))).toBe(403);
    expect(await say('DELETE', theirs, vendor, { reason: 'x' })).toBe(403);
    expect(await say('PUT', theirs, vendor, advisory({ summary: 'nothing' }))).toBe(403);
    expect(await say('DELETE', 'OPENWOP-2026-7777', vendor, { reason: 'x' })).toBe(404);
    expect(await say('DELETE', 'nonsense', vendor, { reason: 'x' })).toBe(400);
    expect(await say('DELETE', mine, vendor, {})).toBe(400);
    expect(await stored()).toEqual(before);
    expect(await say('DELETE', mine, vendor, { reason: 'was none' })).toBe(200);
  });

  it('ends with the token: nothing is written by one that was revoked', async () => {
    const token = await accountWith(registry.call, 'late', ['advisories:publish']);
    await registry.sql`update tokens set revoked_at = now() where account = 'late'`;
    expect((await refusal(advisory({ summary: 'late' }), token)).status).toBe(401);
  });
});

it.each(['/security/advisories/OPENWOP-2026-7777.json', '/security/osv/OPENWOP-2026-7777.json'])(
  'there is nothing at %s',
  async (path) => {
    const { status, json } = await registry.call('GET', path, { token: null });
    expect([status, json.error]).toEqual([404, 'advisory_not_found']);
  },
);

it('what the operator changed, its author changes no more', async () => {
  const body = advisory({ summary: 'taken over' });
  const own = await registry.call('POST', '/security/advisories', { body, token: vendor });
  const path = `/security/advisories/${own.json.advisory.id}`;
  expect((await registry.call('PUT', path, { body: advisory({ summary: 'worse' }) })).status).toBe(200);
  const back = await registry.call('PUT', path, { body, token: vendor });
  expect([back.status, back.json.error]).toEqual([403, 'forbidden']);
});

it('an account is given so many numbers in a year and no more', async () => {
  const year = new Date().getUTCFullYear();
  await registry.sql`
    insert into advisories (id, content, author, by_operator, published_at, event_id, withdrawn)
    select 'OPENWOP-' || ${String(year)} || '-' || (1000 + number)::text, '{}', 'acme', false, now(), '', '{}'
    from generate_series(1, 500) as number`;
  const found = await refusal(advisory({ summary: 'one more' }), vendor);
  expect([found.status, found.details]).toEqual([400, expect.objectContaining({ limit: 500 })]);
});

it.each([
  ['POST', '/security/advisories'],
  ['PUT', '/security/advisories/OPENWOP-2026-0001'],
  ['DELETE', '/security/advisories/OPENWOP-2026-0001'],
])('%s %s of a stranger is refused before its body is read', async (method, path) => {
  const body = Buffer.from('{ no JSON');
  const headers = { 'Content-Type': 'application/json' };
  const nobody = await registry.call(method, path, { token: null, body, headers });
  const reader = await accountWith(registry.call, 'reader', ['packs:read']);
  const unable = await registry.call(method, path, { token: reader, body, headers });
  expect([nobody.status, unable.status]).toEqual([401, 403]);
});
