// Release statements of mirrored versions: brought along, verified like those of uploads, served, and carried on.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { envelopeText } from '../../keys/envelope.ts';
import { memoryTrustStore, openRegistry, verifyVersion } from '../../src/client/index.ts';
import { fsck } from '../../src/upkeep/upkeep.ts';
import { type LoggedRegistry, loggedRegistry, statementOf } from '../client/logged.ts';
import { publisher } from '../client/trusted.ts';
import { NOW } from '../keys/trust-world.ts';
import { newShell } from '../world/cli.ts';
import { type MadePack, makePack } from '../world/packs.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry, testConfig } from '../world/registry.ts';
import { stated, statementHeaders } from '../world/statements.ts';
import { indexOf, partOf } from '../world/static-registry.ts';
import { exported, exportOf, filesIn, importInto, rootQuery } from './exporting.ts';
import { flawsOf, listAll, mirror, startMirror, syncAgain } from './mirroring.ts';

const NAME = 'vendor.acme.tools';
const POLICY = { minAssurance: 'log+bytes', requireStatement: true } as const;

const statementAt = (registry: TestRegistry, version: string, name = NAME) =>
  registry.call('GET', addressOf(name, version, 'v1', 'intoto.json'), { token: null });

const verifiedAt = async (registry: TestRegistry, version: string, policy = {}) => {
  const opened = await openRegistry({ url: registry.url, store: memoryTrustStore() });
  return verifyVersion({ registry: opened, policy })(NAME, version);
};

describe('a release statement', { timeout: 60_000 }, () => {
  let upstream: TestRegistry;
  let registry: TestRegistry;
  const own = createPublisher('upstream-1', randomBytes(32));
  const statements = new Map<string, string>();

  const publish = async (version: string, tree: 'v1' | 'v2', isStated = true): Promise<void> => {
    const body = await own.pack({ name: NAME, version, tree });
    const envelope = await stated(own, body);
    if (isStated) statements.set(version, envelopeText(envelope));
    const headers = isStated ? statementHeaders(envelope) : {};
    const { status } = await upstream.call('PUT', addressOf(NAME, version, tree), { body, headers });
    expect(status).toBe(201);
  };

  const expectServed = async (at: TestRegistry): Promise<void> => {
    for (const version of ['1.0.0', '2.0.0']) {
      expect((await statementAt(at, version)).bytes.toString()).toBe(statements.get(version));
      expect(await verifiedAt(at, version, POLICY)).toMatchObject({
        assurance: 'log+bytes',
        keyId: 'upstream-1',
        recorded: { mirrored: expect.anything() },
      });
    }
    expect((await statementAt(at, '1.1.0')).json.error).toBe('statement_not_available');
    expect(await verifiedAt(at, '1.1.0')).toMatchObject({ assurance: 'log+manifest' });
  };

  beforeAll(async () => {
    [upstream, registry] = await Promise.all([startRegistry({ rateLimits: 'off' }), startMirror()]);
    await delegate(upstream.call, own, ['vendor.acme.*']);
    await publish('1.0.0', 'v1');
    await publish('1.1.0', 'v1', false);
    await publish('2.0.0', 'v2');
  });
  afterAll(() => Promise.all([upstream.stop(), registry.stop()]));

  it('comes along with a version, and puts every byte under the key of its publisher here as well', async () => {
    expect(await mirror(registry, upstream.url)).toMatchObject({
      outcome: 'complete',
      versions: 3,
      flaws: 0,
    });
    await expectServed(registry);
    const shell = await newShell({ ATTESTRY_URL: registry.url });
    const { code, stdout } = await shell.run('verify', `${NAME}@2.0.0`, '--require', 'log+bytes');
    expect([code, stdout.includes('log+bytes')]).toEqual([0, true]);
  });

  it('is found to fit by whoever checks the mirror', async () => {
    const config = testConfig(registry.dataDir, registry.databaseUrl);
    const check = fsck(config, () => undefined);
    expect((await check({ repair: false, sample: 'all' })).findings).toEqual([]);
    const [{ statement }] = await registry.sql<[{ statement: string }]>`
      select statement from versions where version = '2.0.0'`;
    await registry.sql`update versions set statement = ${statement} where version = '1.0.0'`;
    const { findings } = await check({ repair: false, sample: 'all' });
    expect(findings).toEqual([expect.objectContaining({ code: 'statement_invalid' })]);
    await registry.sql`update versions set statement = ${statements.get('1.0.0') ?? ''} where version = '1.0.0'`;
  });

  it('is carried where no network is, and on from there', async () => {
    const [second, third] = await Promise.all([startMirror(), startMirror()]);
    onTestFinished(async () => void (await Promise.all([second.stop(), third.stop()])));
    const root = (await upstream.call('GET', '/trust/root.json', { token: null })).bytes;
    expect(await importInto(second, await exported(upstream.url), rootQuery(root))).toMatchObject({
      ...{ outcome: 'complete', versions: 3, flaws: 0 },
    });
    await expectServed(second);
    const there = (await registry.call('GET', '/trust/root.json', { token: null })).bytes;
    const carried = await exported(registry.url);
    expect((await filesIn(carried)).has(addressOf(NAME, '1.0.0', 'v1', 'intoto.json'))).toBe(true);
    expect(await importInto(third, carried, rootQuery(there))).toMatchObject({
      outcome: 'complete',
      flaws: 0,
    });
    await expectServed(third);
  });

  it('that was exchanged on the way is left behind, and the version is taken all the same', async () => {
    const other = await startMirror();
    onTestFinished(() => other.stop());
    const root = (await upstream.call('GET', '/trust/root.json', { token: null })).bytes;
    const files = await filesIn(await exported(upstream.url));
    files.set(addressOf(NAME, '1.0.0', 'v1', 'intoto.json'), Buffer.from(statements.get('2.0.0') ?? ''));
    const row = await importInto(other, exportOf(upstream.url, files), rootQuery(root));
    expect(row).toMatchObject({ outcome: 'complete', versions: 3, flaws: 1 });
    expect(await flawsOf(other, row.id)).toEqual({ [`${NAME}@1.0.0`]: 'statement_invalid' });
    expect((await statementAt(other, '1.0.0')).status).toBe(404);
    expect(await verifiedAt(other, '1.0.0')).toMatchObject({ assurance: 'log+manifest' });
  });

  it('is completed where the version was mirrored without it, once its list is read again', async () => {
    const other = await startMirror();
    onTestFinished(() => other.stop());
    const { id } = await mirror(other, upstream.url);
    await other.sql`update versions set statement = null`;
    await other.call('DELETE', `/mirror/upstreams/${id}`);
    expect(await mirror(other, upstream.url)).toMatchObject({
      versions: 3,
      progress: { added: 0, changed: 2 },
    });
    await expectServed(other);
    await other.sql`update versions set statement = null`;
    await publish('1.2.0', 'v1');
    await publish('2.1.0', 'v2');
    expect(await syncAgain(other, id)).toMatchObject({
      outcome: 'complete',
      progress: { added: 2, changed: 2 },
    });
    await expectServed(other);
  });
});

describe('a release statement that does not hold', { timeout: 60_000 }, () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startMirror({ mirroring: (deps) => ({ ...deps, now: () => NOW }) });
  });
  afterAll(() => registry.stop());

  type Serve = (upstream: LoggedRegistry, pack: MadePack) => unknown;
  const BAD: readonly (readonly [string, string, Serve])[] = [
    ['bytes', 'is about other bytes', (up, pack) => up.serveStatement(pack, { sha256: '0'.repeat(64) })],
    ['version', 'is about another version', (up, pack) => up.serveStatement(pack, { version: '1.0.1' })],
    ['stranger', 'is signed by another key', (up, pack) => up.serveStatement(pack, {}, 'registrar')],
    ['noise', 'is no envelope', (up, pack) => up.files.set(statementOf(pack), Buffer.from('{"payload":7}'))],
    ['huge', 'is too large', (up, pack) => up.files.set(statementOf(pack), Buffer.alloc(200_000, 0x20))],
  ];

  it.each(BAD)('(%s: it %s) is named, and the version is served without it', async (tool, _why, serve) => {
    const pack = await makePack(publisher, { name: `vendor.acme.${tool}` });
    const upstream = await loggedRegistry(pack);
    upstream.files.set('/keys/publisher.pub', Buffer.from(publisher.publicKeyPem));
    listAll(upstream, [pack]);
    await serve(upstream, pack);
    const row = await mirror(registry, upstream.url);
    expect(row).toMatchObject({ outcome: 'complete', versions: 1, flaws: 1 });
    expect(await flawsOf(registry, row.id)).toEqual({ [`${pack.name}@1.0.0`]: 'statement_invalid' });
    const served = await registry.call('GET', partOf(pack, 'tgz'), { token: null });
    expect(served.bytes.equals(pack.tarball)).toBe(true);
    expect((await statementAt(registry, '1.0.0', pack.name)).json.error).toBe('statement_not_available');
    await upstream.serveStatement(pack);
    upstream.setJson(indexOf(pack), { ...upstream.json(indexOf(pack)), mended: true });
    expect(await syncAgain(registry, row.id)).toMatchObject({ flaws: 0, progress: { changed: 1 } });
    const kept = await statementAt(registry, '1.0.0', pack.name);
    expect(kept.bytes.equals(Buffer.from(upstream.files.get(statementOf(pack)) ?? []))).toBe(true);
  });

  it('because it cannot be had now is waited for, and the version with it', async () => {
    const pack = await makePack(publisher, { name: 'vendor.acme.later' });
    const upstream = await loggedRegistry(pack);
    upstream.files.set('/keys/publisher.pub', Buffer.from(publisher.publicKeyPem));
    listAll(upstream, [pack]);
    await upstream.serveStatement(pack);
    let isBroken = true;
    upstream.lieAbout(/\.intoto\.json$/, (response, honest) =>
      response.writeHead(isBroken ? 500 : 200).end(isBroken ? '' : honest),
    );
    const row = await mirror(registry, upstream.url);
    expect(row).toMatchObject({ outcome: 'partial', versions: 0, flaws: 0 });
    isBroken = false;
    expect(await syncAgain(registry, row.id)).toMatchObject({ outcome: 'complete', versions: 1 });
    expect((await statementAt(registry, '1.0.0', pack.name)).status).toBe(200);
  });
});
