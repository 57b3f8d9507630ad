// Signed notes: published ones are read and believed, and nothing that was altered is.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, encodeBase64, encodeHex, utf8 } from '../../../keys/bytes.ts';
import { parseVkey, parseWitnessVkey, vkeyOf, witnessVkeyOf } from '../../../keys/key.ts';
import {
  cosignatureLine,
  formatNote,
  MAX_NOTE_BYTES,
  parseNote,
  requireSignedBy,
  signNoteLine,
  verifyCosignature,
} from '../../../src/protocol/signed-note.ts';
import { signer, vectors } from '../../keys/trust-world.ts';
import { refusedAs } from './log-world.ts';

interface NoteVector {
  readonly vkey: string;
  readonly text: string;
  readonly line: string;
}

const published = vectors<{
  readonly notes: readonly NoteVector[];
  readonly cosignatures: readonly (NoteVector & { readonly time: number })[];
}>('signed-note');

const TEXT = 'log.example.com\n5\nsomething\n';
const log = signer('log');
const logKey = vkeyOf('log.example.com', log.publicKey);
const witness = signer('witness');
const witnessKey = witnessVkeyOf('witness.example.com/w1', witness.publicKey);
const TIME = 1_780_000_000;

const line = await signNoteLine(TEXT, logKey, log.sign);
const cosigned = await cosignatureLine(TEXT, witnessKey, TIME, witness.sign);
const note = formatNote(TEXT, [line, cosigned]);

/** A line by someone unknown, or one that only looks like a known one. */
const lineOf = (name: string, id: Uint8Array, length = 64): string =>
  `— ${name} ${encodeBase64(concatBytes(id, new Uint8Array(length).fill(1)))}`;
const OTHER_ID = Uint8Array.of(1, 2, 3, 4);

describe('published notes', () => {
  it.each(published.notes)('the one by $vkey is believed', ({ vkey, text, line: signed }) => {
    const read = parseNote(`${text}\n${signed}\n`);
    expect(() => requireSignedBy(read, parseVkey(vkey))).not.toThrow();
    expect(read.text).toBe(text);
    expect(read.signatures.map((each) => each.line)).toEqual([signed]);
    expect(formatNote(text, [signed])).toBe(`${text}\n${signed}\n`);
  });

  it.each(published.cosignatures)(
    'the cosignature by $vkey is believed',
    ({ vkey, text, line: signed, time }) => {
      expect(verifyCosignature(parseNote(`${text}\n${signed}\n`), parseWitnessVkey(vkey))).toBe(time);
    },
  );
});

describe('a note', () => {
  it('is signed by the log and cosigned by the witness, each under its own id', () => {
    const read = parseNote(note);
    expect(read.signatures.map(({ name, id }) => [name, encodeHex(id)])).toEqual([
      ['log.example.com', encodeHex(logKey.id)],
      ['witness.example.com/w1', encodeHex(witnessKey.id)],
    ]);
    expect(() => requireSignedBy(read, logKey)).not.toThrow();
    expect(verifyCosignature(read, witnessKey)).toBe(TIME);
  });

  it('may hold empty lines: it is split at the last one', async () => {
    const text = 'one\n\n\ntwo\n\n';
    const read = parseNote(formatNote(text, [await signNoteLine(text, logKey, log.sign)]));
    expect(read.text).toBe(text);
    expect(() => requireSignedBy(read, logKey)).not.toThrow();
  });

  it('may carry signatures of strangers, also under a known name or a known id', () => {
    const strangers = [
      lineOf('stranger', OTHER_ID, 2420),
      lineOf(logKey.name, OTHER_ID),
      lineOf('stranger', logKey.id),
      lineOf('x', OTHER_ID, 1),
    ];
    const read = parseNote(formatNote(TEXT, [...strangers, line]));
    expect(() => requireSignedBy(read, logKey)).not.toThrow();
    expect(verifyCosignature(read, witnessKey)).toBeUndefined();
    expect(refusedAs(() => requireSignedBy(parseNote(formatNote(TEXT, strangers)), logKey))).toBe(
      'note_unsigned',
    );
  });

  it('is refused for one bad signature of a known key, even beside a good one', () => {
    for (const bad of [lineOf(logKey.name, logKey.id), lineOf(logKey.name, logKey.id, 63)])
      for (const lines of [[bad], [line, bad], [bad, line]])
        expect(refusedAs(() => requireSignedBy(parseNote(formatNote(TEXT, lines)), logKey))).toBe(
          'note_signature',
        );
  });

  it('is refused when one character of its text changed', () => {
    const altered = parseNote(note.replace('\n5\n', '\n6\n'));
    expect(refusedAs(() => requireSignedBy(altered, logKey))).toBe('note_signature');
    expect(refusedAs(() => verifyCosignature(altered, witnessKey))).toBe('note_signature');
  });

  it('takes the signature of a key twice, as long as both are good', () => {
    expect(() => requireSignedBy(parseNote(formatNote(TEXT, [line, line])), logKey)).not.toThrow();
  });

  it.each([
    ['nothing', ''],
    ['no empty line', `${TEXT}${line}\n`],
    ['no signature', `${TEXT}\n`],
    ['no text', `\n${line}\n`],
    ['no last newline', note.slice(0, -1)],
    ['an empty line at the end', `${note}\n`],
    ['a hyphen for the dash', note.replace('—', '-')],
    ['two blanks', note.replace('— log.example.com ', '— log.example.com  ')],
    ['a blank at the end of a line', note.replace('=\n', '= \n')],
    ['a name with a plus', note.replace('— log.example.com', '— log+example.com')],
    ['a name with a wide blank', note.replace('— log.example.com', '— log\u2003example.com')],
    ['no name', note.replace('— log.example.com ', '—  ')],
    ['base64 without padding', note.replace(/=+\n/, '\n')],
    ['base64 of the id alone', note.replace(line, lineOf('x', OTHER_ID, 0))],
    ['a tab', note.replace('something', 'some\tthing')],
    ['a carriage return', note.replaceAll('\n', '\r\n')],
    ['a zero', note.replace('something', 'some\u0000thing')],
    ['half a character', note.replace('something', '\ud800')],
  ])('with %s is none', (_, text) => {
    expect(refusedAs(() => parseNote(text))).toBe('note_form');
  });

  it('is no larger than 64 KiB, in bytes, and carries no more than 64 signatures', () => {
    const room = MAX_NOTE_BYTES - utf8(note).length;
    expect(refusedAs(() => parseNote(`${'x'.repeat(room)}${note}`))).toBeUndefined();
    expect(refusedAs(() => parseNote(`${'x'.repeat(room + 1)}${note}`))).toBe('note_too_large');
    expect(refusedAs(() => parseNote(`${'ä'.repeat(room / 2 + 1)}${note}`))).toBe('note_too_large');
    const lines = (count: number) => Array.from({ length: count }, () => line);
    expect(parseNote(formatNote(TEXT, lines(64))).signatures).toHaveLength(64);
    expect(refusedAs(() => formatNote(TEXT, lines(65)))).toBe('note_too_large');
  });

  it('is not made of a text or lines that nobody could read back', () => {
    for (const [text, lines] of [
      ['no newline', [line]],
      ['', [line]],
      [TEXT, []],
      [TEXT, ['no signature']],
      [TEXT, [`x\n\n${line}`]],
      [TEXT, [`${line}\n`]],
      ['a\u0007b\n', [line]],
    ] as const)
      expect(refusedAs(() => formatNote(text, lines))).toBe('note_form');
  });

  it('is not signed by a signer of another key', async () => {
    const wrong = signNoteLine(TEXT, logKey, signer('other').sign);
    await expect(wrong).rejects.toMatchObject({ code: 'signer_broken' });
    const wrongWitness = cosignatureLine(TEXT, witnessKey, TIME, signer('other').sign);
    await expect(wrongWitness).rejects.toMatchObject({ code: 'signer_broken' });
  });

  it('of any text is read or refused, never anything else', () => {
    const damage = fc
      .tuple(fc.nat(note.length), fc.nat(4), fc.string({ unit: 'binary', maxLength: 4 }))
      .map(([at, length, put]) => note.slice(0, at) + put + note.slice(at + length));
    const pieces = fc
      .array(fc.constantFrom('\n', '\n\n', '— ', line, TEXT, ' ', 'log.example.com', '='), { maxLength: 8 })
      .map((each) => each.join(''));
    const isAnswered = (text: string) => {
      const code = refusedAs(() => {
        const read = parseNote(text);
        verifyCosignature(read, witnessKey);
        requireSignedBy(read, logKey);
        expect(read.text).toBe(TEXT);
      });
      expect([undefined, 'note_form', 'note_unsigned', 'note_signature']).toContain(code);
    };
    const texts = fc.oneof(damage, pieces, fc.string({ unit: 'binary', maxLength: 200 }));
    fc.assert(fc.property(texts, isAnswered), { numRuns: 2_000, seed: 20_260_601 });
  });

  it('is read back whatever text and signatures it has', () => {
    const unit = fc.constantFrom('a', ' ', '\n', 'ä', '—', '🌳', '+', '\u0085');
    const names = fc.string({ unit: fc.constantFrom('a', '/', '.', 'é', '🌳'), minLength: 1, maxLength: 9 });
    const signed = fc.record({ name: names, blob: fc.uint8Array({ minLength: 5, maxLength: 99 }) });
    const comesBack = (text: string, list: readonly { name: string; blob: Uint8Array }[]) => {
      const lines = list.map(({ name, blob }) => `— ${name} ${encodeBase64(blob)}`);
      const read = parseNote(formatNote(`${text}\n`, lines));
      expect(read.text).toBe(`${text}\n`);
      expect(read.signatures.map((each) => each.line)).toEqual(lines);
      expect(read.signatures.map((each) => encodeHex(concatBytes(each.id, each.signature)))).toEqual(
        list.map(({ blob }) => encodeHex(blob)),
      );
    };
    const lists = fc.array(signed, { minLength: 1, maxLength: 5 });
    fc.assert(fc.property(fc.string({ unit }), lists, comesBack), { numRuns: 500, seed: 20_260_601 });
  });
});

describe('a cosignature', () => {
  const withTime = async (timeSeconds: number) =>
    cosignatureLine(TEXT, witnessKey, timeSeconds, witness.sign);

  it.each([0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1])('holds the time %d to the second', async (time) => {
    const read = parseNote(formatNote(TEXT, [await withTime(time)]));
    expect(verifyCosignature(read, witnessKey)).toBe(time);
  });

  it.each([-1, 0.5, 2 ** 53, Number.NaN])('is not made for the time %d', async (time) => {
    await expect(withTime(time)).rejects.toThrow(RangeError);
  });

  it('says the latest of several times', async () => {
    const lines = await Promise.all([TIME, TIME + 60, TIME - 60].map(withTime));
    expect(verifyCosignature(parseNote(formatNote(TEXT, lines)), witnessKey)).toBe(TIME + 60);
  });

  it('is refused with another time than was signed, too large a time, or cut short', () => {
    const [, blob = ''] = cosigned.split(/ (?=[^ ]+$)/);
    const bytes = Uint8Array.from(atob(blob), (sign) => sign.charCodeAt(0));
    const altered = [bytes.with(11, 1), bytes.with(4, 255), bytes.subarray(0, 12), bytes.subarray(0, 75)];
    for (const each of altered) {
      const read = parseNote(formatNote(TEXT, [`— ${witnessKey.name} ${encodeBase64(each)}`]));
      expect(refusedAs(() => verifyCosignature(read, witnessKey))).toBe('note_signature');
    }
  });

  it('is no signature of the note, nor the other way round, by the same key under the same name', async () => {
    const asLog = vkeyOf(witnessKey.name, witness.publicKey);
    const read = parseNote(formatNote(TEXT, [cosigned]));
    expect(refusedAs(() => requireSignedBy(read, asLog))).toBe('note_unsigned');
    const plain = parseNote(formatNote(TEXT, [await signNoteLine(TEXT, asLog, witness.sign)]));
    expect(verifyCosignature(plain, witnessKey)).toBeUndefined();
  });

  it('covers extension lines too', async () => {
    const text = `${TEXT}extension\n`;
    const signed = await cosignatureLine(text, witnessKey, TIME, witness.sign);
    expect(verifyCosignature(parseNote(formatNote(text, [signed])), witnessKey)).toBe(TIME);
    expect(refusedAs(() => verifyCosignature(parseNote(formatNote(TEXT, [signed])), witnessKey))).toBe(
      'note_signature',
    );
  });
});
