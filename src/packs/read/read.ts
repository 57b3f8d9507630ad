// Makes the public documents of packs from what is stored, and keeps them ready until it changes.
import { type BlobStore, readBlob } from '../../../storage/blob-store.ts';
import type { Sql } from '../../database/connect.ts';
import { confidential, type Document, jsonDocument, KINDS, makeDocument } from '../../http/document.ts';
import type { DocumentCache } from '../../http/document-cache.ts';
import { type Fault, fault, type Tree } from '../../protocol/faults.ts';
import type { PackName, PackVersion } from '../../protocol/pack-id.ts';
import { HEAD_TOPIC } from '../../transparency/log-documents.ts';
import { unpublishedDetails } from '../lifecycle/unpublish-note.ts';
import { findVersion, holderOf, statementOf, versionsOf } from '../pack-store.ts';
import { isMirrored, isPrivate } from '../policy.ts';
import type { ListedVersion, StoredVersion } from '../version-record.ts';
import { packIndex, packMap, versionManifest } from './shapes.ts';

export interface ReadDeps {
  readonly sql: Sql;
  readonly blobs: BlobStore;
  readonly cache: DocumentCache;
  readonly now: () => Date;
  readonly maxTarballBytes: number;
  /** The proof that an event stands in the log; `late` until it is sealed. */
  readonly findProof: (eventId: string, open: boolean) => Promise<string | 'late'>;
}

/** Whatever lists packs changes with each of them. */
export const CATALOGUE_TOPIC = 'catalogue';
export const packTopic = (name: string): string => `pack:${name}`;

/** The topics that a committed event touches, by its subject `pack:<name>@<version>`. */
export const packTopicsOf = (subject: string): readonly string[] => {
  const name = /^pack:([^@]+)@/.exec(subject)?.[1];
  return name === undefined ? [] : [packTopic(name), CATALOGUE_TOPIC];
};

/** Which document of a version is asked for, by the ending of its address. */
const VERSION_PARTS = ['json', 'tgz', 'sig', 'proof', 'intoto.json'] as const;
export type VersionPart = (typeof VERSION_PARTS)[number];

export const isVersionPart = (text: string): text is VersionPart =>
  (VERSION_PARTS as readonly string[]).includes(text);

/** Private packs are made for each reader, so that the memory of public documents never holds one. */
export const through = async (
  the: Pick<ReadDeps, 'cache'>,
  name: PackName,
  path: string,
  topics: readonly string[],
  make: () => Promise<Document>,
): Promise<Document> => (isPrivate(name) ? confidential(await make()) : the.cache.load(path, topics, make));

/** A proof stands under the newest head, so that it changes with every seal. */
const topicsOf = (name: PackName, part: VersionPart): readonly string[] =>
  part === 'proof' ? [HEAD_TOPIC] : [packTopic(name)];

/** Of a version that was unpublished, a tombstone says what became of it. */
const notThere = async (the: ReadDeps, name: PackName, version: PackVersion): Promise<Fault> => {
  const holder = await holderOf(the.sql, name, version);
  if (holder?.name !== name || holder.unpublished === null)
    return fault('pack_version_not_found', { name, version });
  const details = unpublishedDetails({ name, version }, holder.unpublished);
  return fault('pack_version_not_found', details, 'This version was unpublished.');
};

const requireVersion = async (
  the: ReadDeps,
  tree: Tree,
  name: PackName,
  version: PackVersion,
): Promise<StoredVersion> => {
  const found = await findVersion(the.sql, tree, name, version);
  if (found !== undefined) return found;
  throw await notThere(the, name, version);
};

/** v1 withholds the signature of what was yanked here; of what was yanked upstream it is served as upstream serves it. */
const isWithheld = ({ tree, yanked }: StoredVersion): boolean =>
  tree === 'v1' && yanked !== null && !isMirrored(yanked.yankedBy);

/** v1 withholds the signature of a yanked version, v2 serves it (node-packs.md; spec/v2 packs.md). */
const signatureDocument = async (
  the: ReadDeps,
  tree: Tree,
  name: PackName,
  version: PackVersion,
): Promise<Document> => {
  const found = await findVersion(the.sql, tree, name, version);
  const missing = found === undefined ? await notThere(the, name, version) : undefined;
  if (missing?.details['unpublished'] !== undefined) throw missing;
  const signature = found === undefined || isWithheld(found) ? null : found.signature;
  if (!signature) throw fault('signature_not_available');
  return makeDocument(signature, KINDS.signature);
};

/** Whatever tree a version belongs to: its statement names none. */
const statementDocument = async (the: ReadDeps, name: PackName, version: PackVersion): Promise<Document> => {
  const found = await statementOf(the.sql, name, version);
  if (found === undefined) throw await notThere(the, name, version);
  if (found.statement === null) throw fault('statement_not_available', { name, version });
  return makeDocument(Buffer.from(found.statement), KINDS.statement);
};

/** The log does not know trees: the proof of a version is served in both. Whoever may see the version may see its event. */
const proofOf = async (the: ReadDeps, name: PackName, version: PackVersion): Promise<Document> => {
  const found = await holderOf(the.sql, name, version);
  if (found?.name !== name) throw fault('pack_version_not_found', { name, version });
  const proof = await the.findProof(found.eventId, true);
  if (proof === 'late') throw fault('not_sealed_yet', { name, version });
  return makeDocument(Buffer.from(proof), KINDS.checkpoint);
};

const makePart = async (
  the: ReadDeps,
  tree: Tree,
  name: PackName,
  version: PackVersion,
  part: VersionPart,
): Promise<Document> => {
  if (part === 'proof') return proofOf(the, name, version);
  if (part === 'intoto.json') return statementDocument(the, name, version);
  if (part === 'sig') return signatureDocument(the, tree, name, version);
  const found = await requireVersion(the, tree, name, version);
  if (part === 'json') return jsonDocument(versionManifest(found));
  const bytes = await readBlob(the.blobs, found.digest, { maxBytes: the.maxTarballBytes });
  return makeDocument(bytes, KINDS.tarball, found.digest);
};

/** @throws Fault pack_version_not_found, signature_not_available or statement_not_available. */
export const readVersionPart =
  (the: ReadDeps) =>
  (tree: Tree, name: PackName, version: PackVersion, part: VersionPart): Promise<Document> =>
    through(the, name, `/${tree}/packs/${name}/-/${version}.${part}`, topicsOf(name, part), () =>
      makePart(the, tree, name, version, part),
    );

const requirePack = async (the: ReadDeps, tree: Tree, name: PackName): Promise<ListedVersion[]> => {
  const versions = await versionsOf(the.sql, tree, name);
  if (versions.length === 0) throw fault('pack_not_found', { name });
  return versions;
};

/** Pack metadata at the address it was asked for: v1 keeps the map form at the bare address. */
export const readPack =
  (the: ReadDeps) =>
  (tree: Tree, name: PackName, asked: 'bare' | 'index'): Promise<Document> => {
    const shape = tree === 'v1' && asked === 'bare' ? packMap : packIndex;
    const path = `/${tree}/packs/${name}${asked === 'bare' ? '' : '/index.json'}`;
    return through(the, name, path, [packTopic(name)], async () =>
      jsonDocument(shape(await requirePack(the, tree, name))),
    );
  };
