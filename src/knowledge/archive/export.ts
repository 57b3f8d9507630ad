// Exports a version as one archive: looked up as any retrieval is, and then streamed in the one order of its content.

import { canonicalText, type JsonObject } from '../../../keys/canonical.ts';
import { ahead } from '../../../storage/ahead.ts';
import { type BlobStore, readBlob, streamBlob } from '../../../storage/blob-store.ts';
import type { Queryable } from '../../database/connect.ts';
import { type Cid, cidOf } from '../../protocol/cid.ts';
import { ContentError } from '../../protocol/content-errors.ts';
import { fault } from '../../protocol/faults.ts';
import {
  type ArchivedEntry,
  type ArchivedItem,
  CAR_TYPE,
  writeVersionCar,
} from '../../protocol/knowledge/car.ts';
import { namedDigestOfCid } from '../../protocol/knowledge/changes.ts';
import { type Step, walkContent } from '../../protocol/knowledge/content-walk.ts';
import { decodeEntry, type Entry } from '../../protocol/knowledge/entry.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import { type RunningList, startListHash } from '../../protocol/knowledge/list-hash.ts';
import type { BlockSource } from '../../protocol/merkle-tree/place.ts';
import { inPieces } from '../../protocol/pieces.ts';
import { digestOfDocument } from '../documents/document-body.ts';
import { manifestView } from '../retrieve/read-versions.ts';
import type { Look, Looked, ReadVersion } from '../retrieve/retrieval.ts';
import { versionFor } from '../retrieve/retrieve.ts';
import type { VersionRecord } from '../versions/version.ts';
import { findVersion } from '../versions/version-store.ts';
import { jsonOf } from './export-json.ts';
import { countedAt, erasedPathsAt } from './export-store.ts';
import { tarOf } from './export-tar.ts';

export interface ExportDeps {
  readonly db: Queryable;
  readonly blocks: BlockSource;
  readonly blobs: BlobStore;
}

export const EXPORT_FORMATS = ['car', 'tar', 'json'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export type ExportRequest = { readonly kind: 'export'; readonly format: ExportFormat };

export interface GivenExport {
  readonly contentType: string;
  /** All of it, read from the stores as it is asked for; throws where they do not hold what the version says. */
  readonly chunks: () => AsyncIterable<Uint8Array>;
}

const CONTENT_TYPES: Readonly<Record<ExportFormat, string>> = {
  car: `${CAR_TYPE}; version=1`,
  tar: 'application/x-tar',
  json: 'application/json; charset=utf-8',
};

const MOST_LISTED = 5_000;
const MOST_PATHS_TOLD = 100;
/** Entries whose documents are read before it is their turn, and up to which size. */
const AHEAD = 32;
const MOST_AHEAD_BYTES = 64 * 1024;

type Totals = Pick<Looked<unknown>, 'hash' | 'entries' | 'bytes'>;

/** A page at a time, however many there are. */
const totalsOf = async ({ db }: ExportDeps, { base, seq }: ReadVersion): Promise<Totals> => {
  const list = startListHash();
  let [entries, bytes, after] = [0, 0, ''];
  for (;;) {
    const page = await countedAt(db, base, seq, after, MOST_LISTED);
    for (const { path, digest, size } of page) {
      list.add(path, digest);
      bytes += size;
    }
    entries += page.length;
    const last = page.at(-1);
    if (last === undefined || page.length < MOST_LISTED) return { hash: list.finish(), entries, bytes };
    after = last.path;
  }
};

/** An archive with something missing would be another one. @throws Fault content_erased */
const requireWhole = async ({ db }: ExportDeps, { base, id, seq }: ReadVersion): Promise<void> => {
  const paths = await erasedPathsAt(db, base, seq, MOST_PATHS_TOLD);
  if (paths.length === 0) return;
  const message = 'Content of this version was erased, so that it cannot be exported as a whole.';
  throw fault('content_erased', { knowledge_base_id: base, knowledge_base_version: id, paths }, message);
};

const requireVersion = async (db: Queryable, base: BaseId, id: Cid): Promise<VersionRecord> => {
  const version = await findVersion(db, base, id);
  if (version === undefined) throw new Error(`the version ${id} is gone`);
  return version;
};

const entryBlock = async ({ blocks }: ExportDeps, cid: Cid): Promise<Uint8Array> => {
  const bytes = await blocks.get(cid);
  if (bytes === undefined) throw new ContentError('block_missing', { cid });
  const found = cidOf('dag-cbor', bytes);
  if (found !== cid) throw new ContentError('block_mismatch', { expected: cid, found });
  return bytes;
};

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}

/** Hashed on its way out, so that what its name does not say breaks off before its end. */
const documentOf = async (
  { blobs }: ExportDeps,
  { blob, size }: Entry,
): Promise<AsyncIterable<Uint8Array>> =>
  size > MOST_AHEAD_BYTES
    ? streamBlob(blobs, digestOfDocument(blob))
    : once(await readBlob(blobs, digestOfDocument(blob), { maxBytes: size }));

const itemOf = async (the: ExportDeps, step: Step): Promise<ArchivedItem> => {
  if (step.kind === 'node') return step;
  const bytes = await entryBlock(the, step.cid);
  const entry = decodeEntry(bytes);
  const { path, cid } = step;
  return { kind: 'entry', path, entry, block: { cid, bytes }, document: await documentOf(the, entry) };
};

/** What is given has to be what was recorded: the table and the tree must never differ. */
async function* checked(
  items: AsyncIterable<ArchivedItem>,
  list: RunningList,
  version: Cid,
  { hash }: Totals,
): AsyncGenerator<ArchivedItem, void, void> {
  for await (const item of items) {
    if (item.kind === 'entry') list.add(item.path, namedDigestOfCid(item.entry.blob));
    yield item;
  }
  if (list.finish() !== hash) throw new Error(`the tree of ${version} and the table of its entries differ`);
}

async function* entriesOnly(items: AsyncIterable<ArchivedItem>): AsyncGenerator<ArchivedEntry, void, void> {
  for await (const item of items) if (item.kind === 'entry') yield item;
}

/** What readers of the other formats learn of the version. */
const tellingOf = (version: VersionRecord): JsonObject => ({
  knowledge_base_version: version.id,
  manifest: JSON.parse(canonicalText(manifestView(version))) as JsonObject,
  signature: version.signature,
});

const archiveOf = (
  version: VersionRecord,
  format: ExportFormat,
  items: AsyncIterable<ArchivedItem>,
): AsyncIterable<Uint8Array> => {
  const { id, manifest: block, signature: envelope } = version;
  if (format === 'car') return writeVersionCar({ block, envelope }, items);
  const entries = entriesOnly(items);
  return format === 'tar' ? tarOf(id, tellingOf(version), entries) : jsonOf(tellingOf(version), entries);
};

/** @throws Fault knowledge_base_not_found, knowledge_base_paused, version_not_found, content_erased */
export const lookAtExport =
  (the: ExportDeps): Look<ExportRequest, GivenExport> =>
  async (base, selector, { format }) => {
    const version = await versionFor(the.db, base, selector);
    await requireWhole(the, version);
    const record = await requireVersion(the.db, base, version.id);
    const totals = await totalsOf(the, version);
    const chunks = () => {
      const steps = walkContent(the.blocks, version.content);
      const items = ahead(steps, AHEAD, (step) => itemOf(the, step));
      return inPieces(archiveOf(record, format, checked(items, startListHash(), version.id, totals)));
    };
    return { version, ...totals, given: { contentType: CONTENT_TYPES[format], chunks } };
  };
