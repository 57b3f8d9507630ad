// The transaction of an import: everything that arrived becomes the first version of its base here, and current.

import type { JsonObject } from '../../../keys/canonical.ts';
import { requireInForce } from '../../access/workforces/in-force-store.ts';
import type { Tx } from '../../database/connect.ts';
import { type Fault, fault } from '../../protocol/faults.ts';
import type { SignedVersion } from '../../protocol/knowledge/car.ts';
import { type VersionManifest, versionCid } from '../../protocol/knowledge/version.ts';
import type { Authorised } from '../bases/authorise.ts';
import type { BaseRecord } from '../bases/base.ts';
import { findBase, lockBase, movePointer } from '../bases/base-store.ts';
import type { KnowledgeRecord, MakeKnowledgeEvent } from '../events/events.ts';
import { contextOf } from '../events/events.ts';
import type { Attempt, Done } from '../events/record.ts';
import { insertPointerMove } from '../versions/pointer-store.ts';
import type { VersionRecord } from '../versions/version.ts';
import { insertVersion } from '../versions/version-store.ts';
import { clashesIn, erasedInImport, startAtSeq, takeImported } from './import-store.ts';
import { erasedFromBase } from './receive-archive.ts';

export interface CommitImportDeps {
  readonly now: () => Date;
  readonly makeEvent: MakeKnowledgeEvent;
}

/** A version all of which has arrived, under the name of its import. */
export interface ArrivedVersion extends Authorised, SignedVersion {
  readonly attempt: Attempt;
  readonly manifest: VersionManifest;
  readonly id: string;
}

/** Why nothing can be imported into a base as it stands; undefined where it can be. */
export const importRefusal = ({ id, paused, held, lastSeq, generation }: BaseRecord): Fault | undefined => {
  if (paused) return fault('knowledge_base_paused', { knowledge_base_id: id });
  if (held) return fault('knowledge_base_held', { knowledge_base_id: id });
  if (lastSeq === 0 && generation === 0) return undefined;
  const message = 'The base has versions: an archive is imported only where there are none.';
  return fault('already_exists', { knowledge_base_id: id, version_seq: lastSeq, generation }, message);
};

const requireSound = async (tx: Tx, { id, base }: ArrivedVersion): Promise<void> => {
  const clashes = await clashesIn(tx, id);
  if (clashes.length > 0)
    throw fault('archive_invalid', { problem: 'path_clash', clashes }, 'Paths differ only in case.');
  const paths = await erasedInImport(tx, id, base.id);
  if (paths.length > 0) throw erasedFromBase(base.id, paths);
};

const createdBy = (the: CommitImportDeps, arrived: ArrivedVersion): KnowledgeRecord => {
  const { manifest, block, base } = arrived;
  return the.makeEvent(
    'KnowledgeBaseVersionCreated',
    contextOf(arrived.attempt.by, arrived.clauses, base.eventId),
    {
      knowledge_base_id: base.id,
      knowledge_base_version: versionCid(block),
      version_seq: manifest.seq,
      parent_version: manifest.parent,
      content: manifest.content,
      entry_count: manifest.entries,
      total_bytes: manifest.bytes,
      contribution_id: manifest.contribution,
      created_by: manifest.proposer,
    },
    { base: base.id, contribution: manifest.contribution },
  );
};

const versionOf = ({ manifest, block, envelope }: ArrivedVersion, eventId: string): VersionRecord => ({
  id: versionCid(block),
  base: manifest.kb,
  seq: manifest.seq,
  parent: manifest.parent,
  content: manifest.content,
  entries: manifest.entries,
  bytes: manifest.bytes,
  manifest: block,
  signature: envelope,
  contribution: manifest.contribution,
  proposer: manifest.proposer,
  createdAt: new Date(manifest.createdAt),
  eventId,
});

const store = async (tx: Tx, arrived: ArrivedVersion, version: VersionRecord): Promise<void> => {
  await insertVersion(tx, version);
  const taken = await takeImported(tx, arrived.id, version.base, version.seq);
  // A sweep that took the import for one that crashed; the sender may begin anew.
  if (taken !== version.entries)
    throw new Error(`of ${version.entries} entries of an import ${taken} are left`);
  if (!(await startAtSeq(tx, version.base, version.seq))) throw new Error('a base changed under its lock');
};

const point = async (
  the: CommitImportDeps,
  tx: Tx,
  arrived: ArrivedVersion,
  { base, id: to, eventId }: VersionRecord,
): Promise<KnowledgeRecord> => {
  const payload = {
    knowledge_base_id: base,
    from_version: null,
    to_version: to,
    generation: 1,
    reason: 'import',
  } as const;
  const moved = the.makeEvent(
    'KnowledgeBaseCurrentPointerMoved',
    contextOf(arrived.attempt.by, arrived.clauses, eventId),
    payload,
    {
      base,
    },
  );
  if (!(await movePointer(tx, base, 0, to, moved.event.id)))
    throw new Error('a pointer moved under its lock');
  await insertPointerMove(tx, {
    base,
    generation: payload.generation,
    from: null,
    to,
    reason: payload.reason,
    rollbackOf: null,
    justification: null,
    actor: arrived.attempt.by.id,
    at: moved.event.at,
    eventId: moved.event.id,
  });
  return moved;
};

/**
 * @throws Fault key_revoked, principal_required, human_binding_missing, knowledge_base_paused, knowledge_base_held,
 *   already_exists, archive_invalid, content_erased
 */
export const commitImport = async (
  the: CommitImportDeps,
  tx: Tx,
  arrived: ArrivedVersion,
): Promise<Done<JsonObject>> => {
  const { attempt, binding, manifest } = arrived;
  await lockBase(tx, manifest.kb);
  await requireInForce(tx, attempt.by, binding, the.now());
  const base = await findBase(tx, manifest.kb);
  if (base === undefined) throw fault('knowledge_base_not_found', { knowledge_base_id: manifest.kb });
  const refusal = importRefusal(base);
  if (refusal !== undefined) throw refusal;
  await requireSound(tx, arrived);
  const created = createdBy(the, arrived);
  const version = versionOf(arrived, created.event.id);
  await store(tx, arrived, version);
  const moved = await point(the, tx, arrived, version);
  const outcome = {
    knowledge_base_id: version.base,
    knowledge_base_version: version.id,
    generation: 1,
    version_seq: version.seq,
    entries: version.entries,
    bytes: version.bytes,
  };
  return { outcome, status: 201, records: [created, moved] };
};
