// Content ids: one id, one spelling, and nothing but CIDv1 by SHA-256 of raw bytes or dag-cbor.
import fc from 'fast-check';
import { base32 } from 'multiformats/bases/base32';
import { base58btc } from 'multiformats/bases/base58';
import { CID } from 'multiformats/cid';
import { create } from 'multiformats/hashes/digest';
import { describe, expect, it } from 'vitest';
import { concatBytes, utf8 } from '../../keys/bytes.ts';
import { sha256 } from '../../keys/hash.ts';
import {
  type Codec,
  cidBytes,
  cidFromBytes,
  cidOf,
  cidOfDigest,
  codecOf,
  digestOfCid,
  parseCid,
} from '../../src/protocol/cid.ts';
import { ContentError, type ContentErrorCode } from '../../src/protocol/content-errors.ts';

const always = { numRuns: 500, seed: 20_260_601 };

const refusedAs = (action: () => unknown): ContentErrorCode | undefined => {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof ContentError) return error.code;
    throw error;
  }
};

const EMPTY_RAW = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku';
const EMPTY_NODE = 'bafyreie5737gdxlw5i64vzichcalba3z2v5n6icifvx5xytvske7mr3hpm';
const digest = sha256(utf8('content'));
const cid = cidOf('dag-cbor', utf8('content'));

describe('the id of content', () => {
  it('is the one that everybody gives it', () => {
    expect(cidOf('raw', new Uint8Array())).toBe(EMPTY_RAW);
    expect(parseCid(EMPTY_NODE)).toBe(EMPTY_NODE);
    const isTheirs = (content: Uint8Array, codec: Codec) => {
      const theirs = CID.createV1(codec === 'raw' ? 0x55 : 0x71, create(0x12, sha256(content)));
      expect(cidOf(codec, content)).toBe(theirs.toString());
    };
    fc.assert(fc.property(fc.uint8Array(), fc.constantFrom<Codec>('raw', 'dag-cbor'), isTheirs), always);
  });

  it('says what it was made of', () => {
    for (const codec of ['raw', 'dag-cbor'] as const) {
      const made = cidOfDigest(codec, digest);
      expect(codecOf(made)).toBe(codec);
      expect(digestOfCid(made)).toEqual(digest);
      expect(cidFromBytes(cidBytes(made))).toBe(made);
      expect(parseCid(made)).toBe(made);
      expect(made).toHaveLength(59);
    }
  });

  it('is not made of a digest of another length', () => {
    expect(refusedAs(() => cidOfDigest('raw', digest.subarray(1)))).toBe('cid_hash');
  });
});

const bytes = cidBytes(cid);
const head = (...parts: readonly number[]) => concatBytes(Uint8Array.from(parts), digest);
const lastDigit = (digit: string) => `${cid.slice(0, -1)}${digit}`;

describe('a text that is no id', () => {
  it.each([
    ['capitals', 'cid_form', cid.toUpperCase()],
    ['one capital', 'cid_form', `b${cid.slice(1, 2).toUpperCase()}${cid.slice(2)}`],
    ['padding', 'cid_form', `${cid}======`],
    ['base58', 'cid_form', base58btc.encode(bytes)],
    ['version 0', 'cid_form', CID.createV0(create(0x12, digest)).toString()],
    ['no base', 'cid_form', cid.slice(1)],
    ['nothing', 'cid_form', ''],
    ['only a base', 'cid_form', 'b'],
    ['blanks', 'cid_form', ` ${cid}`],
    ['a line break', 'cid_form', `${cid}\n`],
    ['a path', 'cid_form', `/ipfs/${cid}`],
    ['one digit less', 'cid_form', cid.slice(0, -1)],
    ['one digit more', 'cid_form', `${cid}a`],
    ['version 2', 'cid_form', base32.encode(head(2, 0x71, 0x12, 32))],
    ['another codec', 'cid_codec', base32.encode(head(1, 0x70, 0x12, 32))],
    ['another hash', 'cid_hash', base32.encode(head(1, 0x71, 0x16, 32))],
    ['an identity hash', 'cid_hash', base32.encode(Uint8Array.of(1, 0x55, 0, 1, 7))],
    ['a shortened digest', 'cid_hash', base32.encode(head(1, 0x71, 0x12, 32).subarray(0, 24).with(3, 20))],
    ['a version in a longer spelling', 'cid_form', base32.encode(head(0x81, 0, 0x71, 0x12, 32))],
    ['a codec in a longer spelling', 'cid_form', base32.encode(head(1, 0xf1, 0, 0x12, 32))],
    ['bytes behind the digest', 'cid_form', base32.encode(concatBytes(bytes, Uint8Array.of(0)))],
  ])('%s: %s', (_, code, text) => {
    expect(refusedAs(() => parseCid(text))).toBe(code);
  });

  it('is each that differs only in the spare bits of its last digit', () => {
    const spellings = [...'abcdefghijklmnopqrstuvwxyz234567'].map(lastDigit);
    const same = spellings.filter((text) => refusedAs(() => parseCid(text)) === undefined);
    expect(same).toHaveLength(8);
    for (const text of same) expect(cidFromBytes(cidBytes(parseCid(text)))).toBe(text);
  });

  it('is refused whatever it is, and never by anything else', () => {
    const answers = (text: string) => {
      const code = refusedAs(() => parseCid(text));
      expect(code === undefined || code.startsWith('cid_')).toBe(true);
    };
    const digits = fc.string({ unit: fc.constantFrom(...'abcyz27BM=19'), maxLength: 70 });
    const texts = fc.oneof(
      fc.string(),
      digits,
      digits.map((text) => `b${text}`),
    );
    fc.assert(fc.property(texts, answers), always);
    const made = (each: Uint8Array) => answers(base32.encode(each));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 45 }), made), always);
  });
});
