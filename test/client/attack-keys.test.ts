// Keys that must not be believed, at registries that only list their keys.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { sign } from '../../keys/ed25519.ts';
import { tarOf } from '../world/archives.ts';
import { type MadePack, makePack } from '../world/packs.ts';
import { createPublisher } from '../world/publisher.ts';
import { DISCOVERY, discoveryOf, partOf } from '../world/static-registry.ts';
import { acme, newHost, registryWith, TOOLS } from './host.ts';

const evil = createPublisher('evil-1', new Uint8Array(32).fill(66));
const TREES = ['v1', 'v2'] as const;

describe.each(TREES)('a pack of the %s tree', (tree) => {
  const pack = (): Promise<MadePack> => makePack(acme, { tree });

  it('is installed when everything is in order', async () => {
    const [installed] = await (await newHost()).install(await registryWith([await pack()]), TOOLS);
    expect(installed).toMatchObject({ installed: true, verified: { tree, keyId: 'acme-1' } });
  });

  it('is refused when its key is used outside its namespace', async () => {
    const registry = await registryWith(
      [await pack()],
      [{ publisher: acme, namespaces: ['vendor.other.*'] }],
    );
    const { code, question, evidence } = await (await newHost()).refusal(registry, TOOLS);
    expect({ code, question }).toEqual({ code: 'key_not_permitted', question: 'delegation' });
    expect(evidence).toMatchObject({ keyId: 'acme-1', permittedNamespaces: ['vendor.other.*'] });
  });

  it.each([
    ['revoked', 'key_revoked'],
    ['compromised', 'key_revoked'],
    ['inactive', 'key_inactive'],
    ['rotated', 'key_inactive'],
  ])('is refused when its key is %s', async (status, expected) => {
    const registry = await registryWith([await pack()], [{ publisher: acme, status }]);
    const { code, question } = await (await newHost()).refusal(registry, TOOLS);
    expect({ code, question }).toEqual({ code: expected, question: 'delegation' });
  });

  it('of a rotated key is taken where the host says so; of a revoked key never', async () => {
    const policy = { allowRotatedKeys: true };
    const rotated = await registryWith([await pack()], [{ publisher: acme, status: 'rotated' }]);
    expect(await (await newHost()).install(rotated, TOOLS, { policy })).toMatchObject([{ installed: true }]);
    const revoked = await registryWith([await pack()], [{ publisher: acme, status: 'revoked' }]);
    expect((await (await newHost()).refusal(revoked, TOOLS, { policy })).code).toBe('key_revoked');
  });

  it('is refused when another key signed it under the name of the right one', async () => {
    const forged = await makePack(acme, { tree, seed: evil.seed });
    const registry = await registryWith([forged]);
    const { code, question } = await (await newHost()).refusal(registry, TOOLS);
    expect({ code, question }).toEqual({ code: 'pack_signature_invalid', question: 'signature' });
  });

  it('is refused when the registry does not list its key, though it serves it', async () => {
    const registry = await registryWith([await makePack(evil, { tree })]);
    registry.files.set('/keys/evil-1.pub', Buffer.from(evil.publicKeyPem));
    const { code } = await (await newHost()).refusal(registry, TOOLS);
    expect(code).toBe('key_unknown');
  });

  it('is refused when the registry lists its key and does not serve it', async () => {
    const registry = await registryWith([await pack()]);
    registry.files.delete('/keys/acme-1.pub');
    expect((await (await newHost()).refusal(registry, TOOLS)).code).toBe('key_unknown');
  });

  it('is refused when the key served is a small-order point, under which anything verifies', async () => {
    const registry = await registryWith([await pack()]);
    const spki = Buffer.concat([
      Buffer.from('302a300506032b6570032100', 'hex'),
      Buffer.alloc(32).fill(1, 0, 1),
    ]);
    const pem = `-----BEGIN PUBLIC KEY-----\n${spki.toString('base64')}\n-----END PUBLIC KEY-----\n`;
    registry.files.set('/keys/acme-1.pub', Buffer.from(pem));
    const { code, evidence } = await (await newHost()).refusal(registry, TOOLS);
    expect(code).toBe('key_unusable');
    expect(evidence).toMatchObject({ reason: 'key_small_order' });
  });
});

it('a v2 pack whose pack.json is not canonical is refused, although the signature over it is good', async () => {
  const good = await makePack(acme, { tree: 'v2' });
  const bytes = Buffer.from(JSON.stringify(good.manifest, null, 2));
  const signature = sign(bytes, acme.seed);
  const entries = [...good.files].filter(([path]) => !['pack.json', 'keys/pack.json.sig'].includes(path));
  const tarball = gzipSync(
    tarOf(
      { name: 'pack.json', bytes },
      { name: 'keys/pack.json.sig', bytes: signature },
      ...entries.map(([name, content]) => ({ name, bytes: content })),
    ),
  );
  const registry = await registryWith([{ ...good, tarball, signature }]);
  const { code, evidence } = await (await newHost()).refusal(registry, TOOLS);
  expect(code).toBe('pack_signature_invalid');
  expect(String(evidence['reason'])).toContain('canonical');
});

it('a key id that would lead to another path is refused before anything is fetched for it', async () => {
  const sly = createPublisher('../v1/index', acme.seed);
  const registry = await registryWith([await makePack(sly)], [{ publisher: acme }]);
  registry.setJson(DISCOVERY, discoveryOf([{ publisher: sly }]));
  const { code } = await (await newHost()).refusal(registry, TOOLS);
  expect(code).toBe('key_unusable');
  expect(registry.requests.filter((path) => path.endsWith('.pub'))).toEqual([]);
});

it('a yanked v1 version, whose signature is withheld, is verified by the one in the archive', async () => {
  const pack = await makePack(acme);
  const registry = await registryWith([pack]);
  registry.files.delete(partOf(pack, 'sig'));
  registry.setJson(partOf(pack, 'json'), { ...registry.json(partOf(pack, 'json')), yanked: true });
  const [installed] = await (await newHost()).install(registry, TOOLS);
  expect(installed?.verified?.warnings.join()).toContain('yanked');
});
