// Signed notes (C2SP signed-note): a text, who signed it, and the timestamped signatures of witnesses. Pure.
import { concatBytes, decodeBase64, encodeBase64, equalBytes, utf8 } from '../../keys/bytes.ts';
import { verify } from '../../keys/ed25519.ts';
import { KeyError } from '../../keys/errors.ts';
import { isVkeyName, type Vkey, type WitnessVkey } from '../../keys/key.ts';
import { LogError } from './log-errors.ts';

/** UTF-8 bytes of a whole note. */
export const MAX_NOTE_BYTES = 64 * 1024;
export const MAX_NOTE_SIGNATURES = 64;

const ID_BYTES = 4;
const TIME_BYTES = 8;

export interface NoteSignature {
  readonly name: string;
  /** The four bytes that name the key along with `name`. */
  readonly id: Uint8Array;
  readonly signature: Uint8Array;
  /** The line as it stood, without its newline. */
  readonly line: string;
}

export interface Note {
  /** What is signed, with its final newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Returns the signature of the message by the one key that it stands for, 64 bytes, or rejects. */
export type Sign = (message: Uint8Array) => Promise<Uint8Array>;

const malformed = (where: string, found: string): never => {
  throw new LogError('note_form', { where, found: found.slice(0, 200) });
};

const refuseOverLimit = (found: number, limit: number): void => {
  if (found > limit) throw new LogError('note_too_large', { limit, found });
};

const signatureOf = (line: string): NoteSignature => {
  const [, name = '', encoded = ''] = /^— ([^ ]+) ([^ ]+)$/u.exec(line) ?? [];
  const bytes = decodeBase64(encoded);
  if (!isVkeyName(name) || bytes === undefined || bytes.length <= ID_BYTES)
    return malformed('signatures', line);
  return { name, id: bytes.slice(0, ID_BYTES), signature: bytes.slice(ID_BYTES), line };
};

/**
 * Splits a note at its last empty line; who signed it is asked afterwards.
 * @throws LogError `note_form` or `note_too_large`
 */
export const parseNote = (note: string): Note => {
  refuseOverLimit(note.length, MAX_NOTE_BYTES);
  refuseOverLimit(utf8(note).length, MAX_NOTE_BYTES);
  if (/[^\n -\u{10ffff}]|\p{Surrogate}/u.test(note)) return malformed('characters', note);
  const end = note.lastIndexOf('\n\n') + 1;
  const lines = note.slice(end + 1).split('\n');
  if (end === 0 || lines.length < 2 || lines.pop() !== '') return malformed('end', note.slice(-200));
  refuseOverLimit(lines.length, MAX_NOTE_SIGNATURES);
  return { text: note.slice(0, end), signatures: lines.map(signatureOf) };
};

/**
 * The note of a text, which ends in a newline, and one or more signature lines, which do not.
 * @throws LogError `note_form` or `note_too_large` where nobody could read it back
 */
export const formatNote = (text: string, lines: readonly string[]): string => {
  const note = `${text}\n${lines.map((line) => `${line}\n`).join('')}`;
  return parseNote(note).text === text ? note : malformed('text', text);
};

const signatureLine = ({ name, id }: Vkey | WitnessVkey, signature: Uint8Array): string =>
  `— ${name} ${encodeBase64(concatBytes(id, signature))}`;

const signedBy = async (vkey: Vkey | WitnessVkey, message: Uint8Array, sign: Sign): Promise<Uint8Array> => {
  const signature = await sign(message);
  if (!verify({ publicKey: vkey.publicKey, message, signature }))
    throw new KeyError('signer_broken', { name: vkey.name });
  return signature;
};

/**
 * `— <name> <base64(id || signature)>`, without a newline.
 * @throws KeyError `signer_broken`; whatever `sign` rejects with
 */
export const signNoteLine = async (text: string, vkey: Vkey, sign: Sign): Promise<string> =>
  signatureLine(vkey, await signedBy(vkey, utf8(text), sign));

const signaturesBy = ({ signatures }: Note, { name, id }: Vkey | WitnessVkey): readonly NoteSignature[] =>
  signatures.filter((each) => each.name === name && equalBytes(each.id, id));

const badSignature = ({ name, line }: NoteSignature): never => {
  throw new LogError('note_signature', { name, line: line.slice(0, 200) });
};

/**
 * Signatures under other names or ids are nobody's that is known here, and ignored; every one under this must hold.
 * @throws LogError `note_unsigned` or `note_signature`
 */
export const requireSignedBy = (note: Note, vkey: Vkey): void => {
  const found = signaturesBy(note, vkey);
  if (found.length === 0) throw new LogError('note_unsigned', { name: vkey.name });
  const message = utf8(note.text);
  for (const each of found)
    if (!verify({ publicKey: vkey.publicKey, message, signature: each.signature })) badSignature(each);
};

const cosignedBytes = (text: string, timeSeconds: number): Uint8Array =>
  utf8(`cosignature/v1\ntime ${timeSeconds}\n${text}`);

const bytesOfTime = (timeSeconds: number): Uint8Array => {
  const bytes = new Uint8Array(TIME_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(timeSeconds));
  return bytes;
};

const timeOf = (bytes: Uint8Array): number =>
  Number(new DataView(bytes.buffer, bytes.byteOffset, TIME_BYTES).getBigUint64(0));

/**
 * The line by which a witness says that, as of that time (POSIX seconds), this is the largest checkpoint it has seen.
 * @throws RangeError for a time that is no whole number of seconds since 1970; KeyError `signer_broken`
 */
export const cosignatureLine = async (
  text: string,
  witness: WitnessVkey,
  timeSeconds: number,
  sign: Sign,
): Promise<string> => {
  if (!Number.isSafeInteger(timeSeconds) || timeSeconds < 0) throw new RangeError(`no time: ${timeSeconds}`);
  const signature = await signedBy(witness, cosignedBytes(text, timeSeconds), sign);
  return signatureLine(witness, concatBytes(bytesOfTime(timeSeconds), signature));
};

/**
 * When this witness saw the checkpoint, in POSIX seconds, the latest time if it says several; undefined where it has
 * not cosigned.
 * @throws LogError `note_signature`
 */
export const verifyCosignature = (note: Note, witness: WitnessVkey): number | undefined => {
  const times = signaturesBy(note, witness).map((each) => {
    if (each.signature.length <= TIME_BYTES) return badSignature(each);
    const time = timeOf(each.signature);
    const message = cosignedBytes(note.text, time);
    const signed = { publicKey: witness.publicKey, message, signature: each.signature.subarray(TIME_BYTES) };
    return Number.isSafeInteger(time) && verify(signed) ? time : badSignature(each);
  });
  return times.length === 0 ? undefined : Math.max(...times);
};
