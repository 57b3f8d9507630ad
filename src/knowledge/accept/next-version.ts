// The version that a contribution would become: its manifest, signed, and everything that is stored beside it.

import type { Cid } from '../../protocol/cid.ts';
import { encodeVersion, type VersionManifest, versionCid } from '../../protocol/knowledge/version.ts';
import { KNOWLEDGE_TREE } from '../../protocol/merkle-tree/profile.ts';
import type { BaseRecord } from '../bases/base.ts';
import type { ContributionRecord, RevisionRecord } from '../contributions/contribution.ts';
import { type Applied, type ApplyDeps, applyChanges, type Ground, indexChanges } from '../versions/apply.ts';
import type { ListedEntry } from '../versions/entry-store.ts';
import type { EntryChange } from '../versions/row-texts.ts';
import type { SignVersion } from '../versions/sign-version.ts';
import type { VersionRecord } from '../versions/version.ts';

export interface NextVersionDeps extends ApplyDeps {
  readonly now: () => Date;
  readonly signVersion: SignVersion;
}

export interface NextVersion {
  /** All of it but the event that creates it. */
  readonly version: Omit<VersionRecord, 'eventId'>;
  readonly applied: Applied;
  /** What the index learns on top of the newest version. */
  readonly index: readonly EntryChange[];
}

const manifestOf = (
  base: BaseRecord,
  { id, proposer }: ContributionRecord,
  { content, entries, bytes }: Applied,
  createdAt: Date,
): VersionManifest => ({
  v: 1,
  kb: base.id,
  seq: base.lastSeq + 1,
  parent: base.current,
  content,
  profile: KNOWLEDGE_TREE.name,
  entries,
  bytes,
  policyVersion: base.policyVersion,
  contribution: id,
  proposer,
  createdAt: createdAt.toISOString(),
});

/**
 * @param ground the version that is current
 * @param newest the one with the highest number, which after a rollback is another
 * @param around what stands in the ground at the paths that are changed
 * @throws Fault contribution_invalid, no_change; unavailable where nobody can sign for the authority
 */
export const nextVersion = async (
  the: NextVersionDeps,
  base: BaseRecord,
  ground: Ground,
  newest: Ground,
  contribution: ContributionRecord,
  { changes }: RevisionRecord,
  around: readonly ListedEntry[],
): Promise<NextVersion> => {
  const applied = await applyChanges(the, ground, changes, around);
  const index = await indexChanges(the, newest, ground, applied);
  const createdAt = the.now();
  const manifest = manifestOf(base, contribution, applied, createdAt);
  const block = encodeVersion(manifest);
  const signature = await the.signVersion(base.id, block);
  const { seq, parent, content, entries, bytes, proposer } = manifest;
  const id: Cid = versionCid(block);
  const stored = { id, base: base.id, seq, parent, content, entries, bytes, manifest: block, signature };
  return { version: { ...stored, contribution: contribution.id, proposer, createdAt }, applied, index };
};
