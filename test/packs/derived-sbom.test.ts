// Bills of materials: the same bytes as the public registry's, for every version and for all of them.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sbomOf, sbomText } from '../../src/packs/derived/sbom.ts';
import type { PackName, PackVersion } from '../../src/protocol/pack-id.ts';
import { digestOf } from '../../storage/digest.ts';
import { inspect } from '../world/archives.ts';
import { accountWith, addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { ROOT } from '../world/source.ts';

const sample = join(ROOT, '../shared/real-registry/v1/packs');
const absent = !existsSync(sample);

/** Their served manifests were edited by hand and name addresses that no pack.json names, and so do their bills. */
const EDITED = [
  'community.openwop-team.demo@0.1.0',
  'core.openwop.examples@1.0.0',
  'vendor.openwop.rust-hello@1.0.0',
];

describe.skipIf(absent)(
  `the sample of the public registry${absent ? ' (skipped: it is not beside this checkout)' : ''}`,
  () => {
    it('has bills of the same bytes, but for manifests that were edited after they were signed', async () => {
      const differing: string[] = [];
      let same = 0;
      for (const name of readdirSync(sample))
        for (const file of readdirSync(join(sample, name, '-')).filter((each) => each.endsWith('.tgz'))) {
          const version = file.slice(0, -4);
          const tarball = readFileSync(join(sample, name, '-', file));
          const { manifestBytes = new Uint8Array(), files } = await inspect(tarball);
          const of = { name: name as PackName, version: version as PackVersion };
          const made = sbomText(sbomOf({ ...of, digest: digestOf(tarball), manifest: manifestBytes, files }));
          const theirs = readFileSync(join(sample, name, '-', `${version}.sbom.json`), 'utf8');
          if (made === theirs) same += 1;
          else differing.push(`${name}@${version}`);
        }
      expect(differing).toEqual(EDITED);
      expect(same).toBe(43);
    });
  },
);

describe('a registry', () => {
  let registry: TestRegistry;
  const acme = createPublisher();
  const host = createPublisher('host-1');
  beforeAll(async () => {
    registry = await startRegistry({ mode: 'private' });
    await delegate(registry.call, acme, ['vendor.acme.*']);
    await delegate(registry.call, host, ['private.host.*']);
  });
  afterAll(() => registry.stop());

  const publish = async (name: string, version = '1.0.0', tree: 'v1' | 'v2' = 'v1', by = acme) => {
    const body = await by.pack({ name, version, tree, files: { 'b.txt': 'b', 'A.txt': 'A' } });
    expect((await registry.call('PUT', addressOf(name, version, tree), { body })).status).toBe(201);
    return body;
  };
  const get = (path: string, token: string | null = null) => registry.call('GET', path, { token });

  it.each(['v1', 'v2'] as const)('serves the bill of each version of the %s tree', async (tree) => {
    const name = `vendor.acme.bill-${tree}`;
    const body = await publish(name, '1.0.0-rc.1', tree);
    const answer = await get(addressOf(name, '1.0.0-rc.1', tree, 'sbom.json'));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/vnd.cyclonedx+json; version=1.6');
    const bill = JSON.parse(answer.bytes.toString());
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 });
    expect(bill.metadata.component).toMatchObject({
      purl: `pkg:openwop/${name}@1.0.0-rc.1`,
      hashes: [{ alg: 'SHA-256', content: digestOf(body) }],
    });
    const names = bill.components.map((each: { name: string }) => each.name);
    expect(names).toEqual([...names].sort());
    expect(names).toEqual(expect.arrayContaining(['A.txt', 'b.txt', 'pack.json']));
    const etag = String(answer.headers.get('etag'));
    const again = await registry.call('GET', addressOf(name, '1.0.0-rc.1', tree, 'sbom.json'), {
      headers: { 'If-None-Match': etag },
    });
    expect(again.status).toBe(304);
  });

  it('lists all public ones with their digests, and each new one at once', async () => {
    await publish('vendor.acme.listed', '1.0.0');
    await publish('private.host.secret', '1.0.0', 'v1', host);
    const listed = async () => {
      const bill = JSON.parse((await get('/v1/sbom.json')).bytes.toString());
      return bill.components.filter((each: { name: string }) => !each.name.includes('bill-'));
    };
    const [only, ...others] = await listed();
    expect(others).toEqual([]);
    const [reference] = only.externalReferences;
    expect(reference.url).toBe('/v1/packs/vendor.acme.listed/-/1.0.0.sbom.json');
    const own = (await get(reference.url)).bytes;
    expect(reference.hashes[0].content).toBe(createHash('sha256').update(own).digest('hex'));
    await publish('vendor.acme.listed', '1.1.0');
    expect((await listed()).map((each: { version: string }) => each.version)).toEqual(['1.0.0', '1.1.0']);
  });

  it('keeps that of a private pack from those who may not see it', async () => {
    const path = addressOf('private.host.secret', '1.0.0', 'v1', 'sbom.json');
    const hidden = await get(path);
    const nowhere = await get(addressOf('private.host.absent', '1.0.0', 'v1', 'sbom.json'));
    expect([hidden.status, hidden.json.error]).toEqual([404, nowhere.json.error]);
    const reader = await accountWith(registry.call, 'reader', ['packs:read'], ['private.host.*']);
    const seen = await get(path, reader);
    expect([seen.status, seen.headers.get('cache-control')]).toEqual([200, 'private, no-store']);
  });

  it('names where they are in its discovery document', async () => {
    const { endpoints } = (await get('/.well-known/openwop-registry')).json;
    expect(endpoints.v2).toMatchObject({
      versionSbom: '/v2/packs/{name}/-/{version}.sbom.json',
      registrySbom: '/v2/sbom.json',
    });
  });
});
