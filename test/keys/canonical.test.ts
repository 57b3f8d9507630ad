// Equal values have one spelling, and no other spelling is read.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../keys/bytes.ts';
import { canonicalBytes, canonicalText, MAX_JSON_DEPTH, parseCanonical } from '../../keys/canonical.ts';
import { refusalOf, vectors } from './trust-world.ts';

interface Jcs {
  readonly texts: { readonly name: string; readonly input: string; readonly canonical: string }[];
  readonly numbers: { readonly ieee754: string; readonly canonical: string }[];
  readonly refusedNumbers: string[];
}
const jcs = vectors<Jcs>('jcs');
const double = (hex: string): number => Buffer.from(hex, 'hex').readDoubleBE();
const nested = (depth: number): unknown => {
  let value: unknown = null;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
};

describe('the vectors of RFC 8785', () => {
  it.each(jcs.texts)('$name', ({ input, canonical }) => {
    expect(canonicalText(JSON.parse(input))).toBe(canonical);
    expect(parseCanonical(utf8(canonical))).toEqual(JSON.parse(input));
  });
  it.each(jcs.numbers)('the number $ieee754 is $canonical', ({ ieee754, canonical }) => {
    expect(canonicalText(double(ieee754))).toBe(canonical);
  });
  it.each(jcs.refusedNumbers)('the number %s is refused', (ieee754) => {
    expect(refusalOf(() => canonicalText(double(ieee754))).code).toBe('json_value');
  });
});

describe('writing', () => {
  it('gives back any JSON value, whatever the order of its members', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const text = canonicalText(value);
        expect(canonicalText(JSON.parse(text))).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('takes objects without a prototype, and a member called __proto__', () => {
    const value: unknown = Object.assign(Object.create(null), { b: 1, a: [] });
    expect(canonicalText(value)).toBe('{"a":[],"b":1}');
    expect(canonicalText(JSON.parse('{"__proto__":1}'))).toBe('{"__proto__":1}');
  });

  it.each([
    ['undefined', undefined],
    ['an undefined member', { a: undefined }],
    ['a hole in a list', new Array(1)],
    ['a function', () => 1],
    ['a bigint', 1n],
    ['a symbol as a name', { [Symbol('a')]: 1 }],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['bytes', new Uint8Array(1)],
    ['a boxed number', Object(1)],
    ['a lone surrogate', '\ud800'],
    ['a lone surrogate in a name', { '\udc00': 1 }],
  ])('refuses %s', (_, value) => {
    expect(refusalOf(() => canonicalText(value)).code).toBe('json_value');
  });

  it('refuses a cycle and 100,000 levels without exhausting the stack', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(refusalOf(() => canonicalText(cycle)).code).toBe('json_too_deep');
    expect(refusalOf(() => canonicalText(nested(100_000))).code).toBe('json_too_deep');
    expect(canonicalText(nested(MAX_JSON_DEPTH))).toHaveLength(2 * MAX_JSON_DEPTH + 4);
  });
});

describe('reading', () => {
  it.each([
    ['a name given twice', '{"a":1,"a":2}'],
    ['the same name twice by an escape', '{"a":1,"\\u0061":1}'],
    ['members out of order', '{"b":1,"a":2}'],
    ['blanks', '{"a": 1}'],
    ['a final newline', '{}\n'],
    ['a byte order mark', '\ufeff{}'],
    ['another form of a number', '[1.0]'],
    ['minus zero', '[-0]'],
    ['an integer that a double cannot hold', '[9007199254740993]'],
    ['a number that overflows', '[1e999]'],
    ['an escape that is not needed', '["\\u0061"]'],
    ['an escape that is not needed in a name', '{"\\u0061":1}'],
    ['an escape in capitals', '["\\u000B"]'],
    ['an escape where a shorter one stands', '["\\u000a"]'],
    ['an escaped solidus', '["\\/"]'],
    ['an escaped pair of surrogates', '["\\ud83d\\ude00"]'],
    ['an escaped lone surrogate', '["\\ud800"]'],
    ['an escaped lone surrogate in a name', '{"\\udc00":1}'],
    ['names of digits in the order of numbers', '{"9":1,"10":1}'],
    ['members out of order deep inside', '{"a":[{"c":1,"b":2}]}'],
    ['text that is no JSON', 'nonsense'],
    ['nothing', ''],
  ])('refuses %s', (_, text) => {
    expect(refusalOf(() => parseCanonical(utf8(text))).code).toMatch(/^json_(not_canonical|value)$/);
  });

  it('refuses bytes that are no UTF-8', () => {
    expect(refusalOf(() => parseCanonical(Uint8Array.of(0x22, 0xff, 0x22))).code).toBe('json_not_canonical');
  });

  it('refuses 100,000 levels without exhausting the stack', () => {
    const bomb = utf8('['.repeat(100_000) + ']'.repeat(100_000));
    expect(refusalOf(() => parseCanonical(bomb)).code).toBe('json_too_deep');
  });

  it('takes every character as it stands but quotes, backslashes and control characters', () => {
    const units = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit));
    for (const unit of units.filter((each) => !/\p{Surrogate}/u.test(each))) {
      expect(canonicalText(unit)).toBe(JSON.stringify(unit));
      expect(canonicalText({ [`a${unit}z`]: 1 })).toBe(`{${JSON.stringify(`a${unit}z`)}:1}`);
    }
    expect(canonicalText('\u{1f600}')).toBe('"\u{1f600}"');
  });

  it('reads whatever was written', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const bytes = canonicalBytes(value);
        expect(canonicalBytes(parseCanonical(bytes))).toEqual(bytes);
      }),
    );
  });
});
