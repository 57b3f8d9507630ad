// Whether a revision could become a version: its documents are there, its ground is, and the tree takes it.

import type { Queryable } from '../../database/connect.ts';
import type { Cid } from '../../protocol/cid.ts';
import { fault } from '../../protocol/faults.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import type { BaseRecord } from '../bases/base.ts';
import { type KnownDocument, knownDocuments } from '../documents/document-claims-store.ts';
import { type Applied, type ApplyDeps, applyChanges, entriesAround, type Ground } from '../versions/apply.ts';
import { findVersion } from '../versions/version-store.ts';
import type { ProposedRevision } from './contribution-body.ts';

interface Violation {
  readonly where: string;
  readonly message: string;
}

const violationOf = (
  path: string,
  size: number,
  document: KnownDocument | undefined,
): readonly Violation[] => {
  if (document === undefined)
    return [{ where: path, message: 'Its document was not uploaded for this base.' }];
  if (document.erased) return [{ where: path, message: 'Its document was erased from this base.' }];
  return document.size === size ? [] : [{ where: path, message: `Its document has ${document.size} bytes.` }];
};

const MOST_TOLD = 64;

/** Asked once more where a revision is stored: what nobody has named until then may be taken as left behind. */
export const requireDocuments = async (
  db: Queryable,
  base: BaseId,
  { changes }: ProposedRevision,
): Promise<void> => {
  const puts = changes.flatMap((change) => (change.op === 'put' ? [change] : []));
  const known = await knownDocuments(
    db,
    base,
    puts.map(({ entry }) => entry.blob),
  );
  const byId = new Map(known.map((document) => [document.blob, document]));
  const violations = puts.flatMap(({ path, entry }) => violationOf(path, entry.size, byId.get(entry.blob)));
  if (violations.length > 0)
    throw fault('contribution_invalid', { violations: violations.slice(0, MOST_TOLD) });
};

/** @throws Fault version_not_found */
export const requireGround = async (the: ApplyDeps, base: BaseId, version: Cid | null): Promise<Ground> => {
  if (version === null) return undefined;
  const ground = await findVersion(the.sql, base, version);
  if (ground === undefined) throw fault('version_not_found', { knowledge_base_id: base, version });
  return ground;
};

const requireFirst = ({ id, current }: BaseRecord, { baseVersion }: ProposedRevision): void => {
  if (baseVersion !== null || current === null) return;
  const message = 'The base has versions: name the one that is changed.';
  throw fault('base_version_conflict', { knowledge_base_id: id, current }, message);
};

/** @throws Fault contribution_invalid, version_not_found, base_version_conflict, no_change */
export const checkRevision = async (
  the: ApplyDeps,
  base: BaseRecord,
  revision: ProposedRevision,
): Promise<Applied> => {
  requireFirst(base, revision);
  await requireDocuments(the.sql, base.id, revision);
  const ground = await requireGround(the, base.id, revision.baseVersion);
  const found = await entriesAround(the, base.id, ground, revision.changes);
  return applyChanges(the, ground, revision.changes, found);
};
