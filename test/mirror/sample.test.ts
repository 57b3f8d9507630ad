// The sample of the public registry, mirrored whole from plain files: served on as it was published, its flaws named.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspect } from '../world/archives.ts';
import { newShell } from '../world/cli.ts';
import type { TestRegistry } from '../world/registry.ts';
import { ROOT } from '../world/source.ts';
import { emptyRegistry, type StaticRegistry } from '../world/static-registry.ts';
import { mirror, startMirror } from './mirroring.ts';

const sample = join(ROOT, '../shared/real-registry');
const absent = !existsSync(sample);

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile());

interface Version {
  readonly name: string;
  readonly version: string;
}

const versions = (): Version[] =>
  readdirSync(join(sample, 'v1/packs')).flatMap((name) =>
    readdirSync(join(sample, 'v1/packs', name, '-'))
      .filter((file) => file.endsWith('.tgz'))
      .map((file) => ({ name, version: file.slice(0, -4) })),
  );

/** Which rules of today they break. */
const FLAWED: Readonly<Record<string, readonly string[]>> = {
  'core.openwop.artifact-types@1.0.0': ['invalid_manifest'],
  'core.openwop.flow@1.1.0': ['invalid_manifest'],
  'core.openwop.connections.salesforce@1.0.0': ['invalid_manifest'],
  'vendor.openwop.rust-hello@1.0.0': ['invalid_manifest', 'signature_required', 'manifest_mismatch'],
  'core.openwop.examples@1.0.0': ['signature_required'],
  'core.openwop.agent-examples@1.0.0': ['schema_ref_missing'],
  'core.openwop.agents.react@1.0.0': ['schema_ref_missing'],
};

describe.skipIf(absent)(
  `the sample of the public registry, mirrored${absent ? ' (skipped: it is not beside this checkout)' : ''}`,
  () => {
    let upstream: StaticRegistry;
    let registry: TestRegistry;
    beforeAll(async () => {
      upstream = await emptyRegistry();
      for (const path of filesBelow(sample))
        upstream.files.set(`/${relative(sample, path)}`, readFileSync(path));
      registry = await startMirror();
    });
    afterAll(async () => {
      await registry.stop();
      await upstream.close();
    });

    const get = (path: string) => registry.call('GET', path, { token: null });

    it('is there whole: 46 of 46, none refused', { timeout: 60_000 }, async () => {
      const row = await mirror(registry, upstream.url);
      expect(row).toMatchObject({ outcome: 'complete', reason: null, versions: 46, flaws: 0 });
      expect(versions()).toHaveLength(46);
    });

    it('names every flaw of what would not be published today', async () => {
      const rows = await registry.sql<{ address: string; codes: string[] }[]>`
        select name || '@' || version as address,
          array(select distinct each ->> 'code' from jsonb_array_elements(warnings) as each) as codes
        from versions where jsonb_array_length(warnings) > 0`;
      const found = Object.fromEntries(rows.map(({ address, codes }) => [address, [...codes].sort()]));
      for (const [address, codes] of Object.entries(FLAWED))
        expect(found[address], address).toEqual(expect.arrayContaining([...codes]));
    });

    it('is installed by a plain client: manifest, tarball, key, signature', async () => {
      for (const { name, version } of versions()) {
        const at = `/v1/packs/${name}/-/${version}`;
        const manifest = (await get(`${at}.json`)).json;
        const tarball = (await get(`${at}.tgz`)).bytes;
        const keyId = manifest.signing.publicKeyRef ?? manifest.signing.keyId;
        const key = (await get(`/keys/${keyId}.pub`)).bytes;
        const signature = (await get(`${at}.sig`)).bytes;
        expect([manifest.name, manifest.version]).toEqual([name, version]);
        expect(manifest.integrity).toBe(`sha256-${createHash('sha256').update(tarball).digest('base64')}`);
        const { manifestBytes } = await inspect(tarball);
        const message = manifest.signing.method === 'ed25519' ? tarball : (manifestBytes as Uint8Array);
        expect(verify(null, message, createPublicKey(key.toString()), signature), `${name}@${version}`).toBe(
          true,
        );
      }
    });

    it('has every signed byte as upstream has it, and the same integrity, yanks and deprecations', async () => {
      for (const { name, version } of versions()) {
        const at = `/v1/packs/${name}/-/${version}`;
        for (const ending of ['tgz', 'sig'])
          expect(
            (await get(`${at}.${ending}`)).bytes.equals(upstream.files.get(`${at}.${ending}`) as Buffer),
            at,
          ).toBe(true);
        const [ours, theirs] = [(await get(`${at}.json`)).json, upstream.json(`${at}.json`)];
        const standing = ({
          integrity,
          yanked = false,
          deprecated = false,
          yankedReason,
        }: Record<string, unknown>) => ({ integrity, yanked, deprecated, yankedReason });
        expect(standing(ours), at).toEqual(standing(theirs));
      }
      for (const file of readdirSync(join(sample, 'keys')).filter(
        (name) => name !== 'openwop-registry-root.pub',
      ))
        expect(
          (await get(`/keys/${file}`)).bytes.equals(readFileSync(join(sample, 'keys', file))),
          file,
        ).toBe(true);
    });

    it('says in the log where each came from', async () => {
      const rows = await registry.sql<{ kind: string; leaf: Uint8Array }[]>`
        select kind, leaf from events where kind like 'mirror.%'`;
      expect(rows).toHaveLength(46);
      for (const { leaf } of rows) {
        const event = JSON.parse(Buffer.from(leaf).toString());
        expect(event.data).toMatchObject({
          upstream: upstream.url,
          keyId: expect.any(String),
          sha256: expect.any(String),
        });
        expect(event.actor).toBe(`mirror:${new URL(upstream.url).host}`);
      }
    });

    it('is exported again with every signed byte as upstream has it', { timeout: 60_000 }, async () => {
      const shell = await newShell({ ATTESTRY_URL: registry.url });
      const { code, document } = await shell.json('mirror', 'export', '--dir', 'out');
      expect([code, document.versions]).toEqual([0, 46]);
      const signed = [...upstream.files].filter(([path]) => /\.(?:tgz|sig|pub)$/.test(path));
      const theirs = signed.filter(
        ([path]) =>
          path !== '/keys/openwop-registry-root.pub' || document.keys.includes('openwop-registry-root'),
      );
      expect(theirs.length).toBeGreaterThan(92);
      for (const [path, bytes] of theirs)
        expect(readFileSync(join(shell.folder, 'out', path)).equals(bytes as Buffer), path).toBe(true);
    });

    it('is asked for little, where nothing changed', { timeout: 60_000 }, async () => {
      const { json } = await registry.call('GET', '/mirror/upstreams');
      const before = upstream.requests.length;
      const { syncAgain } = await import('./mirroring.ts');
      expect(await syncAgain(registry, json.upstreams[0].id)).toMatchObject({
        outcome: 'complete',
        progress: { added: 0 },
      });
      // The discovery document, both indexes, and one list for each pack.
      expect(upstream.requests.length - before).toBeLessThanOrEqual(22 + 4);
    });
  },
);
