// Mirrors the schemas of packs: the exact bytes of `schemas/<file>.json` in a tarball, at the address its $id names.
import { type BlobStore, only, readBlob } from '../../../storage/blob-store.ts';
import type { Sql } from '../../database/connect.ts';
import { type Document, KINDS, makeDocument } from '../../http/document.ts';
import type { DocumentCache } from '../../http/document-cache.ts';
import { fault } from '../../protocol/faults.ts';
import { type PackName, type PackVersion, parsePackName, parsePackVersion } from '../../protocol/pack-id.ts';
import { DEFAULT_ARCHIVE_CAPS, inspectTarball, type PackedFile } from '../../protocol/tarball.ts';
import { isPrivate, type PackAddress } from '../policy.ts';
import { packTopic } from '../read/read.ts';
import { offeredFiles } from './derived-store.ts';

export interface MirrorDeps {
  readonly sql: Sql;
  readonly blobs: BlobStore;
  readonly cache: DocumentCache;
  readonly maxTarballBytes: number;
}

/** One level below `schemas/`, and JSON. */
const MIRRORED = /^schemas\/[^/]+\.json$/;

/** Kept of one walk through a tarball; what does not fit is walked to again. */
const MOST_KEPT = 2 * 1024 * 1024;

/** The schema asked for, and as many of its neighbours as may be kept: whoever reads one reads the others next. */
const worthKeeping = (files: readonly PackedFile[], asked: PackedFile): ReadonlySet<string> => {
  let room = MOST_KEPT - asked.size;
  const kept = new Set([asked.path]);
  for (const { path, size } of files) {
    if (!MIRRORED.test(path) || size > room || kept.has(path)) continue;
    kept.add(path);
    room -= size;
  }
  return kept;
};

/** A file may be as large as an entry may, where the walk of a publish keeps none larger than a manifest. */
const CAPS = { ...DEFAULT_ARCHIVE_CAPS, maxManifestBytes: DEFAULT_ARCHIVE_CAPS.maxEntryBytes };

const unpacked = async (
  tarball: Uint8Array,
  wanted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Uint8Array>> => {
  const { contents } = await inspectTarball(only(tarball), CAPS, (path) => wanted.has(path));
  return contents;
};

const pathOf = ({ name, version }: PackAddress, file: string): string =>
  `/${name}/${version}/${encodeURIComponent(file)}`;

const documentOf = (bytes: Uint8Array | undefined, file: PackedFile): Document => {
  if (bytes === undefined) throw new Error(`a tarball does not hold its ${file.path}`);
  const document = makeDocument(bytes, KINDS.json);
  const listed = makeDocument(new Uint8Array(), KINDS.json, file.digest);
  if (document.etag !== listed.etag)
    throw new Error(`a tarball holds another ${file.path} than was published`);
  return document;
};

/** The neighbours stand ready too; nobody waits for them. */
const keepOthers = (
  the: MirrorDeps,
  address: PackAddress,
  files: readonly PackedFile[],
  contents: ReadonlyMap<string, Uint8Array>,
  asked: PackedFile,
): void => {
  for (const file of files) {
    const bytes = contents.get(file.path);
    if (bytes === undefined || file === asked || !MIRRORED.test(file.path)) continue;
    const path = pathOf(address, file.path.slice('schemas/'.length));
    void the.cache.load(path, [packTopic(address.name)], async () => documentOf(bytes, file)).catch(() => {});
  }
};

const readMirrored = async (the: MirrorDeps, address: PackAddress, file: string): Promise<Document> => {
  const found = await offeredFiles(the.sql, address.name, address.version);
  const asked = found?.files.find(({ path }) => path === `schemas/${file}`);
  if (found === undefined || asked === undefined) throw fault('not_found');
  const tarball = await readBlob(the.blobs, found.digest, { maxBytes: the.maxTarballBytes });
  const contents = await unpacked(tarball, worthKeeping(found.files, asked));
  keepOthers(the, address, found.files, contents, asked);
  return documentOf(contents.get(asked.path), asked);
};

/** Undefined for what names no public version. */
const publicAddress = (name: string, version: string): PackAddress | undefined => {
  const [packName, packVersion] = [parsePackName(name), parsePackVersion(version)];
  if (!packName.ok || !packVersion.ok || isPrivate(packName.value)) return undefined;
  return { name: packName.value as PackName, version: packVersion.value as PackVersion };
};

/**
 * Gone with the yank of its version, as on the public registry; one of a private pack never was there.
 * @throws Fault not_found
 */
export const readSchema =
  (the: MirrorDeps) =>
  async (name: string, version: string, file: string): Promise<Document> => {
    const address = publicAddress(name, version);
    if (address === undefined || !MIRRORED.test(`schemas/${file}`)) throw fault('not_found');
    const topics = [packTopic(address.name)];
    return the.cache.load(pathOf(address, file), topics, () => readMirrored(the, address, file));
  };
