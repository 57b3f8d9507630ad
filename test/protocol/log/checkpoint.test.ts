// Checkpoints: three strict lines, believed only as signed by the log they are of.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBase64 } from '../../../keys/bytes.ts';
import { vkeyOf } from '../../../keys/key.ts';
import { checkpointText, openCheckpoint, parseCheckpointText } from '../../../src/protocol/checkpoint.ts';
import { EMPTY_ROOT, hashLeaf } from '../../../src/protocol/merkle.ts';
import { formatNote, signNoteLine } from '../../../src/protocol/signed-note.ts';
import { signer } from '../../keys/trust-world.ts';
import { entryOf, refusedAs } from './log-world.ts';

const log = signer('log');
const vkey = vkeyOf('log.example.com', log.publicKey);
const root = hashLeaf(entryOf(0));
const checkpoint = { origin: 'log.example.com', size: 20_852_163, root };
const text = checkpointText(checkpoint);

const signed = async (body: string, key = vkey): Promise<string> =>
  formatNote(body, [await signNoteLine(body, key, log.sign)]);

const textOf = (size: string, hash = encodeBase64(root)): string => `log.example.com\n${size}\n${hash}\n`;

describe('the text of a checkpoint', () => {
  it('is origin, size and root, a line each', () => {
    expect(text).toBe(textOf('20852163'));
    expect(parseCheckpointText(text)).toEqual(checkpoint);
  });

  it.each([1, 2 ** 32, 2 ** 40 + 1, 2 ** 53 - 1])('holds the size %d', (size) => {
    expect(parseCheckpointText(checkpointText({ ...checkpoint, size }))).toEqual({ ...checkpoint, size });
  });

  it('of the empty tree has the empty root and no other', () => {
    const empty = { ...checkpoint, size: 0, root: EMPTY_ROOT };
    expect(parseCheckpointText(checkpointText(empty))).toEqual(empty);
    expect(refusedAs(() => parseCheckpointText(textOf('0')))).toBe('checkpoint_form');
  });

  it('may have lines of others after it', () => {
    expect(parseCheckpointText(`${text}extension 1\nextension 2\n`)).toEqual(checkpoint);
  });

  it.each([
    ['nothing', ''],
    ['no last newline', text.slice(0, -1)],
    ['no origin', text.replace('log.example.com', '')],
    ['a tab in the origin', text.replace('log.', 'log\t')],
    ['no root', 'log.example.com\n1\n'],
    ['no size', `log.example.com\n${encodeBase64(root)}\n`],
    ['a leading zero', textOf('01')],
    ['a sign', textOf('+1')],
    ['a negative size', textOf('-1')],
    ['a fraction', textOf('1.0')],
    ['a power', textOf('1e3')],
    ['hex', textOf('0x10')],
    ['a blank', textOf(' 1')],
    ['an empty size', textOf('')],
    ['a size beyond 2^53 - 1', textOf('9007199254740992')],
    ['a size of many digits', textOf('9'.repeat(40))],
    ['a short root', textOf('1', encodeBase64(root.subarray(1)))],
    ['a long root', textOf('1', encodeBase64(new Uint8Array(33)))],
    ['a root without padding', textOf('1', encodeBase64(root).replace('=', ''))],
    ['a root in the other alphabet', textOf('1', `${'_'.repeat(43)}=`)],
    ['an empty line at the end', `${text}\n`],
    ['an empty extension line', `${text}\nextension\n`],
    ['other line ends', text.replaceAll('\n', '\r\n')],
  ])('with %s is refused', (_, altered) => {
    expect(refusedAs(() => parseCheckpointText(altered))).toBe('checkpoint_form');
  });

  it('is not made of what could not be read back', () => {
    for (const change of [
      { origin: '' },
      { origin: 'a\nb' },
      { size: -1 },
      { size: 0.5 },
      { size: 2 ** 53 },
      { size: 1e21 },
      { size: 0 },
      { root: new Uint8Array(31) },
    ])
      expect(refusedAs(() => checkpointText({ ...checkpoint, ...change }))).toBe('checkpoint_form');
  });

  it('is read back whatever the checkpoint', () => {
    const checkpoints = fc.record({
      origin: fc.string({ unit: fc.constantFrom('a', '.', '/', 'é', ' ', '+'), minLength: 1 }),
      size: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      root: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    });
    const comesBack = (each: { origin: string; size: number; root: Uint8Array }) => {
      expect(parseCheckpointText(checkpointText(each))).toEqual({ ...each, root: new Uint8Array(each.root) });
    };
    fc.assert(fc.property(checkpoints, comesBack), { numRuns: 300, seed: 20_260_601 });
  });

  it('of anything is read or refused, never anything else', () => {
    const damage = fc
      .tuple(fc.nat(text.length), fc.nat(4), fc.string({ unit: 'binary', maxLength: 4 }))
      .map(([at, length, put]) => text.slice(0, at) + put + text.slice(at + length));
    const isAnswered = (each: string) => {
      expect([undefined, 'checkpoint_form']).toContain(refusedAs(() => parseCheckpointText(each)));
    };
    const texts = fc.oneof(damage, fc.string({ unit: 'binary' }));
    fc.assert(fc.property(texts, isAnswered), { numRuns: 2_000, seed: 20_260_601 });
  });
});

describe('a signed checkpoint', () => {
  it('is opened with its note', async () => {
    const note = await signed(text);
    expect(openCheckpoint(note, vkey)).toEqual({ ...checkpoint, note });
  });

  it('is refused unsigned, signed by another key, altered, or of another form', async () => {
    const other = vkeyOf('log.example.com', signer('other').publicKey);
    const note = await signed(text);
    expect(refusedAs(() => openCheckpoint(text, vkey))).toBe('note_form');
    expect(refusedAs(() => openCheckpoint(note, other))).toBe('note_unsigned');
    expect(refusedAs(() => openCheckpoint(note.replace('\n2', '\n3'), vkey))).toBe('note_signature');
    const chatter = await signed('hello\n');
    expect(refusedAs(() => openCheckpoint(chatter, vkey))).toBe('checkpoint_form');
  });

  it('of another log is refused, though the key signed it', async () => {
    const foreign = await signed(checkpointText({ ...checkpoint, origin: 'other.example.com' }));
    expect(refusedAs(() => openCheckpoint(foreign, vkey))).toBe('checkpoint_origin');
  });
});
