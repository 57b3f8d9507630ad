// What stands at a path of a version, or that nothing does: proven by the version's tree; and the document itself.
import type { Cid } from '../../protocol/cid.ts';
import { cidOf } from '../../protocol/cid.ts';
import { namedDigestOfCid } from '../../protocol/knowledge/changes.ts';
import { type Entry, MAX_DOCUMENT_BYTES } from '../../protocol/knowledge/entry.ts';
import type { KnowledgePath } from '../../protocol/knowledge-path.ts';
import { textOf } from '../../protocol/manifest/read.ts';
import { KNOWLEDGE_TREE } from '../../protocol/merkle-tree/profile.ts';
import { verifyPath } from '../../protocol/merkle-tree/proof.ts';
import type { Asked } from '../proven-event.ts';
import { type Answer, refusal, yes } from '../refusal.ts';
import { type KnowledgeDeps, pathAddress, versionAddress } from './deps.ts';
import { requireSameHash } from './hash.ts';
import { blocksAt, bytesAt } from './shape.ts';
import { openEntry, provenBy } from './tree.ts';
import { type BelievedVersion, requireVersion } from './version.ts';

export interface ProvenEntry {
  readonly cid: Cid;
  readonly entry: Entry;
}

/** Undefined where the version has nothing at the path, which is proven as well. @throws Refusal of `entry` */
export const proveEntry =
  (the: KnowledgeDeps) =>
  async (of: BelievedVersion, path: KnowledgePath): Promise<ProvenEntry | undefined> => {
    const address = `${versionAddress(of)}/proofs/${pathAddress(path)}`;
    const asked: Asked = { question: 'entry', path: address };
    const answer = await the.reader.json(asked);
    requireVersion(asked, of, textOf(answer['knowledge_base_version']));
    const proof = [...blocksAt(asked, answer).values()];
    const cid = await provenBy(asked, of, () => verifyPath(KNOWLEDGE_TREE, of.manifest.content, path, proof));
    if (cid === undefined) return undefined;
    return { cid, entry: openEntry(asked, cid, bytesAt(asked, answer, 'entry_block')) };
  };

export interface FetchedDocument {
  readonly bytes: Uint8Array;
  /** The event under which the registry says it recorded this read; undefined where it says none. */
  readonly eventId: string | undefined;
}

/** The bytes that an entry names. @throws Refusal of `document` */
export const fetchDocument =
  (the: KnowledgeDeps) =>
  async (of: BelievedVersion, path: KnowledgePath, { blob, size }: Entry): Promise<FetchedDocument> => {
    const asked: Asked = {
      question: 'document',
      path: `${versionAddress(of)}/entries/${pathAddress(path)}`,
    };
    const { bytes, version, hash, eventId } = await the.reader.document(asked, MAX_DOCUMENT_BYTES);
    requireVersion(asked, of, version);
    const found = { blob: cidOf('raw', bytes), size: bytes.length };
    const evidence = { path: asked.path, expected: { blob, size }, found };
    if (found.blob !== blob || found.size !== size) throw refusal('document', 'document_mismatch', evidence);
    requireSameHash(asked, namedDigestOfCid(blob), hash);
    return { bytes, eventId };
  };

export interface FoundDocument {
  readonly found: true;
  readonly of: BelievedVersion;
  readonly path: KnowledgePath;
  readonly entry: Entry;
  readonly bytes: Uint8Array;
  /** The event under which the registry says it recorded the read; `checkEvent` opens it for whoever may see it. */
  readonly eventId: string | undefined;
  readonly checked: readonly Answer[];
}

/** The version has nothing at the path, and proves it. */
export interface ProvenAbsence {
  readonly found: false;
  readonly of: BelievedVersion;
  readonly path: KnowledgePath;
  readonly checked: readonly Answer[];
}

/** @throws Refusal of `entry` or `document` */
export const getDocument =
  (the: KnowledgeDeps) =>
  async (of: BelievedVersion, path: KnowledgePath): Promise<FoundDocument | ProvenAbsence> => {
    const proven = await proveEntry(the)(of, path);
    if (proven === undefined) return { found: false, of, path, checked: [...of.checked, yes('entry')] };
    const fetched = await fetchDocument(the)(of, path, proven.entry);
    const checked = [...of.checked, yes('entry'), yes('document')];
    return { found: true, of, path, entry: proven.entry, ...fetched, checked };
  };
