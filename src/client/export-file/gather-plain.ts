// Gathers a registry that keeps no log: every version that it lists, as it lists it; what each is worth is for whoever imports it.
import type { JsonObject, JsonValue } from '../../../keys/canonical.ts';
import { inLanes } from '../../../storage/in-lanes.ts';
import type { Tree } from '../../protocol/faults.ts';
import { at, listOf, objectOf, textOf } from '../../protocol/manifest/read.ts';
import { signingOf } from '../../protocol/manifest/signing.ts';
import { parsePackName, parsePackVersion } from '../../protocol/pack-id.ts';
import { addressOf, type Discovery, discover, type TreeAddresses } from '../discovery.ts';
import { refusal } from '../refusal.ts';
import type { RegistryReader } from '../registry-reader.ts';
import { strictObjectOf } from '../strict-object.ts';
import { isServedPath, MAX_FILE_BYTES } from './format.ts';
import { type ExportProgress, type Gathered, LANES } from './gathering.ts';

interface Gathering {
  readonly reader: RegistryReader;
  readonly discovery: Discovery;
  readonly keys: Set<string>;
  readonly tarballs: Map<string, undefined>;
}

const WELL_KNOWN = ['/.well-known/openwop-registry.json', '/.well-known/openwop-registry'];
const MAX_MANIFEST_BYTES = 1024 * 1024;
const MAX_SMALL_BYTES = 4_096;

/** What cannot be read is kept as it is, and has nothing in it. */
const documentAt = async (reader: RegistryReader, path: string, most = MAX_FILE_BYTES) => {
  const bytes = await reader.bytes('registry', path, most);
  const read = bytes && strictObjectOf(bytes);
  return bytes && (read?.ok === true ? read.object : {});
};

/** Lists of texts or of rows, and maps by name. */
const namesIn = (listed: JsonValue | undefined, field: string): readonly string[] => {
  if (!Array.isArray(listed)) return Object.keys(objectOf(listed) ?? {});
  return listOf(listed).flatMap((row: JsonValue) => textOf(row) ?? textOf(at(row, field)) ?? []);
};

/** Wherever a mirror would look for it. */
const indexPaths = (document: JsonObject, tree: Tree): ReadonlySet<string> => {
  const named = [textOf(at(document, 'endpoints', tree, 'registryIndex'))];
  if (tree === 'v1') named.push(textOf(at(document, 'endpoints', 'registryIndex')));
  return new Set([
    ...named.filter((path) => path !== undefined && isServedPath(path)),
    `/${tree}/index.json`,
  ] as string[]);
};

const gatherVersion = async (
  the: Gathering,
  tree: Tree,
  addresses: TreeAddresses,
  of: { readonly name: string; readonly version: string },
): Promise<void> => {
  const served = await documentAt(the.reader, addressOf(addresses.versionManifest, of), MAX_MANIFEST_BYTES);
  await the.reader.bytes('signature', addressOf(addresses.versionSignature, of), MAX_SMALL_BYTES);
  const keyId = served && signingOf(served, tree)?.keyId;
  if (keyId !== undefined) the.keys.add(keyId);
  the.tarballs.set(addressOf(addresses.versionTarball, of), undefined);
};

const gatherPack = async (
  the: Gathering,
  tree: Tree,
  addresses: TreeAddresses,
  name: string,
): Promise<void> => {
  const metadata = await documentAt(the.reader, addressOf(addresses.packMetadata, { name }));
  const versions = new Set(namesIn(metadata?.['versions'], 'version'));
  for (const version of versions)
    if (parsePackVersion(version).ok) await gatherVersion(the, tree, addresses, { name, version });
};

const discoveryDocument = async (reader: RegistryReader): Promise<JsonObject> => {
  for (const path of WELL_KNOWN) {
    const document = await documentAt(reader, path);
    if (document !== undefined) return document;
  }
  return {};
};

const listedIn = async (the: Gathering, document: JsonObject, tree: Tree) => {
  const found = [];
  for (const path of indexPaths(document, tree)) found.push(await documentAt(the.reader, path));
  const names = found.flatMap((index) => namesIn(index?.['packs'], 'name'));
  const isThere = found.some((index) => index !== undefined);
  return { isThere, names: new Set(names.filter((name) => parsePackName(name).ok)) };
};

/** @throws Refusal of `registry` */
export const gatherPlain = async (
  reader: RegistryReader,
  onProgress: (progress: ExportProgress) => void,
): Promise<Gathered> => {
  const [document, discovery] = [await discoveryDocument(reader), await discover(reader)];
  const listed = [...listOf(document['mirroredKeys']), ...listOf(document['signingKeys'])];
  const keys = new Set(listed.flatMap((entry) => textOf(at(entry, 'keyId')) ?? []));
  const the: Gathering = { reader, discovery, keys, tarballs: new Map() };
  const packs = new Set<string>();
  let indexes = 0;
  for (const [tree, addresses] of Object.entries(discovery.trees) as [Tree, TreeAddresses][]) {
    const { isThere, names } = await listedIn(the, document, tree);
    indexes += isThere ? 1 : 0;
    let done = 0;
    await inLanes(names, LANES, async (name) => {
      await gatherPack(the, tree, addresses, name);
      packs.add(name);
      done += 1;
      onProgress({ step: 'packs', done, of: names.size });
    });
  }
  if (indexes === 0)
    throw refusal('registry', 'registry_endpoints_unresolvable', { missing: 'registryIndex' });
  await inLanes(keys, LANES, (keyId) =>
    reader.bytes('delegation', addressOf(discovery.publicKey, { keyId }), MAX_SMALL_BYTES),
  );
  return { tarballs: the.tarballs, packs: packs.size, log: undefined };
};
