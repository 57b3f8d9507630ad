// Proofs for offline use: read strictly, written the one way, and telling the whole story of one entry.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBase64, utf8 } from '../../../keys/bytes.ts';
import { vkeyOf } from '../../../keys/key.ts';
import { checkpointText, openCheckpoint } from '../../../src/protocol/checkpoint.ts';
import { hashLeaf, rootFromInclusion, rootOf } from '../../../src/protocol/merkle.ts';
import { formatNote, signNoteLine } from '../../../src/protocol/signed-note.ts';
import { proveInclusion } from '../../../src/protocol/tiles.ts';
import {
  formatTlogProof,
  MAX_PROOF_BYTES,
  parseTlogProof,
  type TlogProof,
} from '../../../src/protocol/tlog-proof.ts';
import { signer } from '../../keys/trust-world.ts';
import { entriesOf, entryOf, readerOf, refusedAs, tilesOf } from './log-world.ts';

const SIZE = 1_000;
const INDEX = 731;
const log = signer('log');
const vkey = vkeyOf('log.example.com', log.publicKey);
const leafHashes = entriesOf(SIZE).map(hashLeaf);
const body = checkpointText({ origin: vkey.name, size: SIZE, root: rootOf(leafHashes) });
const checkpoint = formatNote(body, [await signNoteLine(body, vkey, log.sign)]);
const path = await proveInclusion(INDEX, SIZE, readerOf(tilesOf(leafHashes)));
const proof: TlogProof = { extra: utf8('extra data'), index: INDEX, path, checkpoint };
const text = formatTlogProof(proof);
const hash = encodeBase64(leafHashes[0] ?? new Uint8Array());
/** Spells the same 32 bytes otherwise: the last digit stands for two bits more than they have. */
const spareBits = (base64: string): string => `${base64.slice(0, -2)}${nextDigit(base64.at(-2))}=`;
const nextDigit = (digit = 'A'): string => String.fromCharCode(digit.charCodeAt(0) + 1);

describe('a proof', () => {
  it('reads header, extra, index, path, an empty line and the checkpoint as it was signed', () => {
    const lines = path.map((each) => `${encodeBase64(each)}\n`).join('');
    expect(text).toBe(`c2sp.org/tlog-proof@v1\nextra ZXh0cmEgZGF0YQ==\nindex 731\n${lines}\n${checkpoint}`);
    expect(parseTlogProof(text)).toEqual(proof);
  });

  it('shows with nothing but the key of the log that the entry is in it', () => {
    const read = parseTlogProof(text);
    const { size, root } = openCheckpoint(read.checkpoint, vkey);
    const claim = { index: read.index, size, path: read.path };
    expect(rootFromInclusion({ ...claim, leafHash: hashLeaf(entryOf(INDEX)) })).toEqual(root);
    expect(rootFromInclusion({ ...claim, leafHash: hashLeaf(entryOf(0)) })).not.toEqual(root);
  });

  it('needs neither extra nor path', () => {
    const bare = { extra: undefined, index: 0, path: [], checkpoint };
    expect(formatTlogProof(bare)).toBe(`c2sp.org/tlog-proof@v1\nindex 0\n\n${checkpoint}`);
    expect(parseTlogProof(formatTlogProof(bare))).toEqual(bare);
  });

  it.each([
    ['nothing', ''],
    ['another version', text.replace('@v1', '@v2')],
    ['a blank after the header', text.replace('@v1', '@v1 ')],
    ['no empty line', text.replace('\n\n', '\n')],
    ['no checkpoint', text.slice(0, text.indexOf('\n\n') + 2)],
    ['no index', text.replace('index 731\n', '')],
    ['an empty extra', text.replace(/extra .*/, 'extra ')],
    ['extra in no base64', text.replace(/extra .*/, 'extra ?')],
    ['extra twice', text.replace('index', 'extra AAAA\nindex')],
    ['extra after the index', text.replace('index 731\n', 'index 731\nextra AAAA\n')],
    ['a leading zero', text.replace('731', '0731')],
    ['a negative index', text.replace('731', '-731')],
    ['an index beyond 2^53 - 1', text.replace('731', '9007199254740992')],
    ['two indexes', text.replace('index 731\n', 'index 731\nindex 731\n')],
    ['a short hash', text.replace('index 731\n', 'index 731\nAAAA\n')],
    ['a hash without padding', text.replace('index 731\n', `index 731\n${hash.slice(0, -1)}\n`)],
    ['a hash with spare bits set', text.replace('index 731\n', `index 731\n${spareBits(hash)}\n`)],
    ['a hash in the URL-safe alphabet', text.replace('index 731\n', `index 731\n${'-_'.repeat(21)}A=\n`)],
    ['extra with spare bits set', text.replace('YQ==', 'YR==')],
    ['other line ends', text.replaceAll('\n', '\r\n')],
    ['half a character in the checkpoint', text.replace(/— log/, '\ud800')],
    ['half a character at the end', `${text}\udc00`],
    ['half a character in the header', text.replace('@v1', '@v1\ud800')],
    ['half a character in extra', text.replace('ZXh0', 'ZXh\ud800')],
    ['half a character in the index', text.replace('731', '73\ud800')],
    ['half a character in a hash', text.replace('index 731\n', `index 731\n\ud800${hash.slice(1)}\n`)],
  ])('with %s is refused', (_, altered) => {
    expect(altered).not.toBe(text);
    expect(refusedAs(() => parseTlogProof(altered))).toBe('proof_form');
  });

  it('is no larger than 256 KiB, in bytes, and has no more than 63 hashes', () => {
    const room = MAX_PROOF_BYTES - utf8(text).length;
    expect(refusedAs(() => parseTlogProof(text + 'x'.repeat(room)))).toBeUndefined();
    expect(refusedAs(() => parseTlogProof(text + 'x'.repeat(room + 1)))).toBe('proof_too_large');
    expect(refusedAs(() => parseTlogProof(text + 'ä'.repeat(room / 2 + 1)))).toBe('proof_too_large');
    const long = (count: number) => ({
      ...proof,
      path: Array.from({ length: count }, () => leafHashes[0] ?? utf8('')),
    });
    expect(parseTlogProof(formatTlogProof(long(63))).path).toHaveLength(63);
    expect(refusedAs(() => formatTlogProof(long(64)))).toBe('proof_too_large');
  });

  it('is not made of what could not be read back', () => {
    for (const change of [
      { extra: new Uint8Array() },
      { index: -1 },
      { index: 1.5 },
      { index: 2 ** 53 },
      { path: [new Uint8Array(31)] },
      { checkpoint: '' },
    ])
      expect(refusedAs(() => formatTlogProof({ ...proof, ...change }))).toBe('proof_form');
  });

  it('is read back whatever it holds', () => {
    const proofs = fc.record({
      extra: fc.option(fc.uint8Array({ minLength: 1, maxLength: 40 }), { nil: undefined }),
      index: fc.maxSafeNat(),
      path: fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 63 }),
      checkpoint: fc.string({ unit: fc.constantFrom('a', '\n', '—', ' ', 'é'), minLength: 1 }),
    });
    const comesBack = (each: TlogProof) => {
      const read = parseTlogProof(formatTlogProof(each));
      expect(formatTlogProof(read)).toBe(formatTlogProof(each));
      expect([read.index, read.checkpoint, read.path.length]).toEqual([
        each.index,
        each.checkpoint,
        each.path.length,
      ]);
      expect([...(read.extra ?? [])]).toEqual([...(each.extra ?? [])]);
    };
    fc.assert(fc.property(proofs, comesBack), { numRuns: 300, seed: 20_260_601 });
  });

  it('of any text is read or refused, never anything else', () => {
    const damage = fc
      .tuple(fc.nat(text.length), fc.nat(6), fc.string({ unit: 'binary', maxLength: 4 }))
      .map(([at, length, put]) => text.slice(0, at) + put + text.slice(at + length));
    const isAnswered = (each: string) => {
      const code = refusedAs(() => openCheckpoint(parseTlogProof(each).checkpoint, vkey));
      expect([undefined, 'proof_form', 'note_form', 'note_unsigned', 'note_signature']).toContain(code);
    };
    const texts = fc.oneof(damage, fc.string({ unit: 'binary' }));
    fc.assert(fc.property(texts, isAnswered), { numRuns: 2_000, seed: 20_260_601 });
  });
});
