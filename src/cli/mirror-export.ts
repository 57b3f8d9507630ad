// attestry mirror export: a registry as plain files; what is signed is written as it was published, to the byte.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '../../keys/canonical.ts';
import { parseKeyId } from '../../keys/key.ts';
import { digestOf, digestOfIntegrity, sameDigest } from '../../storage/digest.ts';
import { inLanes } from '../../storage/in-lanes.ts';
import { httpTransport } from '../client/network/http-transport.ts';
import { registryBase } from '../client/network/http-url.ts';
import { type RegistryReader, readJsonObject, registryReader } from '../client/registry-reader.ts';
import type { Tree } from '../protocol/faults.ts';
import { at, listOf, textOf, textsAt } from '../protocol/manifest/read.ts';
import { parsePackName, parsePackVersion } from '../protocol/pack-id.ts';
import type { Result, Settings } from './command.ts';
import { counted } from './count.ts';
import { UsageError } from './failure.ts';
import { fileAt, placeFile } from './placed-file.ts';
import { staticDiscovery } from './static-discovery.ts';
import { printProgress } from './terminal.ts';

export interface ExportTreeOptions {
  readonly dir: string;
  readonly publicUrl?: string;
}

interface Export {
  readonly reader: RegistryReader;
  readonly dir: string;
  readonly keys: Set<string>;
  written: number;
  kept: number;
  versions: number;
}

const LANES = 4;
const MOST_DOCUMENT = 64 * 1024 * 1024;
const MOST_TARBALL = 10 * 1024 * 1024;
const MOST_SMALL = 4_096;
const MOST_STATEMENT = 64 * 1024;
const MARK = '.attestry-export';
const TREES: readonly Tree[] = ['v1', 'v2'];

/** Nothing of somebody else's is written over, or removed. */
const requireOurs = async (dir: string): Promise<void> => {
  const there: readonly string[] = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (there.length > 0 && !there.includes(MARK))
    throw new UsageError(`${dir} holds other files: give an empty folder, or that of an export before.`);
  await placeFile(
    join(dir, MARK),
    Buffer.from('Written by "attestry mirror export"; it may be written anew.\n'),
  );
};

const write = async (to: Export, path: string, bytes: Uint8Array): Promise<void> => {
  if (await placeFile(join(to.dir, path), bytes)) to.written += 1;
  else to.kept += 1;
};

const fetchIfThere = (to: Export, path: string, most = MOST_DOCUMENT) =>
  to.reader.bytes('registry', path, most);

const fetched = async (to: Export, path: string, most = MOST_DOCUMENT): Promise<Uint8Array> => {
  const bytes = await fetchIfThere(to, path, most);
  if (bytes === undefined)
    throw new Error(`${to.reader.base}${path} is listed and not there: run the export again.`);
  return bytes;
};

/** Written before: its digest says so. */
const writeTarball = async (to: Export, path: string, manifest: JsonObject): Promise<void> => {
  const digest = digestOfIntegrity(textOf(manifest['integrity']) ?? '');
  const before = await fileAt(join(to.dir, path));
  if (digest !== undefined && before !== undefined && sameDigest(digestOf(before), digest)) {
    to.kept += 1;
    return;
  }
  const bytes = await fetched(to, path, MOST_TARBALL);
  if (digest === undefined || !sameDigest(digestOf(bytes), digest))
    throw new Error(`${to.reader.base}${path} is not what its manifest names: nothing more is exported.`);
  await write(to, path, bytes);
};

/** Bytes first: nobody may find a document that names what is not there yet. */
const writeVersion = async (to: Export, tree: Tree, name: string, version: string): Promise<void> => {
  const path = `/${tree}/packs/${name}/-/${version}`;
  const document = await fetched(to, `${path}.json`);
  const manifest = readJsonObject('registry', document, `${path}.json`);
  await writeTarball(to, `${path}.tgz`, manifest);
  for (const [ending, most] of [
    ['.sig', MOST_SMALL],
    ['.intoto.json', MOST_STATEMENT],
    ['.sbom.json', MOST_DOCUMENT],
  ] as const) {
    const bytes = await fetchIfThere(to, path + ending, most);
    if (bytes !== undefined) await write(to, path + ending, bytes);
  }
  const keyId = textOf(at(manifest, 'signing', 'publicKeyRef')) ?? textOf(at(manifest, 'signing', 'keyId'));
  if (keyId !== undefined) await writeKey(to, keyId);
  await write(to, `${path}.json`, document);
  to.versions += 1;
};

const writeKey = async (to: Export, keyId: string): Promise<void> => {
  if (to.keys.has(keyId)) return;
  to.keys.add(keyId);
  const path = `/keys/${parseKeyId(keyId)}.pub`;
  await write(to, path, await fetched(to, path, MOST_SMALL));
};

/** What is listed no more is there no more. */
const removeOthers = async (folder: string, keep: (file: string) => boolean): Promise<void> => {
  const there = await readdir(folder).catch(() => []);
  for (const file of there) if (!keep(file)) await rm(join(folder, file), { recursive: true, force: true });
};

const VERSION_FILE = /^(.+?)(?:\.sbom|\.intoto)?\.(?:json|tgz|sig)$/;

const writePack = async (to: Export, tree: Tree, name: string): Promise<void> => {
  const path = `/${tree}/packs/${name}`;
  const document = await fetched(to, `${path}/index.json`);
  const index = readJsonObject('registry', document, `${path}/index.json`);
  const versions = new Set(textsAt(index['versions'], 'version').filter((text) => parsePackVersion(text).ok));
  for (const version of versions) await writeVersion(to, tree, name, version);
  await write(to, `${path}/index.json`, document);
  await removeOthers(join(to.dir, path, '-'), (file) => versions.has(VERSION_FILE.exec(file)?.[1] ?? ''));
};

const writeTree = async (to: Export, tree: Tree): Promise<number> => {
  const document = await fetched(to, `/${tree}/index.json`);
  const index = readJsonObject('registry', document, `/${tree}/index.json`);
  const names = new Set(textsAt(listOf(index['packs']), 'name').filter((text) => parsePackName(text).ok));
  await inLanes(names, LANES, async (name) => {
    await writePack(to, tree, name);
    printProgress(`${to.dir}: ${counted(to.versions, 'version')}`);
  });
  await write(to, `/${tree}/index.json`, document);
  await removeOthers(join(to.dir, tree, 'packs'), (name) => names.has(name));
  return names.size;
};

const writeDiscovery = async (to: Export, publicUrl: string | undefined): Promise<void> => {
  const path = '/.well-known/openwop-registry.json';
  const live = readJsonObject('registry', await fetched(to, path), path);
  const text = `${JSON.stringify(staticDiscovery(live, to.keys, publicUrl), null, 2)}\n`;
  for (const each of [path, path.replace('.json', '')]) await write(to, each, Buffer.from(text));
};

const writeBeside = async (to: Export): Promise<void> => {
  for (const path of ['/v1/sbom.json', '/v2/sbom.json', '/security/advisories.json']) {
    const bytes = await fetchIfThere(to, path);
    if (bytes !== undefined) await write(to, path, bytes);
  }
};

/** A tree of files that were true once proves nothing of today. */
const FILES_LACK = [
  'It has no log and no trust documents: who installs from it is told so, and gets the assurance "manifest".',
  'What proves itself where no network is: attestry mirror export --out FILE',
];

export const exportToFolder = async (
  settings: Settings,
  { dir, publicUrl }: ExportTreeOptions,
): Promise<Result> => {
  const base = registryBase(settings.url);
  const transport = httpTransport({ registry: base, allowPrivate: settings.allowPrivateAddresses });
  const counts = { written: 0, kept: 0, versions: 0 };
  const to: Export = { reader: registryReader(transport, base), dir, keys: new Set(), ...counts };
  await requireOurs(dir);
  let packs = 0;
  for (const tree of TREES) packs += await writeTree(to, tree);
  await writeBeside(to);
  // Last of all: with it the new tree is the one that clients read.
  await writeDiscovery(to, publicUrl === undefined ? undefined : registryBase(publicUrl));
  const { written, kept, versions } = to;
  const said = `${counted(packs, 'pack')}, ${counted(versions, 'version')}: ${counted(written, 'file')} written, ${kept} as they were`;
  return {
    lines: [`${dir}: ${said}.`, ...FILES_LACK],
    json: { dir, packs, versions, written, kept, keys: [...to.keys].sort() },
  };
};
