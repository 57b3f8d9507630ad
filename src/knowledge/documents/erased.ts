// The record of content that was erased from a base, and what whoever asks for it is told instead. Pure.
import type { Cid } from '../../protocol/cid.ts';
import { type Fault, fault } from '../../protocol/faults.ts';
import type { BaseId, PrincipalId } from '../../protocol/knowledge/ids.ts';

export interface ErasureRecord {
  readonly base: BaseId;
  /** The document. */
  readonly blob: Cid;
  readonly actor: PrincipalId;
  /** Who or what demanded it. */
  readonly authority: string;
  readonly reasonCode: string;
  readonly at: Date;
  readonly eventId: string;
  /** False while the bytes are still there: on their way out, or because another base or a pack has them too. */
  readonly destroyed: boolean;
}

/** The record without who did it, which those who read the log may see. */
export const erasureBody = ({ base, blob, authority, reasonCode, at, eventId }: ErasureRecord) => ({
  knowledge_base_id: base,
  document: blob,
  reason_code: reasonCode,
  authority,
  erased_at: at.toISOString(),
  event_id: eventId,
});

/** 410, with the record. */
export const erasedFault = (record: ErasureRecord): Fault => fault('content_erased', erasureBody(record));
