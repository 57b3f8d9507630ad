// Registries that serve other bytes, or another truth, than the publisher signed.

import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { buildTarball } from '../../src/protocol/build-tarball.ts';
import { digestOf, integrityOf } from '../../storage/digest.ts';
import { manifestEntry, packWith, tarOf } from '../world/archives.ts';
import { makePack, takeApart, withOtherFiles } from '../world/packs.ts';
import { partOf } from '../world/static-registry.ts';
import { acme, newHost, registryWith, TOOLS } from './host.ts';

const V2_SIGNING = { '/signing': { keyId: 'acme-1', scheme: 'ed25519-canonical-json' } };

/** A registry whose only version is this tarball, with the digest that belongs to it. */
const servingTarball = async (tarball: Uint8Array) => {
  const pack = await makePack(acme);
  const registry = await registryWith([pack]);
  registry.files.set(partOf(pack, 'tgz'), tarball);
  registry.setJson(partOf(pack, 'json'), {
    ...registry.json(partOf(pack, 'json')),
    integrity: integrityOf(digestOf(tarball)),
  });
  return registry;
};

describe('bytes that are not the ones the registry names', () => {
  it('are refused: swapped code under a good manifest signature', async () => {
    const pack = await makePack(acme);
    const registry = await registryWith([pack]);
    const swapped = await withOtherFiles(pack, { 'index.mjs': 'export const nodes = { evil: true };' });
    registry.files.set(partOf(pack, 'tgz'), swapped.tarball);
    const { code, question, evidence } = await (await newHost()).refusal(registry, TOOLS);
    expect({ code, question }).toEqual({ code: 'pack_integrity_mismatch', question: 'digest' });
    expect(evidence).toEqual({
      expected: integrityOf(digestOf(pack.tarball)),
      found: integrityOf(digestOf(swapped.tarball)),
    });
  });

  it('are believed with swapped code only at the assurance "manifest", which says that nobody signed it', async () => {
    const swapped = await withOtherFiles(await makePack(acme), { 'index.mjs': 'export const nodes = {};' });
    const registry = await registryWith([swapped]);
    const [installed] = await (await newHost()).install(registry, TOOLS);
    expect(installed?.verified?.assurance).toBe('manifest');
  });

  it('are refused where the registry names no SHA-256 digest', async () => {
    const pack = await makePack(acme);
    const registry = await registryWith([pack]);
    const served = registry.json(partOf(pack, 'json'));
    registry.setJson(partOf(pack, 'json'), { ...served, integrity: 'md5-1B2M2Y8AsgTpgAmY7PhCfg==' });
    expect((await (await newHost()).refusal(registry, TOOLS)).code).toBe('unsupported_integrity_algorithm');
  });
});

describe('archives that lie', () => {
  const other = { name: 'pack.json', bytes: '{"name":"vendor.evil.tools"}' };
  const cases: readonly (readonly [string, Uint8Array])[] = [
    ['two pack.json entries', packWith(other)],
    ['two pack.json entries, one with a leading ./', packWith({ ...other, name: './pack.json' })],
    ['a symbolic link', packWith({ name: 'schemas/x.json', type: '2', linkName: '/etc/passwd' })],
    ['a hard link', packWith({ name: 'schemas/x.json', type: '1', linkName: 'pack.json' })],
    ['a name that climbs out', packWith({ name: '../evil.mjs', bytes: 'x' })],
    ['an absolute name', packWith({ name: '/tmp/evil.mjs', bytes: 'x' })],
    ['a backslash name', packWith({ name: '..\\evil.mjs', bytes: 'x' })],
    [
      'names that differ in case only',
      packWith({ name: 'a.mjs', bytes: 'x' }, { name: 'A.mjs', bytes: 'y' }),
    ],
    ['a size declared ten times too large', packWith({ name: 'a.mjs', bytes: 'x'.repeat(100), size: 1000 })],
    ['a size declared ten times too small', packWith({ name: 'a.mjs', bytes: 'x'.repeat(6000), size: 600 })],
    ['a pax header', packWith({ name: 'pax', type: 'x', bytes: '16 path=evil.mjs\n' })],
    ['no pack.json', gzipSync(tarOf({ name: 'index.mjs', bytes: 'x' }))],
    ['something behind the gzip member', Buffer.concat([packWith(), Buffer.from('behind')])],
    ['a bomb', packWith({ name: 'zeros', bytes: Buffer.alloc(4_000_000) })],
    ['a file larger than it may be', packWith({ name: 'big', bytes: Buffer.alloc(6 * 1024 * 1024) })],
    [
      'a manifest larger than it may be',
      gzipSync(tarOf({ ...manifestEntry, bytes: `{"a":"${'x'.repeat(300_000)}"}` })),
    ],
  ];
  it.each(cases)('are refused: %s', async (_name, tarball) => {
    const registry = await servingTarball(tarball);
    const { code, question, evidence } = await (await newHost()).refusal(registry, TOOLS);
    expect({ code, question }).toEqual({ code: 'archive_invalid', question: 'archive' });
    expect(evidence['violations']).not.toEqual([]);
  });
});

describe('a registry that says something else than the publisher', () => {
  it('is refused: wrong software, consistent in itself, in place of what was asked for', async () => {
    const asked = await makePack(acme);
    const evil = await makePack(acme, { name: 'vendor.acme.other' });
    const registry = await registryWith([asked, evil]);
    for (const ending of ['json', 'tgz', 'sig'])
      registry.files.set(partOf(asked, ending), registry.files.get(partOf(evil, ending)) ?? new Uint8Array());
    const { code, question } = await (await newHost()).refusal(registry, TOOLS);
    expect({ code, question }).toEqual({ code: 'manifest_identity_mismatch', question: 'identity' });
  });

  it('is refused: an older version under the number of a newer one', async () => {
    const old = await makePack(acme);
    const asked = await makePack(acme, { version: '2.0.0' });
    const registry = await registryWith([old, asked]);
    registry.files.set(partOf(asked, 'tgz'), old.tarball);
    registry.files.set(partOf(asked, 'sig'), old.signature);
    const served = registry.json(partOf(asked, 'json'));
    const integrity = integrityOf(digestOf(old.tarball));
    registry.setJson(partOf(asked, 'json'), { ...served, integrity });
    const { code, evidence } = await (await newHost()).refusal(registry, 'vendor.acme.tools@2.0.0');
    expect(code).toBe('manifest_identity_mismatch');
    expect(evidence).toMatchObject({ where: 'archive', found: { version: '1.0.0' } });
  });

  const lies: readonly (readonly [string, Readonly<Record<string, unknown>>, string])[] = [
    ['another entry point', { runtime: { language: 'javascript', entry: 'evil.mjs' } }, '/runtime/entry'],
    ['extraneous dependencies', { dependencies: { 'vendor.evil.tools': '*' } }, '/dependencies'],
    ['a chain the pack does not have', { chains: [{ chainId: 'evil' }] }, '/chains'],
    ['a milder engine range', { engines: { openwop: '*' } }, '/engines/openwop'],
    ['another key', { signing: { method: 'manual', publicKeyRef: 'evil-1' } }, '/signing/publicKeyRef'],
  ];
  it.each(lies)('is refused: the served manifest names %s', async (_name, lie, where) => {
    const pack = await makePack(acme);
    const registry = await registryWith([pack]);
    registry.setJson(partOf(pack, 'json'), { ...registry.json(partOf(pack, 'json')), ...lie });
    const { code, question, evidence } = await (await newHost()).refusal(registry, TOOLS);
    expect({ code, question }).toEqual({ code: 'manifest_mismatch', question: 'agreement' });
    expect(evidence['first']).toMatchObject({ where });
  });

  it('is believed where it only adds what is a registry’s to say, or leaves something out', async () => {
    const pack = await makePack(acme);
    const registry = await registryWith([pack]);
    const { connector: _dropped, ...served } = registry.json(partOf(pack, 'json'));
    registry.setJson(partOf(pack, 'json'), { ...served, publishedAt: '2026-01-01T00:00:00Z', yanked: false });
    expect(await (await newHost()).install(registry, TOOLS)).toMatchObject([{ installed: true }]);
  });
});

describe('signatures', () => {
  it('of another version are refused', async () => {
    const [one, two] = [await makePack(acme), await makePack(acme, { version: '2.0.0' })];
    const registry = await registryWith([one, two]);
    registry.files.set(partOf(two, 'sig'), one.signature);
    const { code, question } = await (await newHost()).refusal(registry, 'vendor.acme.tools@2.0.0');
    expect({ code, question }).toEqual({ code: 'pack_signature_invalid', question: 'signature' });
  });

  it('that are too short are refused', async () => {
    const pack = await makePack(acme);
    const registry = await registryWith([pack]);
    registry.files.set(partOf(pack, 'sig'), pack.signature.subarray(1));
    const { code, evidence } = await (await newHost()).refusal(registry, TOOLS);
    expect({ code, evidence }).toEqual({
      code: 'pack_signature_invalid',
      evidence: { expected: 64, found: 63 },
    });
  });

  it('that are missing are refused, unless unsigned packs are allowed; then the result says so', async () => {
    const unsigned = await takeApart(await acme.pack({ seed: null }), 'v1', '');
    const registry = await registryWith([unsigned]);
    const host = await newHost();
    const { code, question } = await host.refusal(registry, TOOLS);
    expect({ code, question }).toEqual({ code: 'pack_signature_unverifiable', question: 'signature' });
    const [installed] = await host.install(registry, TOOLS, { policy: { allowUnsigned: true } });
    expect(installed?.verified).toMatchObject({ assurance: 'none', keyId: undefined });
  });

  it('stripped from a signed pack are not taken for an unsigned pack', async () => {
    const pack = await makePack(acme);
    const files = new Map([...pack.files].filter(([path]) => path !== 'keys/pack.json.sig'));
    const stripped = { ...pack, tarball: (await buildTarball(files)).bytes, signature: new Uint8Array() };
    const registry = await registryWith([stripped]);
    const { code } = await (await newHost()).refusal(registry, TOOLS, { policy: { allowUnsigned: true } });
    expect(code).toBe('pack_signature_unverifiable');
  });

  it('in the form of another tree are not taken for an unsigned pack, though the registry drops the block', async () => {
    const foreign = { ...(await makePack(acme, { edits: V2_SIGNING, seed: null })), keyId: '' };
    const registry = await registryWith([foreign]);
    const { signing: _dropped, ...served } = registry.json(partOf(foreign, 'json'));
    registry.setJson(partOf(foreign, 'json'), served);
    const { code } = await (await newHost()).refusal(registry, TOOLS, { policy: { allowUnsigned: true } });
    expect(code).toBe('pack_signature_unverifiable');
  });
});
