// Makes the bytes of a version exist and the version true: the last steps of a publish, and the only ones that stay.
import type { BlobStore } from '../../../storage/blob-store.ts';
import { integrityOf, sameDigest } from '../../../storage/digest.ts';
import { blobKey } from '../../../storage/object-keys.ts';
import type { Staged } from '../../../storage/staging.ts';
import { actorOf, type Principal } from '../../access/principal.ts';
import type { Sql } from '../../database/connect.ts';
import type { RecordedEvent } from '../../protocol/event.ts';
import { type Fault, fault } from '../../protocol/faults.ts';
import { namespaceOf } from '../../protocol/pack-id.ts';
import type { MakeEvent } from '../../transparency/append.ts';
import type { ProvableEvent } from '../../transparency/receipts.ts';
import { type UnpublishNote, unpublishedDetails } from '../lifecycle/unpublish-note.ts';
import type { YankNote } from '../lifecycle/yank-note.ts';
import { holderOf } from '../pack-store.ts';
import { isPrivate } from '../policy.ts';
import type { ListedVersion, VersionRecord } from '../version-record.ts';
import { adviceFrom, type WarningOf } from './advised.ts';
import { type Advice, type InsertOutcome, NO_ADVICE } from './insert-store.ts';

export interface CommitDeps {
  readonly sql: Sql;
  readonly blobs: BlobStore;
  readonly makeEvent: MakeEvent;
  readonly insertVersion: (
    record: VersionRecord,
    event: RecordedEvent,
    tokenId: string,
    sweepSeen: number,
    advice?: Advice,
  ) => Promise<InsertOutcome>;
  readonly warningOf: WarningOf;
  readonly reissueWithdrawals: () => Promise<void>;
  /** Makes the new version visible to readers of every process. */
  readonly announce: (subject: string) => void;
}

/** What an answer tells of a version, whether it was there before or not. */
export type PublishedRecord = Pick<
  VersionRecord,
  'name' | 'version' | 'tree' | 'digest' | 'publishedAt' | 'keyId' | 'warnings'
>;

/** A fact in the database; its event may still wait for its seal. */
export interface Recorded {
  readonly record: PublishedRecord;
  readonly created: boolean;
  /** Whether it has a release statement: a version keeps what it was published with. */
  readonly stated: boolean;
  /** The event that published it, or its id where that was before. */
  readonly event: ProvableEvent | string;
  /** Why it was yanked at once: an advisory in force names it. */
  readonly yanked?: YankNote;
}

/**
 * The same bytes again are no news; other bytes under a taken name are refused for ever, and so is whatever comes for a
 * version that was unpublished.
 */
export const alreadyPublished = (taken: ListedVersion, wanted: VersionRecord): Recorded => {
  if (taken.unpublished !== null) throw takenByTombstone(taken, taken.unpublished);
  const same =
    taken.name === wanted.name && taken.tree === wanted.tree && sameDigest(taken.digest, wanted.digest);
  if (same) return { record: taken, created: false, stated: taken.stated, event: taken.eventId };
  throw fault('conflict', {
    expected: integrityOf(taken.digest),
    found: integrityOf(wanted.digest),
    tree: taken.tree,
  });
};

const takenByTombstone = (taken: ListedVersion, note: UnpublishNote): Fault =>
  fault(
    'conflict',
    unpublishedDetails(taken, note),
    'This version was unpublished, and stays taken for ever: publish under another version.',
  );

const subjectOf = (record: VersionRecord): string => `pack:${record.name}@${record.version}`;

const publishedEvent = (record: VersionRecord, publisher: Principal) => ({
  kind: 'pack.published' as const,
  actor: actorOf(publisher),
  subject: subjectOf(record),
  sealed: isPrivate(record.name),
  data: {
    name: record.name,
    version: record.version,
    tree: record.tree,
    sha256: record.digest,
    size: record.size,
    keyId: record.keyId,
    signature: record.signature === null ? null : Buffer.from(record.signature).toString('base64'),
  },
});

const CHANGES_BORNE = 8;

/**
 * The bytes may have lain there as garbage, which a sweep takes away until they are named: then they are put again. An
 * advisory may have come meanwhile that names the version: then it is asked again what they say of it.
 */
export const commitVersion = async (
  the: CommitDeps,
  staged: Staged,
  record: VersionRecord,
  publisher: Principal,
): Promise<Recorded> => {
  let [sweep, advice] = [0, NO_ADVICE];
  for (let tries = 0; tries < CHANGES_BORNE; tries += 1) {
    await staged.promote(the.blobs, blobKey(staged.digest));
    const recorded = await commit(the, record, publisher, sweep, advice);
    if ('record' in recorded) return recorded;
    if ('swept' in recorded) sweep = recorded.swept;
    else advice = adviceFrom(the.makeEvent, record, publisher, await the.warningOf(record, publisher));
  }
  throw new Error('the bytes of a tarball were swept away, or its pack was advised about, again and again');
};

const commit = async (
  the: CommitDeps,
  record: VersionRecord,
  publisher: Principal,
  sweepSeen: number,
  advice: Advice,
): Promise<Recorded | { readonly swept: number } | { readonly advised: number }> => {
  // The point of no return is this one statement: before it a crash leaves only a blob for the sweep, after it the
  // version is there with its event, and everything served is made from these rows.
  const event = the.makeEvent(publishedEvent(record, publisher));
  const outcome = await the.insertVersion(record, event, publisher.tokenId, sweepSeen, advice);
  if (typeof outcome === 'object') return outcome;
  if (outcome === 'token_ended')
    throw fault('key_revoked', {}, 'This token ended while the upload was under way.');
  if (outcome === 'key_ended') throw keyRevokedMeanwhile(record);
  if (outcome === 'namespace_closed') throw changedHands(record);
  if (outcome === 'taken') return lostTheRace(the, record);
  the.announce(subjectOf(record));
  const created = { record, created: true, stated: record.statement !== null, event };
  if (advice.yank === null) return created;
  await the.reissueWithdrawals();
  return { ...created, yanked: advice.yank.note };
};

const changedHands = ({ name, keyId }: VersionRecord): Fault =>
  fault(
    'pack_namespace_unauthorized',
    { namespace: namespaceOf(name), keyId },
    `The namespace ${namespaceOf(name)} changed hands: its holder publishes there now, with keys of his own.`,
  );

const keyRevokedMeanwhile = ({ keyId }: VersionRecord): Fault =>
  fault(
    'signature_invalid',
    { brokenLink: 'key_revoked', keyId },
    `The key ${keyId} may not sign new versions.`,
  );

const lostTheRace = async (the: CommitDeps, record: VersionRecord): Promise<Recorded> => {
  const winner = await holderOf(the.sql, record.name, record.version);
  if (winner === undefined) throw new Error('a version was refused as taken, and is not there');
  return alreadyPublished(winner, record);
};
