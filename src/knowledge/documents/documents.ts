// Documents for proposals: taken in as a hostile upload, believed by their hash, and named once their bytes are safe.

import type { BlobStore } from '../../../storage/blob-store.ts';
import { StorageError } from '../../../storage/errors.ts';
import { blobKey } from '../../../storage/object-keys.ts';
import type { Staged, Staging } from '../../../storage/staging.ts';
import { collectBytes } from '../../../storage/verify-bytes.ts';
import type { Acting } from '../../access/workforces/acting.ts';
import { evaluate } from '../../access/workforces/authority.ts';
import type { Queryable } from '../../database/connect.ts';
import type { Admit } from '../../http/admission.ts';
import type { Cid } from '../../protocol/cid.ts';
import { fault } from '../../protocol/faults.ts';
import { MAX_DOCUMENT_BYTES } from '../../protocol/knowledge/entry.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import { MAX_SEARCHED_BYTES, searchableWords, type Words } from '../../protocol/knowledge/words.ts';
import type { Authorise } from '../bases/authorise.ts';
import { requireReads } from '../bases/base.ts';
import { digestOfDocument, type OpenedDocument } from './document-body.ts';
import { findDocument, type Insertion, insertDocument } from './document-store.ts';
import { erasureOf } from './erase-store.ts';
import { erasedFault } from './erased.ts';

export interface DocumentDeps {
  readonly db: Queryable;
  readonly blobs: BlobStore;
  readonly staging: Staging;
  readonly now: () => Date;
  readonly authorise: Authorise;
  /** Bounds the uploads under way, of everybody and of one account. */
  readonly admit: Admit;
  /** Destroys bytes that were erased and that nobody else names. */
  readonly destroyErased: (blob: Cid) => Promise<unknown>;
  readonly open: (blob: Cid, size: number) => Promise<OpenedDocument>;
}

export interface UploadRequest {
  readonly by: Acting;
  readonly base: BaseId;
  /** What the bytes are said to be. */
  readonly document: Cid;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface TakenDocument {
  readonly size: number;
  /** Whether searches look into it. */
  readonly searchable: boolean;
  /** False where the base had it already. */
  readonly created: boolean;
}

/** @throws Fault content_erased */
const requireNotErased = async (the: DocumentDeps, base: BaseId, document: Cid): Promise<void> => {
  const record = await erasureOf(the.db, base, document);
  if (record !== undefined) throw erasedFault(record);
};

/**
 * @throws Fault knowledge_base_not_found, authority_denied, knowledge_base_paused, content_erased, busy,
 *   payload_too_large, digest_mismatch; key_revoked or principal_required where that ended meanwhile
 */
export const takeDocument =
  (the: DocumentDeps) =>
  async (request: UploadRequest): Promise<TakenDocument> => {
    const { by, base, document } = request;
    const found = await the.authorise(by, { base, operation: 'propose', verb: 'propose' });
    if (found.base.paused) throw fault('knowledge_base_paused', { knowledge_base_id: base });
    await requireNotErased(the, base, document);
    return the.admit(by.account, () => takeIn(the, request));
  };

const takeIn = async (the: DocumentDeps, request: UploadRequest): Promise<TakenDocument> => {
  const staged = await receive(the, request);
  try {
    requireDigest(request, staged);
    const words = await wordsOf(staged);
    const { created } = await commit(the, request, staged, words);
    return { size: staged.size, searchable: words !== undefined, created };
  } finally {
    await staged.discard();
  }
};

const receive = (the: DocumentDeps, { body }: UploadRequest): Promise<Staged> =>
  the.staging.receive(body, { maxBytes: MAX_DOCUMENT_BYTES }).catch((error: unknown) => {
    if (error instanceof StorageError && error.code === 'too_large')
      throw fault('payload_too_large', { maxBytes: MAX_DOCUMENT_BYTES });
    throw error;
  });

const requireDigest = ({ document }: UploadRequest, { digest }: Staged): void => {
  const expected = digestOfDocument(document);
  if (digest !== expected)
    throw fault('digest_mismatch', { expected: `sha256:${expected}`, found: `sha256:${digest}` });
};

/** What is too large for a search is not read again. */
const wordsOf = async ({ size, bytes, read }: Staged): Promise<Words | undefined> =>
  size > MAX_SEARCHED_BYTES ? undefined : searchableWords(bytes ?? (await collectBytes(read())));

const SWEEPS_BORNE = 8;

/** The bytes may have lain there as garbage, which a sweep takes away until they are named: then they are put again. */
const commit = async (
  the: DocumentDeps,
  { by, base, document }: UploadRequest,
  staged: Staged,
  words: Words | undefined,
): Promise<Insertion> => {
  const who = { uploadedBy: by.id, role: by.role, tokenId: by.token.tokenId };
  let seen = 0;
  for (let tries = 0; tries < SWEEPS_BORNE; tries += 1) {
    await staged.promote(the.blobs, blobKey(staged.digest));
    // The point of no return: before it a crash leaves garbage for the sweep, after it proposals may name the bytes.
    const row = { base, blob: document, size: staged.size, words, ...who, at: the.now() };
    const inserted = await insertDocument(the.db, row, seen);
    await requireAllowed(the, base, document, inserted);
    if (inserted.sweep <= seen) return inserted;
    seen = inserted.sweep;
  }
  throw new Error('the bytes of a document were swept away again and again');
};

const requireAllowed = async (
  the: DocumentDeps,
  base: BaseId,
  document: Cid,
  { token_ok, principal_ok, erased }: Insertion,
): Promise<void> => {
  if (!token_ok) throw fault('key_revoked', {}, 'This token ended while the upload was under way.');
  if (!principal_ok)
    throw fault(
      'principal_required',
      {},
      'This principal ended, or changed its role, while the upload was under way.',
    );
  if (!erased) return;
  // Erased while it came in: its bytes must not stay because somebody brought them again.
  await the.destroyErased(document);
  await requireNotErased(the, base, document);
};

/**
 * A proposed document for whoever reviews it, or for its own uploader: no version of the base need have it yet.
 * @throws Fault knowledge_base_not_found, authority_denied, knowledge_base_paused, content_erased, document_not_found
 */
export const readDocument =
  (the: DocumentDeps) =>
  async (by: Acting, base: BaseId, document: Cid): Promise<OpenedDocument> => {
    const review = { base, operation: 'review', verb: 'review' } as const;
    const mayReview = evaluate(by.authority, review).granted;
    const asked = mayReview ? review : ({ base, operation: 'propose', verb: 'propose' } as const);
    const found = await the.authorise(by, asked);
    requireReads(base, found.base);
    await requireNotErased(the, base, document);
    const uploaded = await findDocument(the.db, base, document);
    if (uploaded === undefined || !(mayReview || uploaded.uploadedBy === by.id))
      throw fault('document_not_found', { knowledge_base_id: base, document });
    return the.open(document, uploaded.size);
  };
