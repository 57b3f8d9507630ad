// How lists show an event about knowledge: what it tells, and where it stands in the log. Pure.
import { fromUtf8 } from '../../../keys/bytes.ts';
import type { JsonObject } from '../../../keys/canonical.ts';
import type { EventRow } from './event-view-store.ts';

/** The members of an event that lists look into. */
export interface OpenedEvent {
  readonly causationId: string | null;
  readonly causationHostId?: string;
  readonly data: {
    readonly role: string | null;
    readonly authority_clauses: readonly string[];
    readonly payload: JsonObject;
  };
}

/** @param bytes of an event about knowledge that this registry recorded */
export const openedEvent = (bytes: Uint8Array): OpenedEvent =>
  JSON.parse(fromUtf8(bytes) ?? '') as OpenedEvent;

export const eventBody = (row: EventRow) => {
  const { causationHostId, data } = openedEvent(row.opened);
  return {
    event_id: row.event_id,
    kind: row.kind,
    at: row.at,
    knowledge_base_id: row.base,
    contribution_id: row.contribution,
    actor: row.actor,
    role: data.role,
    authority_clauses: data.authority_clauses,
    causation_id: row.causation,
    ...(causationHostId === undefined ? {} : { causation_host_id: causationHostId }),
    trace_id: row.trace_id,
    position: row.position,
    payload: data.payload,
  };
};
