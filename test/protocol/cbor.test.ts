// Blocks of dag-cbor: the public vectors, one spelling for each value, and a reason for every refusal.
import * as dagCbor from '@ipld/dag-cbor';
import fc from 'fast-check';
import { CID } from 'multiformats/cid';
import { describe, expect, it } from 'vitest';
import { decodeBase64, decodeHex, encodeHex } from '../../keys/bytes.ts';
import {
  type CborLimits,
  type CborValue,
  cidOfLink,
  decodeCbor,
  encodeCbor,
  isLink,
  linkTo,
} from '../../src/protocol/cbor.ts';
import { cidOf, parseCid } from '../../src/protocol/cid.ts';
import { ContentError, type ContentErrorCode } from '../../src/protocol/content-errors.ts';
import { vectors } from '../keys/trust-world.ts';

interface CborVectors {
  readonly accepted: readonly { value: unknown; hex: string; cid: string }[];
  readonly refused: readonly { why: string; code: ContentErrorCode; hex: string }[];
}

const published = vectors<CborVectors>('dag-cbor');
const always = { numRuns: 500, seed: 20_260_601 };
const bytesOf = (hex: string): Uint8Array => decodeHex(hex) ?? new Uint8Array();

const refusedAs = (action: () => unknown): ContentErrorCode | undefined => {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof ContentError) return error.code;
    throw error;
  }
};

/** The value that a DAG-JSON text stands for, as the vectors spell bytes (unpadded base64) and links. */
const valueFrom = (json: unknown): CborValue => {
  if (Array.isArray(json)) return json.map(valueFrom);
  if (typeof json !== 'object' || json === null) return json as CborValue;
  const { $link, $bytes } = json as { $link?: string; $bytes?: string };
  if ($link !== undefined) return linkTo(parseCid($link));
  if ($bytes !== undefined) return decodeBase64($bytes + '='.repeat(-$bytes.length & 3)) ?? new Uint8Array();
  return Object.fromEntries(Object.entries(json).map(([name, member]) => [name, valueFrom(member)]));
};

describe('the published values', () => {
  it.each(published.accepted)('$cid', ({ value, hex, cid }) => {
    const bytes = encodeCbor(valueFrom(value));
    expect(encodeHex(bytes)).toBe(hex);
    expect(cidOf('dag-cbor', bytes)).toBe(cid);
    expect(decodeCbor(bytes)).toEqual(valueFrom(value));
  });
});

describe('bytes that are no block', () => {
  it.each(published.refused)('$why: $code', ({ code, hex }) => {
    expect(refusedAs(() => decodeCbor(bytesOf(hex)))).toBe(code);
  });

  it('are refused whatever they are; what is read is written back the same', () => {
    const answers = (bytes: Uint8Array) => {
      const code = refusedAs(() => expect(encodeCbor(decodeCbor(bytes))).toEqual(bytes));
      expect(code === undefined || /^(cbor|cid)_/.test(code)).toBe(true);
    };
    const heads = fc.constantFrom(
      0,
      0x17,
      0x18,
      0x40,
      0x41,
      0x61,
      0x80,
      0x81,
      0x82,
      0xa0,
      0xa1,
      0xd8,
      0x2a,
      0xf6,
      0xfb,
    );
    const likely = fc
      .array(fc.oneof(heads, fc.nat(255)), { maxLength: 40 })
      .map((list) => Uint8Array.from(list));
    fc.assert(fc.property(fc.oneof(likely, fc.uint8Array({ maxLength: 60 })), answers), {
      ...always,
      numRuns: 5_000,
    });
    const blocks = published.accepted.map(({ hex }) => bytesOf(hex));
    const altered = fc
      .tuple(fc.constantFrom(...blocks), fc.nat(), fc.nat(255))
      .map(([bytes, at, byte]) => bytes.with(at % bytes.length, byte));
    fc.assert(fc.property(altered, answers), { ...always, numRuns: 2_000 });
  });

  it('are refused beyond their bounds, before anything is made of them', () => {
    const deep = (depth: number) => Uint8Array.from([...Array(depth - 1).fill(0x81), 0x80]);
    expect(refusedAs(() => decodeCbor(deep(32)))).toBeUndefined();
    expect(refusedAs(() => decodeCbor(deep(33)))).toBe('cbor_too_deep');
    expect(refusedAs(() => decodeCbor(deep(1_000_000)))).toBe('cbor_too_deep');
    expect(refusedAs(() => decodeCbor(new Uint8Array(1_048_577)))).toBe('cbor_too_large');
    expect(refusedAs(() => decodeCbor(deep(3), { maxDepth: 2 }))).toBe('cbor_too_deep');
    expect(refusedAs(() => decodeCbor(deep(3), { maxBytes: 2 }))).toBe('cbor_too_large');
  });
});

const someText = fc.string({ unit: 'binary' }).filter((text) => !/\p{Surrogate}/u.test(text));
const { value: someValue } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger().map((number) => number + 0),
    someText,
    fc.uint8Array(),
    fc.uint8Array().map((content) => linkTo(cidOf('raw', content))),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(
      someText.filter((name) => name !== '/'),
      tie('value'),
      { maxKeys: 5, noNullPrototype: true },
    ),
  ),
}));

describe('a value', () => {
  it('comes back from its one spelling, which is that of everybody', () => {
    const comesBack = (value: CborValue) => {
      const bytes = encodeCbor(value);
      expect(encodeHex(bytes)).toBe(encodeHex(dagCbor.encode(value)));
      expect(decodeCbor(bytes)).toEqual(value);
    };
    fc.assert(fc.property(someValue, comesBack), always);
  });

  it('is written the same whatever the order of its members', () => {
    expect(encodeHex(encodeCbor({ bb: 1, a: 2, ab: 3 }))).toBe('a361610262616203626262' + '01');
    expect(encodeCbor({ ab: 3, bb: 1, a: 2 })).toEqual(encodeCbor({ bb: 1, a: 2, ab: 3 }));
  });

  it.each<[string, ContentErrorCode, unknown, CborLimits?]>([
    ['half a character', 'cbor_value', 'a\ud800'],
    ['half a character in a name', 'cbor_value', { '\udc00': 1 }],
    ['undefined', 'cbor_value', { a: undefined }],
    ['a hole', 'cbor_value', Array(1)],
    ['a big integer', 'cbor_value', 1n],
    ['a function', 'cbor_value', () => 1],
    ['a date', 'cbor_value', new Date(0)],
    ['a map', 'cbor_value', new Map()],
    ['a symbol as a name', 'cbor_value', { [Symbol('a')]: 1 }],
    ['what would be taken for a link', 'cbor_value', { '/': 'x', bytes: 'x' }],
    ['a fraction', 'cbor_float', 0.5],
    ['negative zero', 'cbor_float', -0],
    ['not a number', 'cbor_float', Number.NaN],
    ['an integer that is not safe', 'cbor_float', 2 ** 53],
    ['not a number among floats', 'cbor_value', Number.NaN, { floats: true }],
    ['negative zero among floats', 'cbor_value', -0, { floats: true }],
    ['infinity among floats', 'cbor_value', Number.POSITIVE_INFINITY, { floats: true }],
    ['lists too deep', 'cbor_too_deep', [[[]]], { maxDepth: 2 }],
    ['too many bytes', 'cbor_too_large', 'abc', { maxBytes: 3 }],
  ])('is refused where it holds %s: %s', (_, code, value, limits) => {
    expect(refusedAs(() => encodeCbor(value as CborValue, limits))).toBe(code);
  });

  it('that holds itself is too deep, not endless', () => {
    const list: unknown[] = [];
    list.push(list);
    expect(refusedAs(() => encodeCbor(list as CborValue))).toBe('cbor_too_deep');
  });

  it('may be a fraction where that is said', () => {
    const bytes = encodeCbor({ a: 0.5 }, { floats: true });
    expect(encodeHex(bytes)).toBe('a16161fb3fe0000000000000');
    expect(decodeCbor(bytes, { floats: true })).toEqual({ a: 0.5 });
    expect(refusedAs(() => decodeCbor(bytesOf('a16161f93800'), { floats: true }))).toBe('cbor_not_canonical');
  });

  it('is plain bytes, whatever the runtime has of its own', () => {
    const { a } = decodeCbor(Buffer.from(encodeCbor({ a: new Uint8Array(3) }))) as { a: Uint8Array };
    for (const bytes of [a, encodeCbor('x'.repeat(40)), encodeCbor(null)])
      expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
  });

  it('keeps a name that means something to JavaScript', () => {
    const value = JSON.parse('{"__proto__":1,"constructor":2}') as CborValue;
    expect(decodeCbor(encodeCbor(value))).toEqual(value);
  });
});

describe('a link', () => {
  it('is told from everything else and says what it links to', () => {
    const cid = cidOf('raw', new Uint8Array());
    expect(isLink(linkTo(cid))).toBe(true);
    expect(cidOfLink(linkTo(cid))).toBe(cid);
    for (const other of [null, cid, {}, { '/': cid }, new Uint8Array()]) expect(isLink(other)).toBe(false);
  });

  it('of another kind is not written', () => {
    const other = CID.parse('QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n');
    expect(refusedAs(() => encodeCbor({ a: other }))).toBe('cid_version');
  });
});
