// An acceptance on its way: who decides, on what, and what would come of it.

import type { Tx } from '../../database/connect.ts';
import type { NamedDigest } from '../../protocol/knowledge/changes.ts';
import type { Actor } from '../../protocol/knowledge/event.ts';
import type { ContributionId, RoleId, WorkforceId } from '../../protocol/knowledge/ids.ts';
import type { ContributionPolicy } from '../../protocol/knowledge/policy.ts';
import type { BaseRecord } from '../bases/base.ts';
import type { ActOutcome } from '../contributions/act.ts';
import type { ContributionRecord, Judgements, RevisionRecord } from '../contributions/contribution.ts';
import type { Decider } from '../review/gates.ts';
import type { Ground } from '../versions/apply.ts';
import type { NextVersion } from './next-version.ts';

/** Who decides, and how his events tell of him. */
export interface Deciding {
  readonly decider: Decider;
  readonly workforce: WorkforceId;
  readonly role: RoleId | null;
  readonly clauses: readonly string[];
  readonly traceparent: string | undefined;
  /** The text of his signed decision's envelope; null where there is none. */
  readonly signature: string | null;
  readonly reasonCode: string | null;
  /** Asked inside the transaction, before anything is written. */
  readonly requireInForce: (tx: Tx) => Promise<void>;
}

export interface Acceptance {
  readonly id: ContributionId;
  /** Of the revision that was looked at. */
  readonly digest: NamedDigest;
  /** Whether the version is made and the pointer stays. */
  readonly shadow: boolean;
  readonly deciding: Deciding;
}

/** Everything that a decision follows from, read before it is made. */
export interface Deliberation {
  readonly base: BaseRecord;
  readonly contribution: ContributionRecord;
  readonly revision: RevisionRecord;
  readonly judgements: Judgements;
  readonly policy: ContributionPolicy;
  /** The current version. */
  readonly ground: Ground;
  readonly newest: Ground;
  /** The version that the revision was made from, before anything moved it. */
  readonly madeFrom: Ground;
  /** The contribution before it was moved onto the current version; null where it stood there. */
  readonly rebasedFrom: ContributionRecord | null;
}

/** What is ready to be committed, if nothing comes in between. */
export interface Prepared extends Deliberation {
  readonly next: NextVersion;
}

export type AcceptedOutcome = ActOutcome & {
  readonly knowledge_base_version: string;
  readonly version_seq: number;
  /** Of the pointer; null where it stayed. */
  readonly generation: number | null;
};

/** Something that the decision was made from is no longer so; it may be made again. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/** The same for all events of one act. */
export const contextBy = (
  { decider, workforce, role, clauses, traceparent }: Deciding,
  causationId: string,
) => ({
  workforce,
  actor: decider.id satisfies Actor,
  role,
  clauses,
  causationId,
  traceparent,
});
