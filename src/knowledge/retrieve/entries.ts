// What stands in a version of a base: one entry with its bytes, and pages of the others with the proof of them.
import type { Queryable } from '../../database/connect.ts';
import type { Cid } from '../../protocol/cid.ts';
import { fault } from '../../protocol/faults.ts';
import { hashOfEntry, hashOfList } from '../../protocol/knowledge/retrieved.ts';
import type { KnowledgePath } from '../../protocol/knowledge-path.ts';
import type { BlockSource } from '../../protocol/merkle-tree/place.ts';
import { KNOWLEDGE_TREE } from '../../protocol/merkle-tree/profile.ts';
import type { TreeProof } from '../../protocol/merkle-tree/proof.ts';
import { proveRange } from '../../protocol/merkle-tree/range-proof.ts';
import type { OpenedDocument } from '../documents/document-body.ts';
import { erasureOf } from '../documents/erase-store.ts';
import { erasedFault } from '../documents/erased.ts';
import { entriesAt, type ListedEntry, sizeInVersion } from '../versions/entry-store.ts';
import { type Look, type ReadVersion, requireReadable } from './retrieval.ts';
import type { FindEntry } from './retrieval-store.ts';
import { versionFor } from './retrieve.ts';

export type EntryRequest = { readonly kind: 'entry'; readonly path: KnowledgePath };

export interface GivenEntry extends OpenedDocument {
  readonly mediaType: string;
}

export interface EntryDeps {
  readonly db: Queryable;
  readonly findEntry: FindEntry;
  readonly open: (blob: Cid, size: number) => Promise<OpenedDocument>;
}

/** @throws Fault version_not_found, entry_not_found, content_erased with the record of it */
export const lookAtEntry =
  (the: EntryDeps): Look<EntryRequest, GivenEntry> =>
  async (base, selector, { path }) => {
    const found = await the.findEntry({ base, selector, path });
    const version = requireReadable(base, selector, found);
    if (found?.entry === undefined) throw fault('entry_not_found', { path, version: version.id });
    const { blob, size, mediaType, erased } = found.entry;
    const record = erased ? await erasureOf(the.db, base, blob) : undefined;
    if (record !== undefined) throw erasedFault(record);
    const opened = await the.open(blob, size);
    const [hash, given, { release }] = [hashOfEntry({ path, blob }), { ...opened, mediaType }, opened];
    return { version, hash, entries: 1, bytes: size, given, release };
  };

export type DocumentRequest = { readonly kind: 'document'; readonly document: Cid };

/**
 * A document by itself, of a version that has it somewhere: whoever reviews what would stand beside it reads it so.
 * @throws Fault version_not_found, document_not_found, content_erased with the record of it
 */
export const lookAtDocument =
  (the: EntryDeps): Look<DocumentRequest, GivenEntry> =>
  async (base, selector, { document }) => {
    const version = await versionFor(the.db, base, selector);
    const [erased, size] = await Promise.all([
      erasureOf(the.db, base, document),
      sizeInVersion(the.db, base, version.seq, document),
    ]);
    if (size === undefined) throw fault('document_not_found', { document, version: version.id });
    if (erased !== undefined) throw erasedFault(erased);
    const opened = await the.open(document, size);
    const hash = hashOfEntry({ path: '', blob: document });
    const given = { ...opened, mediaType: 'application/octet-stream' };
    return { version, hash, entries: 1, bytes: size, given, release: opened.release };
  };

export type ListRequest = {
  readonly kind: 'list';
  readonly prefix: string;
  readonly after: string;
  readonly limit: number;
  readonly proof: boolean;
};

export interface GivenPage {
  readonly entries: readonly ListedEntry[];
  readonly next: KnowledgePath | null;
  readonly proof: ProvenEntries | undefined;
}

/** Nodes of the tree, and the blocks of the entries that are told of, each once. */
export interface ProvenEntries {
  readonly nodes: TreeProof;
  readonly entries: readonly Uint8Array[];
}

export interface ListDeps {
  readonly db: Queryable;
  readonly blocks: BlockSource;
}

/** The blocks of entries, each once, in the order in which they are named. */
export const entryBlocks = async (
  blocks: BlockSource,
  entries: readonly Cid[],
): Promise<readonly Uint8Array[]> => {
  const named = [...new Set(entries)];
  const found = await Promise.all(named.map((entry) => blocks.get(entry)));
  return found.map((bytes, at) => {
    if (bytes === undefined) throw new Error(`the block of the entry ${named[at]} is gone`);
    return bytes;
  });
};

/** What the table says and what the tree commits to must never differ. */
export const requireAgreement = (
  version: ReadVersion,
  listed: readonly { readonly path: string; readonly entry: Cid | null }[],
  proven: readonly { readonly path: string; readonly value: Cid | null | undefined }[],
): void => {
  const agrees =
    listed.length === proven.length &&
    listed.every(({ path, entry }, at) => proven[at]?.path === path && proven[at].value === entry);
  if (!agrees) throw new Error(`the tree of ${version.id} and the table of its entries differ`);
};

const prove = async (
  the: ListDeps,
  version: ReadVersion,
  { prefix, after, limit }: ListRequest,
  listed: readonly ListedEntry[],
): Promise<ProvenEntries> => {
  const reader = { profile: KNOWLEDGE_TREE, blocks: the.blocks };
  const { value, proof } = await proveRange(reader, version.content, { prefix, after, limit });
  requireAgreement(version, listed, value.entries);
  const entries = listed.map(({ entry }) => entry);
  return { nodes: proof, entries: await entryBlocks(the.blocks, entries) };
};

/** One entry more than wanted is asked for, to know whether there is another page. */
export const lookAtList =
  (the: ListDeps): Look<ListRequest, GivenPage> =>
  async (base, selector, request) => {
    const version = await versionFor(the.db, base, selector);
    const { prefix, after, limit } = request;
    const rows = await entriesAt(the.db, base, version.seq, { prefix, after, limit: limit + 1 });
    const entries = rows.slice(0, limit);
    const next = rows.length > limit ? (entries.at(-1)?.path ?? null) : null;
    const proof = request.proof ? await prove(the, version, request, entries) : undefined;
    const given = { entries, next, proof };
    return { version, hash: hashOfList(entries), entries: entries.length, bytes: 0, given };
  };
