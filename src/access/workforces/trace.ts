// The trace that a request belongs to (W3C Trace Context, level 1): what it came with, and what goes on from here.
import { randomBytes } from 'node:crypto';

export interface Trace {
  /** 32 lower-case hex characters. */
  readonly traceId: string;
  /** Of our own span in it: `00-<trace>-<span>-<flags>`. */
  readonly traceparent: string;
}

const SPAN_BYTES = 8;
const TRACE_BYTES = 16;
// Versions above 00 may go on behind the flags (§3.2.2); ff is none.
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?$/;

const spanOf = (traceId: string, flags: string): Trace => ({
  traceId,
  traceparent: `00-${traceId}-${randomBytes(SPAN_BYTES).toString('hex')}-${flags}`,
});

/** Our own span within the trace of a header; undefined where the header is none. */
export const readTrace = (traceparent: string): Trace | undefined => {
  const [, version, traceId, flags, more] = TRACEPARENT.exec(traceparent) ?? [];
  if (traceId === undefined || flags === undefined || (version === '00' && more !== undefined))
    return undefined;
  return spanOf(traceId, flags);
};

export const newTrace = (): Trace => spanOf(randomBytes(TRACE_BYTES).toString('hex'), '01');
