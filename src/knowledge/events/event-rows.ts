// Events as statements take them in. Pure.
import { encodeBase64 as base64 } from '../../../keys/bytes.ts';
import type { KnowledgeRecord } from './events.ts';

/** As the statements read them: one text costs driver and server far less than many parameters do. */
export const rowOfRecord = ({ event, ...found }: KnowledgeRecord) => ({
  event_id: event.id,
  event_kind: event.kind,
  subject: event.subject,
  at: event.at,
  leaf: base64(event.leaf),
  sealed: event.sealed === null ? null : base64(event.sealed),
  base: found.base,
  contribution: found.contribution,
  actor: found.actor,
  trace_id: found.traceId,
  causation: found.causation,
});
