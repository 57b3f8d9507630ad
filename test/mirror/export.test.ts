// A registry as plain files: any web server serves them, plain clients install from them, and another mirror takes them.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { inspect } from '../world/archives.ts';
import { newShell, type Shell } from '../world/cli.ts';
import { type MadePack, makePack } from '../world/packs.ts';
import { createPublisher } from '../world/publisher.ts';
import type { TestRegistry } from '../world/registry.ts';
import { DISCOVERY, emptyRegistry, partOf, type StaticRegistry } from '../world/static-registry.ts';
import { listAll, listing, mirror, startMirror, syncAgain, upstreamOf } from './mirroring.ts';

const publisher = createPublisher('export-1');

let registry: TestRegistry;
let upstream: StaticRegistry;
let packs: readonly MadePack[];
let id: string;
let folder: string;
beforeAll(async () => {
  registry = await startMirror();
  packs = [
    await makePack(publisher, { name: 'vendor.export.old', version: '1.0.0' }),
    await makePack(publisher, { name: 'vendor.export.new', version: '2.0.0', tree: 'v2' }),
  ];
  upstream = await upstreamOf([listing(publisher, 'vendor.export.*')], packs);
  id = (await mirror(registry, upstream.url)).id;
  folder = await mkdtemp(join(tmpdir(), 'attestry-export-'));
});
afterAll(async () => {
  await registry.stop();
  await upstream.close();
  await rm(folder, { recursive: true, force: true });
});

const shell = (): Promise<Shell> => newShell({ ATTESTRY_URL: registry.url });
const fileAt = (path: string): Promise<Buffer> => readFile(join(folder, path));

const exported = async () => {
  const { code, document } = await (await shell()).json('mirror', 'export', '--dir', folder);
  expect(code).toBe(0);
  return document;
};

const allFiles = async (): Promise<string[]> => {
  const found = await readdir(folder, { recursive: true });
  const files = await Promise.all(
    found.map(async (path) => ((await stat(join(folder, path))).isFile() ? [path] : [])),
  );
  return files.flat().sort();
};

describe('an export', { timeout: 60_000 }, () => {
  it('has every signed byte as upstream has it', async () => {
    expect(await exported()).toMatchObject({ packs: 2, versions: 2, kept: 0, keys: ['export-1'] });
    for (const pack of packs) {
      expect((await fileAt(partOf(pack, 'tgz'))).equals(pack.tarball)).toBe(true);
      expect((await fileAt(partOf(pack, 'sig'))).equals(pack.signature)).toBe(true);
    }
    expect((await fileAt('/keys/export-1.pub')).toString()).toBe(publisher.publicKeyPem);
    expect((await allFiles()).filter((path) => path.endsWith('.part'))).toEqual([]);
  });

  it('is installed from by a plain client: manifest, tarball, key, signature', async () => {
    const discovery = JSON.parse((await fileAt(DISCOVERY)).toString());
    expect(discovery.trust).toBeUndefined();
    expect(discovery.signingKeys).toEqual([
      expect.objectContaining({ keyId: 'export-1', permittedNamespaces: ['vendor.export.*'] }),
    ]);
    expect(await fileAt('/.well-known/openwop-registry')).toEqual(await fileAt(DISCOVERY));
    for (const pack of packs) {
      const manifest = JSON.parse((await fileAt(partOf(pack, 'json'))).toString());
      const tarball = await fileAt(partOf(pack, 'tgz'));
      expect(manifest.integrity).toBe(`sha256-${createHash('sha256').update(tarball).digest('base64')}`);
      const keyId = manifest.signing.publicKeyRef ?? manifest.signing.keyId;
      const key = createPublicKey((await fileAt(`/keys/${keyId}.pub`)).toString());
      const { manifestBytes } = await inspect(tarball);
      expect(verify(null, manifestBytes as Uint8Array, key, await fileAt(partOf(pack, 'sig')))).toBe(true);
    }
  });

  it('writes only what changed when it is made again', async () => {
    const next = await makePack(publisher, { name: 'vendor.export.old', version: '1.1.0' });
    upstream.add(next);
    listAll(upstream, [...packs, next]);
    await syncAgain(registry, id);
    const before = (await stat(join(folder, partOf(packs[0] as MadePack, 'tgz')))).mtimeMs;
    const { written, kept, versions } = await exported();
    expect(versions).toBe(3);
    expect(kept).toBeGreaterThan(written);
    expect((await fileAt(partOf(next, 'tgz'))).equals(next.tarball)).toBe(true);
    expect((await stat(join(folder, partOf(packs[0] as MadePack, 'tgz')))).mtimeMs).toBe(before);
  });

  it('is mended where a file was damaged', async () => {
    const path = partOf(packs[0] as MadePack, 'tgz');
    await writeFile(join(folder, path), 'damaged');
    await exported();
    expect((await fileAt(path)).equals((packs[0] as MadePack).tarball)).toBe(true);
  });

  it('is a registry that another mirror takes whole', async () => {
    const files = await emptyRegistry();
    const other = await startMirror();
    onTestFinished(async () => {
      await files.close();
      await other.stop();
    });
    for (const path of await allFiles()) files.files.set(`/${path}`, await readFile(join(folder, path)));
    expect(await mirror(other, files.url)).toMatchObject({ outcome: 'complete', versions: 3, flaws: 0 });
  });

  it('touches no folder that holds something else', async () => {
    const own = await shell();
    await writeFile(join(own.folder, 'mine.txt'), 'mine');
    const { code, stderr } = await own.run('mirror', 'export', '--dir', own.folder);
    expect([code, stderr.includes('holds other files')]).toEqual([2, true]);
    expect(await readdir(own.folder)).toEqual(['mine.txt']);
  });
});
