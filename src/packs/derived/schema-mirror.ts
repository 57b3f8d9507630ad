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

/** A file may be as large as an entry may, where the walk of a publish keeps none larger than a manifest. */
const CAPS = { ...DEFAULT_ARCHIVE_CAPS, maxManifestBytes: DEFAULT_ARCHIVE_CAPS.maxEntryBytes };

const unpacked = async (tarball: Uint8Array, path: string): Promise<Uint8Array | undefined> => {
  const { contents } = await inspectTarball(only(tarball), CAPS, (each) => each === path);
  return contents.get(path);
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

const readMirrored = async (the: MirrorDeps, address: PackAddress, file: string): Promise<Document> => {
  const found = await offeredFiles(the.sql, address.name, address.version);
  const asked = found?.files.find(({ path }) => path === `schemas/${file}`);
  if (found === undefined || asked === undefined) throw fault('not_found');
  const tarball = await readBlob(the.blobs, found.digest, { maxBytes: the.maxTarballBytes });
  return documentOf(await unpacked(tarball, asked.path), asked);
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
