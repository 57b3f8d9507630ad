// Ranges and entity tags as RFC 9110 reads them.
import { describe, expect, it } from 'vitest';
import { isNotModified, requestedRange } from '../../src/http/conditional.ts';

const TAG = '"sha256-abc="';

describe('If-None-Match (RFC 9110 §13.1.2)', () => {
  it.each([
    [TAG, true],
    [`W/${TAG}`, true],
    [`"other", ${TAG}`, true],
    ['*', true],
    ['"other"', false],
    ['sha256-abc=', false],
    ['', false],
  ])('%s → %s', (header, expected) => {
    expect(isNotModified(header, TAG)).toBe(expected);
  });
});

describe('Range (RFC 9110 §14)', () => {
  it.each([
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=2-5', { start: 2, end: 5 }],
    ['bytes=2-', { start: 2, end: 9 }],
    ['bytes=2-99', { start: 2, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-99', { start: 0, end: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-2', undefined],
    ['bytes=0-1,3-4', undefined],
    ['lines=0-1', undefined],
    ['bytes=a-b', undefined],
    [`bytes=${'9'.repeat(40)}-`, undefined],
  ])('%s of ten bytes', (header, expected) => {
    expect(requestedRange(header, undefined, TAG, 10)).toEqual(expected);
  });

  it('counts only for the bytes that If-Range names, and never for a weak tag', () => {
    expect(requestedRange('bytes=0-1', TAG, TAG, 10)).toEqual({ start: 0, end: 1 });
    expect(requestedRange('bytes=0-1', '"other"', TAG, 10)).toBeUndefined();
    expect(requestedRange('bytes=0-1', `W/${TAG}`, TAG, 10)).toBeUndefined();
  });

  it('of nothing is unsatisfiable', () => {
    expect(requestedRange('bytes=0-', undefined, TAG, 0)).toBe('unsatisfiable');
    expect(requestedRange('bytes=-1', undefined, TAG, 0)).toBe('unsatisfiable');
  });
});
