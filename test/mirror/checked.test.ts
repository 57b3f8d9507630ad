// A registry that mirrors is whole to its operator (fsck) and true to its log for everybody (log verify).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sign } from '../../keys/ed25519.ts';
import { fsck } from '../../src/upkeep/upkeep.ts';
import { newShell } from '../world/cli.ts';
import { type MadePack, makePack } from '../world/packs.ts';
import { createPublisher } from '../world/publisher.ts';
import { type TestRegistry, testConfig } from '../world/registry.ts';
import { partOf, type StaticRegistry, yank } from '../world/static-registry.ts';
import { listAll, listing, mirror, startMirror, syncAgain, upstreamOf } from './mirroring.ts';

const publisher = createPublisher('checked-1');

/** As the first packs were signed: the tarball as a whole, by a key that only the served manifest names (v1). */
const signWhole = (upstream: StaticRegistry, pack: MadePack): void => {
  const { keyId } = publisher;
  const signing = { method: 'ed25519', keyId, publicKeyUrl: `/keys/${keyId}.pub` };
  upstream.setJson(partOf(pack, 'json'), { ...upstream.json(partOf(pack, 'json')), signing });
  upstream.files.set(partOf(pack, 'sig'), sign(pack.tarball, publisher.seed));
};

let registry: TestRegistry;
let upstream: StaticRegistry;
let whole: MadePack;
beforeAll(async () => {
  const names = ['plain', 'yanked', 'later'];
  const packs = await Promise.all(
    names.map((each) => makePack(publisher, { name: `vendor.checked.${each}` })),
  );
  const next = await makePack(publisher, { name: 'vendor.checked.next', tree: 'v2' });
  whole = await makePack(publisher, { name: 'vendor.checked.whole', seed: null });
  const all = [...packs, next, whole];
  upstream = await upstreamOf([listing(publisher, 'vendor.checked.*')], all);
  signWhole(upstream, whole);
  yank(upstream, packs[1] as MadePack, 'broken');
  registry = await startMirror();
  const { id } = await mirror(registry, upstream.url);
  yank(upstream, packs[2] as MadePack, 'broken as well');
  listAll(upstream, all);
  expect(await syncAgain(registry, id)).toMatchObject({ outcome: 'complete', versions: 5, flaws: 0 });
});
afterAll(async () => {
  await registry.stop();
  await upstream.close();
});

describe('a registry that mirrors', { timeout: 60_000 }, () => {
  it('is found whole', async () => {
    const config = testConfig(registry.dataDir, registry.databaseUrl);
    const found = await fsck(config, () => undefined)({ repair: false, sample: 'all' });
    expect(found.findings).toEqual([]);
  });

  it('serves what its log records', async () => {
    const shell = await newShell({ ATTESTRY_URL: registry.url });
    const { code, stdout, stderr } = await shell.run('log', 'verify');
    expect({ code, stderr, findings: stdout.split('\n').filter((line) => line.includes('✗')) }).toEqual({
      ...{ code: 0, stderr: '', findings: [] },
    });
  });

  it('serves a tarball that is signed as a whole with the key and the method that upstream names', async () => {
    const manifest = (await registry.call('GET', partOf(whole, 'json'), { token: null })).json;
    expect(manifest.signing).toEqual({
      method: 'ed25519',
      keyId: 'checked-1',
      publicKeyUrl: '/keys/checked-1.pub',
    });
    const index = (await registry.call('GET', `/v1/packs/${whole.name}/index.json`, { token: null })).json;
    expect(index.versions[0]).toMatchObject({ signingMethod: 'ed25519', signingKeyId: 'checked-1' });
    const signature = (await registry.call('GET', partOf(whole, 'sig'), { token: null })).bytes;
    expect(signature.equals(Buffer.from(sign(whole.tarball, publisher.seed)))).toBe(true);
  });
});
