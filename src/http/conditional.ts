// Reads If-None-Match, Range and If-Range as RFC 9110 §13 and §14 define them. Pure.

/** First and last byte, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const opaque = (tag: string): string => tag.trim().replace(/^W\//, '');

/** Weak comparison, as If-None-Match asks for (§13.1.2). */
export const isNotModified = (ifNoneMatch: string, etag: string): boolean =>
  ifNoneMatch.trim() === '*' || ifNoneMatch.split(',').some((tag) => opaque(tag) === etag);

const SINGLE_RANGE = /^bytes=(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))$/;

/**
 * The one range to send; `undefined` = send everything: several ranges, other units and malformed values may be
 * ignored (§14.2), and so is a range whose If-Range names other bytes.
 */
export const requestedRange = (
  range: string,
  ifRange: string | undefined,
  etag: string,
  size: number,
): ByteRange | 'unsatisfiable' | undefined => {
  if (ifRange !== undefined && ifRange.trim() !== etag) return undefined;
  const [, first, last, suffix] = SINGLE_RANGE.exec(range.trim()) ?? [];
  if (suffix !== undefined) return lastBytes(Number(suffix), size);
  if (first === undefined) return undefined;
  const start = Number(first);
  const end = last === undefined || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== undefined && last !== '' && Number(last) < start) return undefined;
  return start >= size ? 'unsatisfiable' : { start, end };
};

const lastBytes = (count: number, size: number): ByteRange | 'unsatisfiable' =>
  count === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - count), end: size - 1 };
