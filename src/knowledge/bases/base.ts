// A knowledge base as it is registered, and how it stands. Pure.

import type { Cid } from '../../protocol/cid.ts';
import { fault } from '../../protocol/faults.ts';
import type { BaseId, PrincipalId, WorkforceId } from '../../protocol/knowledge/ids.ts';
import type { ContributionPolicy } from '../../protocol/knowledge/policy.ts';

export const SENSITIVITIES = ['public', 'internal', 'confidential', 'restricted'] as const;
/** How far content may go, the least restricted first. */
export type Sensitivity = (typeof SENSITIVITIES)[number];

export interface DataManifest {
  /** Where the content comes from, and what for. */
  readonly sources: readonly { readonly uri: string; readonly purpose: string }[];
  readonly sensitivity: Sensitivity;
  /** ISO 3166 country codes, or null where content may lie anywhere. */
  readonly residency: readonly string[] | null;
  /** The policy's mode at registration. */
  readonly approval_model: ContributionPolicy['mode'];
}

export interface Retention {
  /** Counted from the creation of each version. */
  readonly min_days: number;
  readonly min_versions: number;
  readonly legal_hold: boolean;
}

/** What the owner says of a base; all of it is what people wrote, and none of it is in events. */
export interface Registration {
  readonly title: string;
  readonly purpose: string;
  readonly steward: PrincipalId;
  readonly data_manifest: DataManifest;
  readonly retention: Retention;
}

export interface BaseRecord {
  readonly id: BaseId;
  readonly workforce: WorkforceId;
  readonly registration: Registration;
  readonly sensitivity: Sensitivity;
  readonly policy: ContributionPolicy;
  readonly policyVersion: number;
  readonly paused: boolean;
  /** Whether it may be read while it is paused. */
  readonly reads: boolean;
  readonly held: boolean;
  /** Of the pointer: one more with each move, 0 before the first. */
  readonly generation: number;
  readonly current: Cid | null;
  /** The event that moved the pointer last. */
  readonly pointerEvent: string | null;
  /** Of the newest version; 0 where there is none. */
  readonly lastSeq: number;
  readonly registeredAt: Date;
  readonly eventId: string;
}

/** What only humans accept, because of how far it may go. */
export const isSensitive = (sensitivity: Sensitivity): boolean =>
  sensitivity !== 'public' && sensitivity !== 'internal';

/** @throws Fault knowledge_base_paused where a base is paused for reads too */
export const requireReads = (base: BaseId, { paused, reads }: Pick<BaseRecord, 'paused' | 'reads'>): void => {
  if (paused && !reads) throw fault('knowledge_base_paused', { knowledge_base_id: base, reads });
};
