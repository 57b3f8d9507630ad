// Erases a document from a base: first the record of it for good, then the bytes, wherever the crash in between falls.

import type { JsonObject } from '../../../keys/canonical.ts';
import type { BlobStore } from '../../../storage/blob-store.ts';
import { blobKey } from '../../../storage/object-keys.ts';
import { requireInForce } from '../../access/workforces/in-force-store.ts';
import type { Queryable, Sql, Tx } from '../../database/connect.ts';
import type { Cid } from '../../protocol/cid.ts';
import { fault } from '../../protocol/faults.ts';
import { namedDigestOfCid } from '../../protocol/knowledge/changes.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import type { Authorise, Authorised } from '../bases/authorise.ts';
import type { BaseRecord } from '../bases/base.ts';
import { findBase, lockBase } from '../bases/base-store.ts';
import type { ErasureWish } from '../calls/grounds.ts';
import { eachOfAll } from '../events/each-of-all.ts';
import type { MakeKnowledgeEvent } from '../events/events.ts';
import { contextOf } from '../events/events.ts';
import type { Attempt, Done, RecordWrite, Written } from '../events/record.ts';
import {
  erasureOf,
  forgetWords,
  insertErasure,
  knowsDocument,
  lockBytes,
  markDestroyed,
  noteDestruction,
  stopNaming,
  undestroyed,
  unlockBytes,
} from './erase-store.ts';

export interface DestroyDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly blobs: Pick<BlobStore, 'delete'>;
}

export interface EraseDeps extends DestroyDeps {
  readonly authorise: Authorise;
  readonly record: RecordWrite;
  readonly make: MakeKnowledgeEvent;
}

export interface ErasureRequest extends ErasureWish {
  readonly base: BaseId;
}

interface Erasing extends Authorised {
  readonly attempt: Attempt;
  readonly wish: ErasureRequest;
}

/**
 * `destroyed` is false where a pack, or a base that keeps it, has the same document: this base gives it out no more.
 * @throws Fault knowledge_base_not_found, authority_denied, human_binding_missing, legal_hold, document_not_found
 */
export const eraseDocument =
  (the: EraseDeps) =>
  async (attempt: Attempt, wish: ErasureRequest): Promise<Written<JsonObject>> => {
    const asked = { base: wish.base, operation: 'administer', verb: 'administer' } as const;
    const authorised = await the.authorise(attempt.by, asked, ['architect', 'operator']);
    const written = await the.record(attempt, (tx) =>
      recordErasure(the, tx, { ...authorised, attempt, wish }),
    );
    const destroyed = await destroyBytes(the)(wish.document);
    return { ...written, outcome: { ...written.outcome, destroyed } };
  };

/** What was erased before stays erased by the record that stands. */
const recordErasure = async (the: EraseDeps, tx: Tx, erasing: Erasing): Promise<Done<JsonObject>> => {
  const { attempt, wish, binding } = erasing;
  await lockBase(tx, wish.base);
  await stopNaming(tx, wish.document);
  await requireInForce(tx, attempt.by, binding, the.now());
  const known = await erasureOf(tx, wish.base, wish.document);
  if (known !== undefined) return { outcome: outcomeOf(wish, known.eventId), status: 200, records: [] };
  requireNoHold(await findBase(tx, wish.base));
  if (!(await knowsDocument(tx, wish.base, wish.document)))
    throw fault('document_not_found', { knowledge_base_id: wish.base, document: wish.document });
  return commit(the, tx, erasing);
};

const outcomeOf = ({ base, document }: ErasureRequest, eventId: string): JsonObject => ({
  knowledge_base_id: base,
  document,
  event_id: eventId,
});

const requireNoHold = (base: BaseRecord | undefined): void => {
  if (base?.registration.retention.legal_hold !== true) return;
  throw fault('legal_hold', { knowledge_base_id: base.id });
};

const commit = async (
  the: EraseDeps,
  tx: Tx,
  { attempt, wish, clauses, base }: Erasing,
): Promise<Done<JsonObject>> => {
  const context = contextOf(attempt.by, clauses, base.eventId);
  const { document, authority, reasonCode } = wish;
  const digest = namedDigestOfCid(document);
  const payload = { knowledge_base_id: base.id, digest, reason_code: reasonCode, authority };
  const made = the.make('KnowledgeBaseContentErased', context, payload, { base: base.id });
  const { id: eventId, at } = made.event;
  const row = {
    base: base.id,
    blob: document,
    actor: attempt.by.id,
    authority,
    reasonCode,
    at,
    eventId,
    destroyed: false,
  };
  await insertErasure(tx, row);
  await forgetWords(tx, document);
  return { outcome: outcomeOf(wish, eventId), status: 200, records: [made] };
};

/**
 * A sweep's lock and note: whoever commits under this lock names the bytes before, and they stay, or learns of the note
 * and puts them again. The note stands before the bytes go.
 */
const destroyUnder = async (the: DestroyDeps, session: Queryable, blob: Cid): Promise<boolean> => {
  const digest = await lockBytes(session, blob);
  const mayGo = await noteDestruction(session, digest, the.now());
  if (mayGo) {
    await the.blobs.delete(blobKey(digest));
    // Once more: an upload that met the erasure may have brought them back.
    await forgetWords(session, blob);
    await markDestroyed(session, digest);
  }
  if (!(await unlockBytes(session, digest)))
    throw new Error(`the lock on ${blob} was lost while it was destroyed`);
  return mayGo;
};

/** False where somebody else holds the document. */
export const destroyBytes =
  (the: DestroyDeps) =>
  async (blob: Cid): Promise<boolean> => {
    const reserved = await the.sql.reserve();
    try {
      return await destroyUnder(the, reserved as unknown as Queryable, blob);
    } finally {
      reserved.release();
    }
  };

const ERASURES_AT_ONCE = 100;

/** Destroys what a crash left between a record and its bytes, and what its last other holder has erased meanwhile. */
export const finishErasures = (the: DestroyDeps) => async (): Promise<void> => {
  await eachOfAll(await undestroyed(the.sql, ERASURES_AT_ONCE), destroyBytes(the));
};
