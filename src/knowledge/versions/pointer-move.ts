// A move of a base's pointer: what it made current, and whose decision it was. Pure.
import type { Cid } from '../../protocol/cid.ts';
import type { Actor, PointerReason } from '../../protocol/knowledge/event.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';

export interface PointerMove {
  readonly base: BaseId;
  /** The one that the move made: 1 for the first. */
  readonly generation: number;
  readonly from: Cid | null;
  readonly to: Cid;
  readonly reason: PointerReason;
  /** The event of the move that this one takes back. */
  readonly rollbackOf: string | null;
  /** What its author wrote; never in an event. */
  readonly justification: string | null;
  readonly actor: Actor;
  readonly at: Date;
  readonly eventId: string;
}
