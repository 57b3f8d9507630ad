// Bases as rows have them, and back. Pure.
import type { Cid } from '../../protocol/cid.ts';
import type { BaseId, WorkforceId } from '../../protocol/knowledge/ids.ts';
import type { ContributionPolicy } from '../../protocol/knowledge/policy.ts';
import type { BaseRecord, Registration, Sensitivity } from './base.ts';

export interface BaseRow {
  readonly id: BaseId;
  readonly workforce: WorkforceId;
  readonly registration: Registration;
  readonly sensitivity: Sensitivity;
  readonly policy: ContributionPolicy;
  readonly policy_version: number;
  readonly paused: boolean;
  readonly reads: boolean;
  readonly held: boolean;
  readonly generation: number;
  readonly current: Cid | null;
  readonly pointer_event: string | null;
  readonly last_seq: number;
  readonly registered_at: Date;
  readonly event_id: string;
}

export const toBase = ({
  policy_version,
  pointer_event,
  last_seq,
  registered_at,
  event_id,
  ...row
}: BaseRow): BaseRecord => ({
  ...row,
  policyVersion: policy_version,
  pointerEvent: pointer_event,
  lastSeq: last_seq,
  registeredAt: registered_at,
  eventId: event_id,
});
