// A set of packs from one registry or several: who is asked for what, and what is never asked of anybody else.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { installPacks, memoryTrustStore, type VerifyPolicy } from '../../src/client/index.ts';
import { openSources } from '../../src/client/policy/open-sources.ts';
import { gather } from '../../src/client/resolve/gather.ts';
import { makePack } from '../world/packs.ts';
import { partOf, type StaticRegistry, yank } from '../world/static-registry.ts';
import { acme, newHost, registryWith } from './host.ts';

const [APP, LIB] = ['vendor.acme.app', 'vendor.acme.lib'];

const pack = (name: string, version: string, dependencies: Readonly<Record<string, string>> = {}) =>
  makePack(acme, { name, version, edits: { '/dependencies': dependencies } });

const source = ({ url }: { readonly url: string }) => ({ url, store: memoryTrustStore() });

const chosenFrom = async (
  registries: readonly { readonly url: string }[],
  wishes: Readonly<Record<string, string>>,
  policy?: VerifyPolicy,
) => {
  const all = registries.map(source);
  const sources = openSources({ sourcesOf: () => all });
  const roots = Object.entries(wishes).map(([name, range]) => ({ name, range, by: 'you' }));
  const { packs } = await gather({ sources, policy }, roots);
  return packs.map(({ name, version, registry }) => [`${name}@${version}`, registry]);
};

const asked = ({ requests }: StaticRegistry, name: string): boolean =>
  requests.some((path) => path.includes(name));

describe('an install', () => {
  it('brings along what a pack needs, and what that needs, and says who needs it', async () => {
    const registry = await registryWith([
      await pack(APP, '1.0.0', { [LIB]: '^1.0.0' }),
      await pack(LIB, '1.0.0'),
      await pack(LIB, '1.1.0', { 'vendor.acme.deep': '*' }),
      await pack('vendor.acme.deep', '3.0.0'),
    ]);
    const host = await newHost();
    expect(await host.install(registry, APP)).toMatchObject([
      { name: APP, version: '1.0.0' },
      { name: 'vendor.acme.deep', neededBy: [`${LIB}@1.1.0`] },
      { name: LIB, version: '1.1.0', neededBy: [`${APP}@1.0.0`] },
    ]);
    expect((await readdir(host.dir)).sort()).toEqual([APP, 'vendor.acme.deep', LIB].sort());
    expect(await host.install(registry, `${APP}@1.0.0`, { offline: true })).toHaveLength(3);
  });

  it('of a set in which one pack is not believed leaves nothing', async () => {
    const needed = await pack(LIB, '1.0.0');
    const registry = await registryWith([await pack(APP, '1.0.0', { [LIB]: '*' }), needed]);
    registry.files.set(partOf(needed, 'tgz'), Buffer.from('evil'));
    const refused = await (await newHost()).refusal(registry, APP);
    expect(refused.code).toBe('pack_integrity_mismatch');
  });

  it('is refused where something that is needed is nowhere, was yanked, or goes round in a circle', async () => {
    const lib = await pack(LIB, '1.0.0');
    const yanked = await registryWith([await pack(APP, '1.0.0', { [LIB]: '*' }), lib]);
    yank(yanked, lib, 'broken');
    const missing = await registryWith([await pack(APP, '1.0.0', { [LIB]: '*' })]);
    const round = await registryWith([
      await pack(APP, '1.0.0', { [LIB]: '*' }),
      await pack(LIB, '1.0.0', { [APP]: '*' }),
    ]);
    for (const [registry, code] of [
      [yanked, 'no_version_satisfies'],
      [missing, 'pack_not_found'],
      [round, 'pack_dependency_cycle'],
    ] as const)
      expect((await (await newHost()).refusal(registry, APP)).code).toBe(code);
  });

  it('says who asked for what where nothing satisfies everybody (node-packs.md, step 3)', async () => {
    const registry = await registryWith([
      await pack(APP, '1.0.0', { [LIB]: '^1.0.0' }),
      await pack('vendor.acme.other', '1.0.0', { [LIB]: '^2.0.0' }),
      await pack(LIB, '1.0.0'),
      await pack(LIB, '2.0.0'),
    ]);
    const dir = await mkdtemp(join(tmpdir(), 'attestry-set-'));
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    const requests = [APP, 'vendor.acme.other'];
    await expect(
      installPacks({ url: registry.url, store: memoryTrustStore(), dir, requests }),
    ).rejects.toMatchObject({
      code: 'pack_dependency_conflict',
      evidence: {
        packName: LIB,
        conflictingRanges: [
          { requestedBy: `${APP}@1.0.0`, range: '^1.0.0' },
          { requestedBy: 'vendor.acme.other@1.0.0', range: '^2.0.0' },
        ],
      },
    });
    expect(await readdir(dir)).toEqual([]);
  });

  it('never asks for a name that is none, whatever a manifest says', async () => {
    const registry = await registryWith([await pack(APP, '1.0.0', { '../../keys/evil': '*' })]);
    expect((await (await newHost()).refusal(registry, APP)).code).toBe('pack_not_found');
    expect(asked(registry, 'evil')).toBe(false);
  });
});

describe('of several registries', () => {
  it('the first that has a name has all of its versions', async () => {
    const first = await registryWith([await pack(LIB, '1.0.0')]);
    const second = await registryWith([await pack(LIB, '9.0.0'), await pack(APP, '1.0.0', { [LIB]: '*' })]);
    expect(await chosenFrom([first, second], { [APP]: '*' })).toEqual([
      [`${APP}@1.0.0`, second.url],
      [`${LIB}@1.0.0`, first.url],
    ]);
    await expect(chosenFrom([first, second], { [LIB]: '9.0.0' })).rejects.toMatchObject({
      code: 'pack_not_found',
    });
  });

  it('one that cannot be asked lets nobody answer in its place', async () => {
    const gone = await registryWith([]);
    await gone.close();
    const second = await registryWith([await pack(LIB, '9.0.0')]);
    gone.close = async () => undefined;
    await expect(chosenFrom([gone, second], { [LIB]: '*' })).rejects.toMatchObject({
      code: 'pack_registry_unreachable',
    });
    const broken = await registryWith([await pack(LIB, '1.0.0')]);
    broken.lieAbout(/index\.json/, (response) => void response.writeHead(500).end());
    await expect(chosenFrom([broken, second], { [LIB]: '*' })).rejects.toMatchObject({
      code: 'pack_registry_unreachable',
    });
    expect(second.requests).toEqual([]);
  });

  it('a name that is bound to one is asked of no other', async () => {
    const inner = await registryWith([await pack(APP, '1.0.0', { [LIB]: '*' })]);
    const outer = await registryWith([await pack(LIB, '1.0.0'), await pack(APP, '99.0.0')]);
    const [a, b] = [source(inner), source(outer)];
    const sources = openSources({ sourcesOf: (name) => (name === APP ? [a] : [b]) });
    const { packs } = await gather({ sources }, [{ name: APP, range: '*', by: 'you' }]);
    expect(packs.map(({ version }) => version)).toEqual(['1.0.0', '1.0.0']);
    expect(asked(outer, APP)).toBe(false);
    expect(asked(inner, `packs/${LIB}`)).toBe(false);
  });
});

describe('what is asked of a registry', () => {
  it('is one list for each name and one manifest for each version that is chosen', async () => {
    const versions = await Promise.all(Array.from({ length: 12 }, (_, minor) => pack(LIB, `1.${minor}.0`)));
    const registry = await registryWith([await pack(APP, '1.0.0', { [LIB]: '^1.0.0' }), ...versions]);
    await chosenFrom([registry], { [APP]: '*' });
    expect(registry.requests.filter((path) => path.startsWith('/v1/packs/')).sort()).toEqual(
      [
        `/v1/packs/${APP}/-/1.0.0.json`,
        `/v1/packs/${LIB}/-/1.11.0.json`,
        `/v1/packs/${APP}/index.json`,
        `/v1/packs/${LIB}/index.json`,
      ].sort(),
    );
  });
});

describe('a registry that leaves out what a pack needs', () => {
  it('has nothing installed: the signed manifest tells', async () => {
    const app = await pack(APP, '1.0.0', { [LIB]: '*' });
    const registry = await registryWith([app, await pack(LIB, '1.0.0')]);
    const { dependencies: _hidden, ...served } = registry.json(partOf(app, 'json'));
    registry.setJson(partOf(app, 'json'), served);
    const { code, evidence } = await (await newHost()).refusal(registry, APP);
    expect({ code, fields: evidence['fields'] }).toEqual({
      code: 'manifest_mismatch',
      fields: ['dependencies'],
    });
  });
});
