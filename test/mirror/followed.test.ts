// What an upstream says later of its versions is followed; what is said here of them stands until upstream changes its word.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type MadePack, makePack } from '../world/packs.ts';
import { addressOf, createPublisher } from '../world/publisher.ts';
import type { TestRegistry } from '../world/registry.ts';
import { indexOf, partOf, type StaticRegistry, yank } from '../world/static-registry.ts';
import { listing, mirror, startMirror, syncAgain, upstreamOf } from './mirroring.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startMirror();
});
afterAll(() => registry.stop());

interface Scene {
  readonly upstream: StaticRegistry;
  readonly pack: MadePack;
  readonly id: string;
}

const scene = async (
  org: string,
  before?: (upstream: StaticRegistry, pack: MadePack) => void,
): Promise<Scene> => {
  const publisher = createPublisher(`${org}-1`);
  const pack = await makePack(publisher, { name: `vendor.${org}.tools` });
  const upstream = await upstreamOf([listing(publisher, `vendor.${org}.*`)], [pack]);
  onTestFinished(() => upstream.close());
  before?.(upstream, pack);
  const { id } = await mirror(registry, upstream.url);
  return { upstream, pack, id };
};

/** As registries do it: in the manifest, and in the list of versions. */
const say = ({ upstream, pack }: Pick<Scene, 'upstream' | 'pack'>, flags: object): void => {
  upstream.setJson(partOf(pack, 'json'), { ...upstream.json(partOf(pack, 'json')), ...flags });
  const index = upstream.json(indexOf(pack)) as { versions: readonly object[] };
  upstream.setJson(indexOf(pack), {
    ...index,
    versions: index.versions.map((row) => ({ ...row, ...flags })),
  });
};

const served = async (pack: MadePack) =>
  (await registry.call('GET', partOf(pack, 'json'), { token: null })).json;
const kindsOf = async (pack: MadePack): Promise<string[]> =>
  (
    await registry.sql<{ kind: string }[]>`
      select kind from events where subject = ${`pack:${pack.name}@${pack.version}`} order by xact, ordinal`
  ).map(({ kind }) => kind);

describe('a yank upstream', () => {
  it('is there with the version, and its signature stays served as upstream serves it', async () => {
    const { pack } = await scene('yanked', (upstream, made) => yank(upstream, made, 'leaks its token'));
    expect(await served(pack)).toMatchObject({ yanked: true, yankedReason: 'leaks its token' });
    expect(await kindsOf(pack)).toEqual(['mirror.ingested', 'pack.yanked']);
    const signature = await registry.call('GET', partOf(pack, 'sig'), { token: null });
    expect(signature.bytes.equals(pack.signature)).toBe(true);
  });

  it('is followed, and taken back', async () => {
    const at = await scene('follow');
    say(at, { yanked: true, yankedReason: 'broken' });
    await syncAgain(registry, at.id);
    expect(await served(at.pack)).toMatchObject({ yanked: true, yankedReason: 'broken' });
    say(at, { yanked: false, yankedReason: undefined });
    await syncAgain(registry, at.id);
    expect(await served(at.pack)).toMatchObject({ yanked: false });
    expect(await kindsOf(at.pack)).toEqual(['mirror.ingested', 'pack.yanked', 'pack.unyanked']);
  });

  it('stands in the signed list of what is withdrawn', async () => {
    const at = await scene('listed');
    say(at, { yanked: true, yankedReason: 'broken' });
    await syncAgain(registry, at.id);
    const { json } = await registry.call('GET', '/trust/withdrawals.json', { token: null });
    const list = JSON.parse(Buffer.from(json.payload, 'base64').toString());
    const [row] = await registry.sql<
      { digest: Uint8Array }[]
    >`select digest from versions where name = ${at.pack.name}`;
    const sha256 = Buffer.from(row?.digest ?? []).toString('hex');
    expect(list.withdrawn).toContainEqual({ sha256, kind: 'yanked' });
  });
});

describe('an advisory in force here', () => {
  it('yanks what it names as it is mirrored, and upstream does not take that back', async () => {
    const affected = [{ packName: 'vendor.advised.tools', versions: '<2.0.0' }];
    const body = { severity: 'high', summary: 'leaks its token', affected };
    expect((await registry.call('POST', '/security/advisories', { body })).status).toBe(201);
    const at = await scene('advised');
    expect(await served(at.pack)).toMatchObject({ yanked: true });
    say(at, { yanked: true, yankedReason: 'theirs' });
    await syncAgain(registry, at.id);
    say(at, { yanked: false });
    await syncAgain(registry, at.id);
    expect(await served(at.pack)).toMatchObject({ yanked: true });
  });
});

describe('a deprecation upstream', () => {
  it('is followed in both spellings', async () => {
    const at = await scene('old', (upstream, pack) =>
      say({ upstream, pack }, { deprecated: true, deprecationReason: 'use 2.0.0', supersededBy: '2.0.0' }),
    );
    expect(await served(at.pack)).toMatchObject({ deprecated: true, supersededBy: '2.0.0' });
    say(at, {
      deprecated: undefined,
      versionDeprecated: true,
      deprecationReason: 'use 3.0.0',
      supersededBy: '3.0.0',
    });
    await syncAgain(registry, at.id);
    expect(await served(at.pack)).toMatchObject({ deprecated: true, deprecationReason: 'use 3.0.0' });
    say(at, { versionDeprecated: false, deprecationReason: undefined, supersededBy: undefined });
    await syncAgain(registry, at.id);
    expect(await served(at.pack)).toMatchObject({ deprecated: false });
  });
});

describe('what the operator says here', () => {
  const call = (pack: MadePack, what: string, body?: object) =>
    registry.call(
      'POST',
      `/v1/packs/${pack.name}/-/${pack.version}/${what}`,
      body === undefined ? {} : { body },
    );

  it('stands while upstream says what it said before', async () => {
    const at = await scene('override');
    const method = 'POST';
    const yanked = await registry.call(method, `${addressOf(at.pack.name).replace('.tgz', '')}/yank`, {
      body: { reason: 'not for us' },
    });
    expect(yanked.status).toBe(200);
    say(at, { note: 'another word' });
    await syncAgain(registry, at.id);
    expect(await served(at.pack)).toMatchObject({ yanked: true, yankedReason: 'not for us' });
    say(at, { yanked: true, yankedReason: 'theirs' });
    await syncAgain(registry, at.id);
    say(at, { yanked: false });
    await syncAgain(registry, at.id);
    expect(await served(at.pack)).toMatchObject({ yanked: true, yankedReason: 'not for us' });
  });

  it('is only the operator’s to say: nobody else holds the namespace', async () => {
    const at = await scene('others');
    expect((await call(at.pack, 'yank', { reason: 'x' })).status).toBe(200);
    const anonymous = await registry.call('POST', `/v1/packs/${at.pack.name}/-/1.0.0/yank`, {
      token: null,
      body: { reason: 'x' },
    });
    expect(anonymous.status).toBe(401);
  });
});
