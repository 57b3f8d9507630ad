// A fact we recorded: the exact shape and bytes of a log leaf, open or sealed. Pure.
import { encodeBase64, encodeHex } from '../../keys/bytes.ts';
import { canonicalBytes, type JsonObject, parseCanonical } from '../../keys/canonical.ts';
import { sha256 } from '../../keys/hash.ts';
import { KNOWLEDGE_EVENT_KINDS } from './knowledge/event-kinds.ts';

/** The catalogue of event kinds; each stands for one state change and is named after what happened. */
export const EVENT_KINDS = [
  'root.published',
  'key.delegated',
  'key.revoked',
  'key.rotated',
  'account.created',
  'token.created',
  'token.revoked',
  'namespace.claimed',
  'namespace.offered',
  'namespace.unoffered',
  'namespace.transferred',
  'namespace.proved',
  'namespace.held',
  'namespace.released',
  'pack.published',
  'pack.yanked',
  'pack.unyanked',
  'pack.deprecated',
  'pack.undeprecated',
  'pack.unpublished',
  'mirror.ingested',
  'upstream.added',
  'upstream.removed',
  'advisory.published',
  'advisory.changed',
  'advisory.withdrawn',
  'workforce.registered',
  'role.declared',
  'principal.registered',
  'principal.reassigned',
  'principal.keyed',
  'principal.ended',
  'binding.granted',
  'binding.revoked',
  ...KNOWLEDGE_EVENT_KINDS,
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** Kinds that enter the log only as a commitment: how a registry is staffed, and what is known, is not for everybody. */
const ALWAYS_SEALED: ReadonlySet<EventKind> = new Set([
  'account.created',
  'token.created',
  'token.revoked',
  'workforce.registered',
  'role.declared',
  'principal.registered',
  'principal.reassigned',
  'principal.keyed',
  'principal.ended',
  'binding.granted',
  'binding.revoked',
  ...KNOWLEDGE_EVENT_KINDS,
]);

/** An entry of a C2SP tlog-tiles bundle is prefixed with a 16-bit length. */
export const MAX_LEAF_BYTES = 65_535;

export interface EventFacts {
  readonly kind: EventKind;
  /** Who did it: `account:<name>`, `registry`, or `mirror:<host>` for what follows from another registry. */
  readonly actor: string;
  /** What it happened to: `pack:<name>@<version>`, `namespace:<ns>`, `key:<id>` … */
  readonly subject: string;
  readonly data: JsonObject;
  /** True where the public must not learn of it, e.g. a private pack. */
  readonly sealed?: boolean;
  /** The event that led to this one; null or absent where nothing recorded did. */
  readonly causationId?: string | null;
  /** The host that recorded the cause; only where that is another one (RFC 0040). */
  readonly causationHostId?: string;
  /** The trace it belongs to (W3C Trace Context). */
  readonly traceparent?: string;
}

export interface RecordedEvent {
  readonly id: string;
  readonly kind: EventKind;
  readonly subject: string;
  readonly at: Date;
  /** The canonical bytes that the log hashes. */
  readonly leaf: Uint8Array;
  /** The canonical full event behind a sealed leaf. */
  readonly sealed: Uint8Array | null;
}

/** Members that say nothing are left out, so that no reader of older events has to know them. */
const traceOf = ({ causationHostId, traceparent }: EventFacts): JsonObject => ({
  ...(causationHostId === undefined ? {} : { causationHostId }),
  ...(traceparent === undefined ? {} : { traceparent }),
});

const fullEvent = (id: string, at: Date, facts: EventFacts): JsonObject => ({
  v: 1,
  id,
  kind: facts.kind,
  at: at.toISOString(),
  actor: facts.actor,
  subject: facts.subject,
  data: facts.data,
  causationId: facts.causationId ?? null,
  ...traceOf(facts),
});

/** What the log holds instead of an event that the public must not read: a salted commitment to it. */
const commitmentTo = (id: string, sealed: Uint8Array): Uint8Array =>
  canonicalBytes({ v: 1, id, kind: 'sealed', commitment: encodeHex(sha256(sealed)) });

/**
 * Makes the record of one state change.
 * @param nonce 32 random bytes, so that a commitment cannot be guessed from what is known of the event.
 * @throws RangeError when the leaf would not fit a log entry.
 */
export const recordEvent = (id: string, at: Date, nonce: Uint8Array, facts: EventFacts): RecordedEvent => {
  const open = fullEvent(id, at, facts);
  const isSealed = facts.sealed === true || ALWAYS_SEALED.has(facts.kind);
  const sealed = isSealed ? canonicalBytes({ ...open, nonce: encodeBase64(nonce) }) : null;
  const leaf = sealed === null ? canonicalBytes(open) : commitmentTo(id, sealed);
  if (leaf.length > MAX_LEAF_BYTES) throw new RangeError(`event ${facts.kind} does not fit a log entry`);
  return { id, kind: facts.kind, subject: facts.subject, at, leaf, sealed };
};

/** A full event as it was read, with the leaf that it stands for in the log. */
export interface OpenedEvent {
  readonly event: JsonObject;
  readonly leaf: Uint8Array;
}

/**
 * Reads the canonical bytes of a full event, open or from behind a commitment. Says nothing about whether a log holds it.
 * @throws KeyError `json_not_canonical`, `json_value`, `json_too_deep`; RangeError where it is no event
 */
export const openEvent = (bytes: Uint8Array): OpenedEvent => {
  const event = parseCanonical(bytes);
  if (typeof event !== 'object' || event === null || Array.isArray(event)) throw new RangeError('no event');
  const { id, nonce } = event as JsonObject;
  if (typeof id !== 'string') throw new RangeError('an event without an id');
  return { event: event as JsonObject, leaf: nonce === undefined ? bytes : commitmentTo(id, bytes) };
};
