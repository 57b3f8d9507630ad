// A version that is there already is believed for today's reasons, not for those of the day it was installed.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sign } from '../../keys/ed25519.ts';
import { parseKeyId } from '../../keys/key.ts';
import { loadInstalled } from '../../src/client/index.ts';
import { delegationOf, keyringOf } from '../keys/trust-world.ts';
import { type MadePack, makePack, withOtherFiles } from '../world/packs.ts';
import { createPublisher } from '../world/publisher.ts';
import { DISCOVERY, discoveryOf, partOf, type StaticRegistry, yank } from '../world/static-registry.ts';
import { acme, type Changes, newHost, registryWith, TOOLS } from './host.ts';
import { at, publisher, trustedRegistry } from './trusted.ts';

const NAME = 'vendor.acme.tools';
const MALFORMED_ROOT = Buffer.from('no root at all');

/** A host that has the pack already, at a registry whose requests are counted from then on. */
const installedFrom = async <R extends StaticRegistry>(registry: R, changes: Changes = {}) => {
  const host = await newHost();
  expect(await host.install(registry, TOOLS, changes)).toMatchObject([{ installed: true }]);
  registry.requests.length = 0;
  return { host, registry };
};

const tarballsAsked = ({ requests }: StaticRegistry): readonly string[] =>
  requests.filter((path) => path.endsWith('.tgz'));

/** A pack whose whole tarball is signed, as the first ones were: the signature cannot stand inside. */
const tarballSigned = async (): Promise<{ readonly pack: MadePack; readonly registry: StaticRegistry }> => {
  const pack = await makePack(acme, { seed: null });
  const registry = await registryWith([pack]);
  registry.files.set(partOf(pack, 'sig'), sign(pack.tarball, acme.seed));
  const signing = { method: 'ed25519', keyId: acme.keyId };
  registry.setJson(partOf(pack, 'json'), { ...registry.json(partOf(pack, 'json')), signing });
  return { pack, registry };
};

describe('an install of a version that is there, whole', () => {
  it('asks the registry for everything but the tarball, and leaves the pack alone', async () => {
    const { host, registry } = await installedFrom(await registryWith([await makePack(acme)]));
    expect(await host.install(registry, TOOLS)).toMatchObject([{ installed: false, version: '1.0.0' }]);
    expect(registry.requests).toEqual(expect.arrayContaining([DISCOVERY, `/v1/packs/${NAME}/-/1.0.0.json`]));
    expect(tarballsAsked(registry)).toEqual([]);
  });

  it('walks the roots and reads the keyring like any other', async () => {
    const { host, registry } = await installedFrom(await trustedRegistry(await makePack(publisher)), at());
    expect(await host.install(registry, TOOLS, at())).toMatchObject([{ installed: false }]);
    expect(registry.requests).toEqual(expect.arrayContaining(['/trust/2.root.json', '/trust/keyring.json']));
    expect(tarballsAsked(registry)).toEqual([]);
  });

  it('asks nothing where the host says that it is offline', async () => {
    const { host, registry } = await installedFrom(await registryWith([await makePack(acme)]));
    const changes = { offline: true };
    expect(await host.install(registry, TOOLS, changes)).toMatchObject([{ installed: false }]);
    expect(registry.requests).toEqual([]);
  });

  it('is refused where the registry cannot be reached and the host did not say that it is offline', async () => {
    const { host, registry } = await installedFrom(await registryWith([await makePack(acme)]));
    await registry.close();
    expect((await host.refusal(registry, TOOLS)).code).toBe('pack_registry_unreachable');
    expect(await host.install(registry, TOOLS, { offline: true })).toMatchObject([{ installed: false }]);
  });

  it('installs anew where the registry serves other bytes for that version today', async () => {
    const pack = await makePack(acme);
    const { host, registry } = await installedFrom(await registryWith([pack]));
    const other = await withOtherFiles(pack, { 'index.mjs': 'export const nodes = {};' });
    registry.add(other);
    expect(await host.install(registry, TOOLS)).toMatchObject([{ installed: true }]);
    const { files } = await loadInstalled(host.dir, NAME);
    expect(Buffer.from(files.get('index.mjs') ?? []).toString()).toBe('export const nodes = {};');
  });

  it('is refused without a policy that takes unsigned packs, although one with it took this one', async () => {
    const unsigned = await registryWith([await makePack(acme, { seed: null })]);
    const policy = { allowUnsigned: true };
    const { host, registry } = await installedFrom(unsigned, { policy });
    expect((await host.refusal(registry, TOOLS)).code).toBe('pack_signature_unverifiable');
    expect(await host.install(registry, TOOLS, { policy })).toMatchObject([{ installed: false }]);
  });

  it.each([
    ['revoked', 'key_revoked'],
    ['compromised', 'key_revoked'],
    ['rotated', 'key_inactive'],
  ])('is refused where its key is %s today', async (status, code) => {
    const { host, registry } = await installedFrom(await registryWith([await makePack(acme)]));
    registry.setJson(DISCOVERY, discoveryOf([{ publisher: acme, status }]));
    expect(await host.refusal(registry, TOOLS)).toMatchObject({ code, question: 'delegation' });
  });

  it('is refused where the registrar revoked its key', async () => {
    const { host, registry } = await installedFrom(await trustedRegistry(await makePack(publisher)), at());
    const revocation = {
      keyId: parseKeyId('publisher'),
      reason: 'stolen',
      fromPosition: null,
      issuedAt: '2026-05-31T00:00:00Z',
    };
    await registry.serveKeyring({ version: 9, revocations: [revocation] });
    expect((await host.refusal(registry, TOOLS, at())).code).toBe('key_revoked');
  });

  it('is refused where another key stands under the name of the one that signed it', async () => {
    const { host, registry } = await installedFrom(await registryWith([await makePack(acme)]));
    const other = createPublisher(acme.keyId, new Uint8Array(32).fill(66));
    registry.files.set(`/keys/${acme.keyId}.pub`, Buffer.from(other.publicKeyPem));
    expect((await host.refusal(registry, TOOLS)).code).toBe('pack_signature_invalid');
  });

  it('is refused under a pinned root that is none', async () => {
    const { host, registry } = await installedFrom(await trustedRegistry(await makePack(publisher)), at());
    const changes = { ...at(), pinnedRoot: MALFORMED_ROOT };
    expect((await host.refusal(registry, TOOLS, changes)).code).toBe('root_anchor_invalid');
  });

  it('is refused where the registry shows no trust documents and a root is pinned', async () => {
    const { host, registry } = await installedFrom(await registryWith([await makePack(acme)]));
    const { code } = await host.refusal(registry, TOOLS, { pinnedRoot: MALFORMED_ROOT });
    expect(code).toBe('trust_documents_missing');
  });

  it('is refused where the pack does not admit the protocol version of the host', async () => {
    const { host, registry } = await installedFrom(await registryWith([await makePack(acme)]));
    const { code } = await host.refusal(registry, TOOLS, { policy: { protocolMajor: 2 } });
    expect(code).toBe('pack_engine_unsupported');
  });

  it('is refused where a range leads to it and its own manifest says that it was yanked', async () => {
    const pack = await makePack(acme);
    const { host, registry } = await installedFrom(await registryWith([pack]));
    const path = `/v1/packs/${NAME}/index.json`;
    const honest = registry.json(path);
    yank(registry, pack, 'it was broken');
    registry.setJson(path, honest);
    expect((await host.refusal(registry, `${NAME}@^1`)).code).toBe('pack_version_yanked');
    expect(await host.install(registry, TOOLS)).toMatchObject([{ installed: false }]);
  });

  it('is refused where the registry says something else of it than its manifest', async () => {
    const pack = await makePack(acme);
    const { host, registry } = await installedFrom(await registryWith([pack]));
    registry.setJson(partOf(pack, 'json'), { ...registry.json(partOf(pack, 'json')), nodes: [] });
    expect((await host.refusal(registry, TOOLS)).code).toBe('manifest_mismatch');
  });

  it('installs anew where its record claims more than the pack bears out', async () => {
    const { host, registry } = await installedFrom(await registryWith([await makePack(acme)]));
    const { marker, path } = await loadInstalled(host.dir, NAME);
    await writeFile(join(path, '.attestry.json'), JSON.stringify({ ...marker, assurance: 'log+bytes' }));
    expect(await host.install(registry, TOOLS)).toMatchObject([{ installed: true }]);
    expect((await loadInstalled(host.dir, NAME)).marker.assurance).toBe('manifest');
  });
});

describe('a pack whose whole tarball was signed', () => {
  it('may stay as long as the key stands', async () => {
    const { host, registry } = await installedFrom((await tarballSigned()).registry);
    expect((await loadInstalled(host.dir, NAME)).marker.assurance).toBe('bytes');
    expect(await host.install(registry, TOOLS)).toMatchObject([{ installed: false }]);
    expect(tarballsAsked(registry)).toEqual([]);
    registry.setJson(DISCOVERY, discoveryOf([{ publisher: acme, status: 'revoked' }]));
    expect((await host.refusal(registry, TOOLS)).code).toBe('key_revoked');
  });

  it('is refused where its key speaks for another namespace today', async () => {
    const { host, registry } = await installedFrom((await tarballSigned()).registry);
    registry.setJson(DISCOVERY, discoveryOf([{ publisher: acme, namespaces: ['vendor.other.*'] }]));
    expect((await host.refusal(registry, TOOLS)).code).toBe('key_not_permitted');
  });

  it.each([
    ['was not delegated', [], 'key_unknown'],
    ['speaks for another namespace', [{ namespaces: ['vendor.other.*'] }], 'key_not_permitted'],
    ['is past its time', [{ notAfter: '2026-05-01T00:00:00Z' }], 'key_inactive'],
  ])('is refused where the keyring says that its key %s', async (_name, delegations, code) => {
    const pack = await makePack(publisher, { seed: null });
    const trusted = await trustedRegistry(pack);
    trusted.files.set(partOf(pack, 'sig'), sign(pack.tarball, publisher.seed));
    const signing = { method: 'ed25519', keyId: publisher.keyId };
    trusted.setJson(partOf(pack, 'json'), { ...trusted.json(partOf(pack, 'json')), signing });
    const { host, registry } = await installedFrom(trusted, at());
    expect(await host.install(registry, TOOLS, at())).toMatchObject([{ installed: false }]);
    expect(tarballsAsked(registry)).toEqual([]);
    const version = keyringOf({}).version + 1;
    await registry.serveKeyring({
      version,
      delegations: delegations.map((change) => delegationOf('publisher', change)),
    });
    expect((await host.refusal(registry, TOOLS, at())).code).toBe(code);
  });

  it('is fetched and verified anew where the registry lists no keys', async () => {
    const { host, registry } = await installedFrom((await tarballSigned()).registry);
    registry.files.delete(DISCOVERY);
    expect(await host.install(registry, TOOLS)).toMatchObject([{ installed: true }]);
    registry.files.delete(`/keys/${acme.keyId}.pub`);
    expect((await host.refusal(registry, TOOLS)).code).toBe('key_unknown');
  });
});
