// The sample of the public registry, published as it stands: what is believable is served, what is not is named.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspect } from '../world/archives.ts';
import { addressOf } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { ROOT } from '../world/source.ts';

const sample = join(ROOT, '../shared/real-registry');
const absent = !existsSync(sample);

const PERMITTED: Readonly<Record<string, readonly string[]>> = {
  'openwop-registry-root': [
    'core.openwop.*',
    'community.openwop-team.*',
    'vendor.openwop.*',
    'vendor.openwop-app.*',
  ],
  'openwop-team-1': [
    'core.openwop.*',
    'community.openwop-team.*',
    'vendor.openwop.*',
    'vendor.openwop-app.*',
  ],
  'myndhyve-internal-1': ['vendor.myndhyve.*'],
  'community-openwop-team-demo-1': ['community.openwop-team.demo'],
};

const REFUSED: Readonly<Record<string, string>> = {
  'core.openwop.artifact-types@1.0.0': 'invalid_manifest',
  'core.openwop.flow@1.1.0': 'invalid_manifest',
  'core.openwop.connections.salesforce@1.0.0': 'invalid_manifest',
  'vendor.openwop.rust-hello@1.0.0': 'invalid_manifest',
  'core.openwop.examples@1.0.0': 'signature_required',
  'core.openwop.agent-examples@1.0.0': 'schema_ref_missing',
  'core.openwop.agents.react@1.0.0': 'schema_ref_missing',
};

interface Version {
  readonly name: string;
  readonly version: string;
  readonly bytes: Buffer;
}

const versions = (): Version[] =>
  readdirSync(join(sample, 'v1/packs')).flatMap((name) => {
    const folder = join(sample, 'v1/packs', name, '-');
    return readdirSync(folder)
      .filter((file) => file.endsWith('.tgz'))
      .map((file) => ({ name, version: file.slice(0, -4), bytes: readFileSync(join(folder, file)) }));
  });

describe.skipIf(absent)(
  `the sample of the public registry${absent ? ' (skipped: it is not beside this checkout)' : ''}`,
  () => {
    let registry: TestRegistry;
    beforeAll(async () => {
      registry = await startRegistry();
      for (const [keyId, namespaces] of Object.entries(PERMITTED)) {
        const publicKey = readFileSync(join(sample, 'keys', `${keyId}.pub`), 'utf8');
        expect(
          (await registry.call('POST', '/access/keys', { body: { keyId, publicKey, namespaces } })).status,
        ).toBe(201);
      }
    });
    afterAll(() => registry.stop());

    it('gives 39 accepted versions and 7 refusals, each with its code', async () => {
      const refused: Record<string, string> = {};
      let accepted = 0;
      for (const { name, version, bytes } of versions()) {
        const answer = await registry.call('PUT', addressOf(name, version), { body: bytes });
        if (answer.status === 201) accepted += 1;
        else refused[`${name}@${version}`] = answer.json.error;
      }
      expect(refused).toEqual(REFUSED);
      expect(accepted).toBe(39);
    });

    it('serves each accepted one so that a plain client installs it', async () => {
      for (const { name, version, bytes } of versions().filter(
        (each) => !(`${each.name}@${each.version}` in REFUSED),
      )) {
        const get = (path: string) => registry.call('GET', path, { token: null });
        const manifest = (await get(addressOf(name, version, 'v1', 'json'))).json;
        const tarball = (await get(addressOf(name, version))).bytes;
        const key = (await get(`/keys/${manifest.signing.publicKeyRef}.pub`)).bytes.toString();
        const signature = (await get(addressOf(name, version, 'v1', 'sig'))).bytes;
        expect([manifest.name, manifest.version, tarball.equals(bytes)]).toEqual([name, version, true]);
        expect(manifest.integrity).toBe(`sha256-${createHash('sha256').update(tarball).digest('base64')}`);
        const { manifestBytes } = await inspect(tarball);
        expect(verify(null, manifestBytes as Uint8Array, createPublicKey(key), signature), name).toBe(true);
      }
    });

    it('lists the same names, latest versions and ids as the public index does, where nothing was refused', async () => {
      const served = (await registry.call('GET', '/v1/index.json')).json.packs;
      const theirs = JSON.parse(readFileSync(join(sample, 'v1/index.json'), 'utf8')).packs;
      const latestRefused = (row: { name: string; latestVersion: string }) =>
        `${row.name}@${row.latestVersion}` in REFUSED;
      const untouched = theirs.filter((row: { name: string; latestVersion: string }) => !latestRefused(row));
      const COMPARED = [
        'name',
        'kind',
        'latestVersion',
        'description',
        'license',
        'typeIds',
        'nodeCount',
        'agentCount',
      ];
      const brief = (row: Record<string, unknown>) => COMPARED.map((field) => row[field]);
      const names = untouched.map((row: { name: string }) => row.name);
      const same = served.filter((row: { name: string }) => names.includes(row.name));
      expect(same.map(brief)).toEqual(untouched.map(brief));
    });
  },
);
