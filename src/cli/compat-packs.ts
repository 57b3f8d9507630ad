// Asks a registry what its packs need, and a directory what is installed in it.
import { readdir } from 'node:fs/promises';
import type { JsonObject, JsonValue } from '../../keys/canonical.ts';
import { openArchive } from '../client/archive.ts';
import { addressOf, type Discovery, discover } from '../client/discovery.ts';
import { loadInstalled } from '../client/installed.ts';
import { httpTransport } from '../client/network/http-transport.ts';
import { registryBase } from '../client/network/http-url.ts';
import { type RegistryReader, registryReader } from '../client/registry-reader.ts';
import { isYanked } from '../client/resolve.ts';
import type { AskRegistry, Listed } from '../protocol/compat/gather.ts';
import { needsOf, type PackNeeds, type ReadPack } from '../protocol/compat/needs.ts';
import type { Tree } from '../protocol/faults.ts';
import { at, objectOf, textOf } from '../protocol/manifest/read.ts';
import { parsePackName, parsePackVersion } from '../protocol/pack-id.ts';
import type { Settings } from './command.ts';

const MAX_INDEX = 8 * 1024 * 1024;
const MAX_TARBALL = 10 * 1024 * 1024;
/** Archives may be large, and are opened in memory. */
const AT_ONCE = 4;

/** Rows of an array, or the entries of a map by version (node-packs.md). */
const rowsOf = (index: JsonObject, name: string, tree: Tree): readonly Listed[] => {
  const { versions } = index;
  const rows = Array.isArray(versions)
    ? versions.map((row: JsonValue) => [textOf(at(row, 'version')) ?? '', row] as const)
    : Object.entries(objectOf(versions) ?? {});
  return rows
    .filter(([version]) => parsePackVersion(version).ok)
    .map(([version, row]) => ({ name, version, tree, yanked: isYanked(at(row, 'yanked')) }));
};

const eachOf = async <T, R>(list: readonly T[], work: (each: T) => Promise<R>): Promise<R[]> => {
  const done: R[] = [];
  for (let from = 0; from < list.length; from += AT_ONCE)
    done.push(...(await Promise.all(list.slice(from, from + AT_ONCE).map(work))));
  return done;
};

interface Asking {
  readonly reader: RegistryReader;
  readonly discovery: Discovery;
  /** The better one first. */
  readonly trees: readonly Tree[];
}

const versionsOf = async ({ reader, discovery, trees }: Asking, name: string): Promise<readonly Listed[]> => {
  const found = new Map<string, Listed>();
  for (const tree of trees) {
    const path = discovery.trees[tree]?.packMetadata;
    const index = path && (await reader.document('registry', addressOf(path, { name }), MAX_INDEX));
    if (!index || index['name'] !== name) continue;
    for (const row of rowsOf(index, name, tree)) {
      const before = found.get(row.version);
      // Yanked in one tree, it is yanked.
      found.set(row.version, before === undefined ? row : { ...before, yanked: before.yanked || row.yanked });
    }
  }
  return [...found.values()];
};

/** What is served beside an archive may leave out what v1 has no room for; the archive leaves out nothing. */
const manifestOf = async ({ reader, discovery }: Asking, wanted: Listed): Promise<readonly ReadPack[]> => {
  const { name, version, tree } = wanted;
  const path = discovery.trees[tree]?.versionTarball;
  const tarball = path && (await reader.bytes('registry', addressOf(path, { name, version }), MAX_TARBALL));
  if (!tarball) return [];
  return [{ name, version, tree, manifest: (await openArchive(tarball)).manifest }];
};

/** Nothing is believed here: who installs what is found verifies it. Asking throws Refusal. */
export const askRegistry = async (
  settings: Settings,
  url: string,
  tree: Tree | undefined,
): Promise<AskRegistry> => {
  const registry = registryBase(url);
  const { token, allowPrivateAddresses: allowPrivate } = settings;
  const reader = registryReader(httpTransport({ registry, token, allowPrivate }), registry);
  const discovery = await discover(reader);
  const asking: Asking = { reader, discovery, trees: tree === undefined ? ['v2', 'v1'] : [tree] };
  return {
    versionsOf: async (names) => (await eachOf(names, (name) => versionsOf(asking, name))).flat(),
    manifestsOf: async (wanted) => (await eachOf(wanted, (each) => manifestOf(asking, each))).flat(),
  };
};

/** What stands in a directory of installs, whole. @throws Refusal of `installed` */
export const installedIn = async (dir: string | undefined): Promise<readonly PackNeeds[]> => {
  if (dir === undefined) return [];
  const names = (await readdir(dir)).filter((name) => parsePackName(name).ok);
  const loaded = await eachOf(names, (name) => loadInstalled(dir, name));
  return loaded.map(({ manifest, marker: { name, version } }) =>
    needsOf({ name, version, tree: 'v1', manifest }),
  );
};
