// An acceptance on its way: who decides, on what, and what would come of it.

import type { Acting } from '../../access/workforces/acting.ts';
import type { NamedDigest } from '../../protocol/knowledge/changes.ts';
import type { Actor } from '../../protocol/knowledge/event.ts';
import type { ContributionId, RoleId, WorkforceId } from '../../protocol/knowledge/ids.ts';
import type { ContributionPolicy } from '../../protocol/knowledge/policy.ts';
import type { KnowledgePath } from '../../protocol/knowledge-path.ts';
import type { BaseRecord } from '../bases/base.ts';
import type { ActOutcome } from '../contributions/act.ts';
import type { ContributionRecord, Judgements, RevisionRecord } from '../contributions/contribution.ts';
import type { Repeatable } from '../events/record.ts';
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
  /** Whose standing is asked for once more in the transaction, before anything is written; null for the service itself. */
  readonly standing: Standing | null;
}

/** By which somebody decides. */
export interface Standing {
  readonly by: Acting;
  /** Null where none is needed. */
  readonly binding: string | null;
}

export interface Acceptance {
  readonly id: ContributionId;
  /** Of the revision that was looked at. */
  readonly digest: NamedDigest;
  /** Whether the version is made and the pointer stays. */
  readonly shadow: boolean;
  readonly deciding: Deciding;
}

/** Where a base stands: what the next version is made on. */
export interface Standpoint {
  readonly base: BaseRecord;
  /** The current version. */
  readonly ground: Ground;
  /** The one with the highest number. */
  readonly newest: Ground;
}

/** Everything that a decision follows from, read before it is made. */
export interface Deliberation extends Standpoint {
  readonly contribution: ContributionRecord;
  readonly revision: RevisionRecord;
  readonly judgements: Judgements;
  readonly policy: ContributionPolicy;
  /** Paths of the revision at which the base has something else by now than the version that it was made from. */
  readonly clashes: readonly KnowledgePath[];
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

/** Somebody's acceptance, as it waits. */
export interface Asked {
  readonly attempt: Repeatable;
  readonly acceptance: Acceptance;
  /** How often something came in between. */
  readonly tries: number;
  /** Whether it failed together with others, and goes without them now. */
  readonly alone: boolean;
}
