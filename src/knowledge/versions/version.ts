// A version of a base as it is kept: what it was made from, its content, and the manifest whose content id is its name. Pure.
import type { Cid } from '../../protocol/cid.ts';
import type { BaseId, ContributionId, PrincipalId } from '../../protocol/knowledge/ids.ts';

export interface VersionRecord {
  readonly id: Cid;
  readonly base: BaseId;
  readonly seq: number;
  readonly parent: Cid | null;
  /** The root of the tree. */
  readonly content: Cid;
  readonly entries: number;
  readonly bytes: number;
  /** The block. */
  readonly manifest: Uint8Array;
  /** Envelope over the manifest. */
  readonly signature: string;
  readonly contribution: ContributionId;
  readonly proposer: PrincipalId;
  readonly createdAt: Date;
  /** The event that created it. */
  readonly eventId: string;
}
