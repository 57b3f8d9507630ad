// An advisory yanks what it names, stands in the log, and is served as the public feed has it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditRegistry } from '../../src/client/audit/audit.ts';
import { memoryTrustStore } from '../../src/client/trust-state.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
const acme = createPublisher();

beforeAll(async () => {
  registry = await startRegistry();
  await delegate(registry.call, acme, ['vendor.acme.*']);
});
afterAll(() => registry.stop());

const publish = async (name: string, ...versions: readonly string[]) => {
  const answers = [];
  for (const version of versions) {
    const body = await acme.pack({ name, version });
    const answer = await registry.call('PUT', addressOf(name, version), { body });
    expect(answer.status, JSON.stringify(answer.json)).toBe(201);
    answers.push(answer);
  }
  return answers;
};

const about = (packName: string, versions: string, more: object = {}) => ({
  severity: 'high',
  summary: 'Leaks its token into logs',
  affected: [{ packName, versions }],
  ...more,
});

const advise = (body: object) => registry.call('POST', '/security/advisories', { body });
const read = async (path: string) => (await registry.call('GET', path, { token: null })).json;

const yankedOf = async (name: string): Promise<readonly string[]> => {
  const rows = await registry.sql<{ version: string }[]>`
    select version from versions where name = ${name} and yanked is not null order by version`;
  return rows.map(({ version }) => version);
};

const eventsSince = async (event: string) =>
  registry.sql<{ kind: string; subject: string; xact: string }[]>`
    select kind, subject, xact::text as xact from events
    where (xact, ordinal) >= (select xact, ordinal from events where id = ${event}) order by xact, ordinal`;

describe('publishing an advisory', () => {
  const name = 'vendor.acme.leaky';
  let id: string;

  it('yanks every version that it names, in its own transaction, and answers with a receipt', async () => {
    await publish(name, '1.0.0', '1.0.1-rc.1', '1.0.1', '1.1.0');
    const answer = await advise(about(name, '<1.0.1', { advisoryUrl: 'https://acme.example/a/1' }));
    expect(answer.status).toBe(201);
    id = answer.json.advisory.id;
    expect(id).toMatch(/^OPENWOP-\d{4}-\d{4}$/);
    expect(answer.json).toMatchObject({
      yanked: [`${name}@1.0.0`, `${name}@1.0.1-rc.1`],
      alreadyYanked: [],
      released: [],
      unmatched: [],
      receipt: { index: expect.any(Number) },
    });
    expect(await yankedOf(name)).toEqual(['1.0.0', '1.0.1-rc.1']);
    const events = await eventsSince(answer.json.receipt.eventId);
    expect(events.map(({ kind }) => kind)).toEqual(['advisory.published', 'pack.yanked', 'pack.yanked']);
    expect(new Set(events.map(({ xact }) => xact)).size).toBe(1);
  });

  it('shows in the version manifest and in the signed list', async () => {
    const manifest = await read(addressOf(name, '1.0.0', 'v1', 'json'));
    expect(manifest).toMatchObject({
      yanked: true,
      yankedReason: `${id}: Leaks its token into logs`,
      advisoryUrl: 'https://acme.example/a/1',
    });
    const [row] = await registry.sql<{ count: number }[]>`select count(*) as count from withdrawals`;
    expect(row?.count).toBe(1);
    expect((await read(`/v1/packs/${name}`))['dist-tags'].latest).toBe('1.1.0');
  });

  it('is served in the shape of the public feed, alone, and for readers of OSV', async () => {
    const feed = await read('/security/advisories.json');
    const advisory = {
      id,
      publishedAt: new Date().toISOString().slice(0, 10),
      severity: 'high',
      summary: 'Leaks its token into logs',
      advisoryUrl: 'https://acme.example/a/1',
      affected: [{ packName: name, versions: '<1.0.1' }],
    };
    expect(feed.advisories).toEqual([advisory]);
    expect(await read(`/security/advisories/${id}.json`)).toEqual(advisory);
    const osv = await read(`/security/osv/${id}.json`);
    expect(osv).toMatchObject({ id, schema_version: '1.6.0', summary: advisory.summary });
    expect(osv.affected).toEqual([
      {
        package: { ecosystem: 'OpenWOP', name, purl: `pkg:openwop/${name}` },
        ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.0.1' }] }],
        database_specific: { range: '<1.0.1' },
      },
    ]);
    expect((await read('/security/osv.json')).vulns).toEqual([osv]);
  });

  it('again with the same words changes nothing', async () => {
    const before = await registry.stored();
    const again = await advise(about(name, '<1.0.1', { advisoryUrl: 'https://acme.example/a/1' }));
    expect([again.status, again.json.advisory.id]).toEqual([200, id]);
    expect(again.json.alreadyYanked).toHaveLength(2);
    expect(await registry.stored()).toEqual(before);
  });

  it('says which rows name nothing that is there', async () => {
    const { json } = await advise(about('vendor.acme.absent', '*'));
    expect(json).toMatchObject({
      yanked: [],
      unmatched: [{ packName: 'vendor.acme.absent', versions: '*' }],
    });
  });

  it('may bring one from elsewhere, with its id and its day', async () => {
    const given = { id: 'OPENWOP-2026-0042', publishedAt: '2026-05-12' };
    const answer = await advise({ ...about('vendor.acme.old', '1.x'), ...given });
    expect(answer.json.advisory).toMatchObject(given);
    const taken = await advise({ ...about('vendor.acme.other', '1.x'), ...given });
    expect([taken.status, taken.json.error]).toEqual([409, 'already_exists']);
  });
});

describe('while an advisory is in force', () => {
  const name = 'vendor.acme.warned';
  let id: string;

  it('a version that it names is published yanked, and says why', async () => {
    await publish(name, '1.0.0');
    // No event can tell of this range, so that versions are listed.
    id = (await advise(about(name, '<=1.9.9007199254740991'))).json.advisory.id;
    const [affected, fixed] = await publish(name, '1.5.0', '2.0.0');
    expect(affected?.status).toBe(201);
    expect(affected?.json.yanked.reason).toContain(id);
    expect([fixed?.status, fixed?.json.yanked]).toEqual([201, undefined]);
    expect(await yankedOf(name)).toEqual(['1.0.0', '1.5.0']);
    const rows = await registry.sql<{ kind: string }[]>`
      select kind from events where subject = ${`pack:${name}@1.5.0`} order by xact, ordinal`;
    expect(rows.map(({ kind }) => kind)).toEqual(['pack.published', 'pack.yanked']);
    expect((await read(`/security/osv/${id}.json`)).affected[0].versions).toEqual(['1.0.0', '1.5.0']);
  });

  it('no yank of what it names is taken back', async () => {
    const before = await registry.stored();
    const { status, json } = await registry.call('DELETE', `/v1/packs/${name}/-/1.0.0/yank`);
    expect([status, json.error, json.details.advisory]).toEqual([409, 'advisory_active', id]);
    expect(await registry.stored()).toEqual(before);
  });

  it('a change yanks what it names newly, and tells what it names no more', async () => {
    const body = about(name, '>=1.5.0 <3.0.0');
    const { status, json } = await registry.call('PUT', `/security/advisories/${id}`, { body });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      yanked: [`${name}@2.0.0`],
      alreadyYanked: [`${name}@1.5.0`],
      released: [`${name}@1.0.0`],
    });
    expect(json.advisory.updatedAt).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(await yankedOf(name)).toEqual(['1.0.0', '1.5.0', '2.0.0']);
    expect((await registry.call('DELETE', `/v1/packs/${name}/-/1.0.0/yank`)).status).toBe(200);
    const same = await registry.call('PUT', `/security/advisories/${id}`, { body: json.advisory });
    expect([same.status, same.json.receipt.eventId]).toEqual([200, json.receipt.eventId]);
  });

  it('whose withdrawal leaves the yanks, they may be taken back again', async () => {
    const path = `/security/advisories/${id}`;
    const { status, json } = await registry.call('DELETE', path, { body: { reason: 'no leak' } });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      withdrawn: { reason: 'no leak', withdrawnBy: 'operator' },
      released: [`${name}@1.5.0`, `${name}@2.0.0`],
    });
    expect(await yankedOf(name)).toEqual(['1.5.0', '2.0.0']);
    expect(
      (await read('/security/advisories.json')).advisories.map((each: { id: string }) => each.id),
    ).not.toContain(id);
    expect((await read(`${path}.json`)).withdrawn.reason).toBe('no leak');
    expect((await read(`/security/osv/${id}.json`)).withdrawn).toBe(json.withdrawn.withdrawnAt);
    expect((await registry.call('DELETE', `/v1/packs/${name}/-/2.0.0/yank`)).status).toBe(200);
    const [open] = await publish(name, '2.5.0');
    expect([open?.status, open?.json.yanked]).toEqual([201, undefined]);
    const again = await registry.call('DELETE', path, { body: { reason: 'again' } });
    expect([again.status, again.json.withdrawn.reason]).toEqual([200, 'no leak']);
    const changed = await registry.call('PUT', path, { body: about(name, '*') });
    expect([changed.status, changed.json.error]).toEqual([409, 'advisory_withdrawn']);
  });
});

it('an auditor finds log, feed and yanks at one', async () => {
  const report = await auditRegistry({ url: registry.url, store: memoryTrustStore(), settleMs: 0 });
  expect(report.findings).toEqual([]);
  expect(report.compared).toBe(true);
});
