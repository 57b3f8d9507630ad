// Imports a version of a base from its archive: all of it, believed by its name and its signature, or nothing.
import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../../keys/canonical.ts';
import type { Sql } from '../../database/connect.ts';
import type { Admit } from '../../http/admission.ts';
import type { Cid } from '../../protocol/cid.ts';
import { ContentError } from '../../protocol/content-errors.ts';
import { fault } from '../../protocol/faults.ts';
import { openVersionCar, type VersionCar } from '../../protocol/knowledge/car.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import type { Authorise, Authorised } from '../bases/authorise.ts';
import type { Attempt, RecordWrite, Written } from '../events/record.ts';
import { type CommitImportDeps, commitImport, importRefusal } from './commit-import.ts';
import { dropImport, importsBefore } from './import-store.ts';
import { type ReceiveDeps, receiveArchive } from './receive-archive.ts';

export interface ImportDeps extends ReceiveDeps, CommitImportDeps {
  readonly authorise: Authorise;
  readonly record: RecordWrite;
  /** Rejects with a fault unless a key that speaks for the base signed these bytes. */
  readonly verifyVersion: (base: BaseId, manifest: Uint8Array, envelope: string) => Promise<void>;
  /** Bounds the imports under way, of everybody and of one account. */
  readonly admit: Admit;
}

export interface ImportRequest {
  readonly base: BaseId;
  /** What the sender says it is: the one thing that everything else is held against. */
  readonly version: Cid;
  readonly body: AsyncIterable<Uint8Array>;
}

/** What the archive breaks is the sender's doing. */
const toldOf = (error: unknown): unknown =>
  error instanceof ContentError
    ? fault('archive_invalid', { problem: error.code, ...error.details }, error.message)
    : error;

const requireBase = ({ manifest }: VersionCar, base: BaseId): void => {
  if (manifest.kb === base) return;
  const message = 'The archive is of another base.';
  throw fault('archive_invalid', { problem: 'other_base', expected: base, found: manifest.kb }, message);
};

const receive = async (
  the: ImportDeps,
  id: string,
  { base, version, body }: ImportRequest,
): Promise<VersionCar> => {
  const car = await openVersionCar(body, version);
  try {
    requireBase(car, base);
    await the.verifyVersion(base, car.block, car.envelope);
    await receiveArchive(the, id, base, car.items());
    return car;
  } finally {
    await car.close();
  }
};

const takeIn = async (
  the: ImportDeps,
  attempt: Attempt,
  authorised: Authorised,
  request: ImportRequest,
): Promise<Written<JsonObject>> => {
  const id = randomUUID();
  try {
    const car = await receive(the, id, request);
    const { manifest, block, envelope } = car;
    const arrived = { ...authorised, attempt, manifest, block, envelope, id };
    return await the.record(attempt, (tx) => commitImport(the, tx, arrived));
  } catch (error) {
    throw toldOf(error);
  } finally {
    // Nothing is left where all of it became a version. Where even this fails, a sweep does it later.
    await dropImport(the.sql, id).catch(() => undefined);
  }
};

/**
 * @throws Fault knowledge_base_not_found, authority_denied, human_binding_missing, knowledge_base_paused,
 *   knowledge_base_held, already_exists, busy, archive_invalid, signature_invalid, content_erased, key_revoked,
 *   principal_required
 */
export const importVersion =
  (the: ImportDeps) =>
  async (attempt: Attempt, request: ImportRequest): Promise<Written<JsonObject>> => {
    const asked = { base: request.base, operation: 'administer', verb: 'administer' } as const;
    const authorised = await the.authorise(attempt.by, asked, ['architect', 'operator']);
    const refusal = importRefusal(authorised.base);
    // Whoever was answered before and says it again under the same key is answered as before.
    if (refusal !== undefined) return the.record(attempt, () => Promise.reject(refusal));
    return the.admit(attempt.by.account, () => takeIn(the, attempt, authorised, request));
  };

/**
 * Removes what imports that crashed left behind; tells how many. None runs as long as `olderThanMs`, or it would lose
 * what has arrived.
 */
export const sweepImports =
  (the: { readonly sql: Sql; readonly now: () => Date }) =>
  async (olderThanMs: number): Promise<number> => {
    const left = await importsBefore(the.sql, new Date(the.now().getTime() - olderThanMs));
    for (const id of left) await dropImport(the.sql, id);
    return left.length;
  };
