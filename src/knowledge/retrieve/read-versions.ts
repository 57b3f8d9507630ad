// Versions as their readers see them: the manifest, the signature over it, and the proof that the log has it.

import type { Acting } from '../../access/workforces/acting.ts';
import type { Queryable } from '../../database/connect.ts';
import { fault } from '../../protocol/faults.ts';
import type { BaseId, Selector } from '../../protocol/knowledge/ids.ts';
import { decodeVersion } from '../../protocol/knowledge/version.ts';
import type { Authorise } from '../bases/authorise.ts';
import { requireReads } from '../bases/base.ts';
import type { VersionRecord } from '../versions/version.ts';
import { findVersion, versionsBelow } from '../versions/version-store.ts';
import { versionFor } from './retrieve.ts';

export interface ReadVersionsDeps {
  readonly db: Queryable;
  readonly authorise: Authorise;
  /** Of an event, open to whoever may see it; `late` until it is sealed. */
  readonly findProof: (eventId: string, open: boolean) => Promise<string | 'late'>;
}

/** The members of a manifest, as bodies spell them. */
export const manifestView = ({ id, manifest }: Pick<VersionRecord, 'id' | 'manifest'>) => {
  const { policyVersion, createdAt, ...members } = decodeVersion(manifest);
  return { knowledge_base_version: id, ...members, policy_version: policyVersion, created_at: createdAt };
};

/** The proof that the log has the event that made a version; null until it is sealed. */
export const proofOfVersion = async (
  { findProof }: Pick<ReadVersionsDeps, 'findProof'>,
  { eventId }: Pick<VersionRecord, 'eventId'>,
): Promise<string | null> => {
  const proof = await findProof(eventId, true);
  return proof === 'late' ? null : proof;
};

/** Newest first. @throws Fault knowledge_base_not_found, authority_denied, knowledge_base_paused */
export const listVersions =
  (the: ReadVersionsDeps) => async (by: Acting, base: BaseId, below: number, limit: number) => {
    const found = await the.authorise(by, { base, operation: 'retrieve', verb: 'list' });
    requireReads(base, found.base);
    const rows = await versionsBelow(the.db, base, below, limit + 1);
    const page = rows.slice(0, limit);
    const next = rows.length > limit ? (page.at(-1)?.seq ?? null) : null;
    return { versions: page.map(manifestView), next };
  };

/** @throws Fault version_not_found, and as `listVersions` */
export const readVersion =
  (the: ReadVersionsDeps) => async (by: Acting, base: BaseId, selector: Selector) => {
    await the.authorise(by, { base, operation: 'retrieve', verb: 'get', selector });
    const { id } = await versionFor(the.db, base, selector);
    const version = await findVersion(the.db, base, id);
    if (version === undefined) throw fault('version_not_found', { knowledge_base_id: base, version: id });
    return { version, proof: await proofOfVersion(the, version) };
  };
