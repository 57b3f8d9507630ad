// One 512-byte tar header, audited from its raw bytes: only what every reader reads alike passes. Pure.
import { fromUtf8 } from '../../keys/bytes.ts';
import type { FaultCode } from './faults.ts';

export const BLOCK = 512;

/** `extension` describes the next entry instead of being one; `refused` is a kind of entry that packs may not hold. */
export type TarType = 'file' | 'directory' | 'refused' | 'extension';

export interface TarProblem {
  readonly code: FaultCode;
  readonly message: string;
}

export interface TarHeader {
  /** Prefix and name as written; bytes that are no UTF-8 are replaced, and said so among the problems. */
  readonly name: string;
  readonly type: TarType;
  /** Bytes of data that follow, before padding. */
  readonly size: number;
  /** What is wrong with this entry although the archive can be read on. */
  readonly problems: readonly TarProblem[];
}

/** `broken`: where the next header stands is unknown or disputed, so the archive cannot be read on. */
export type TarBlock =
  | { readonly kind: 'zero' }
  | { readonly kind: 'broken'; readonly message: string }
  | { readonly kind: 'header'; readonly header: TarHeader };

interface Field {
  readonly at: number;
  readonly length: number;
}

const NAME: Field = { at: 0, length: 100 };
const MODE: Field = { at: 100, length: 8 };
const SIZE: Field = { at: 124, length: 12 };
const CHECKSUM: Field = { at: 148, length: 8 };
const LINK_NAME: Field = { at: 157, length: 100 };
const MAGIC: Field = { at: 257, length: 8 };
const USER_AND_GROUP: readonly Field[] = [
  { at: 265, length: 32 },
  { at: 297, length: 32 },
];
const PREFIX: Field = { at: 345, length: 155 };
const PADDING: Field = { at: 500, length: 12 };
const WHOLE: Field = { at: 0, length: BLOCK };
const OTHER_NUMBERS: readonly Field[] = [
  MODE,
  { at: 108, length: 8 },
  { at: 116, length: 8 },
  { at: 136, length: 12 },
  { at: 329, length: 8 },
  { at: 337, length: 8 },
];

const TYPE_AT = 156;
const USTAR = 'ustar\x0000';
const OCTAL = /^[0-7]+[\0 ]+$/;
const OCTAL_OR_EMPTY = /^[0-7]*[\0 ]+$/;

/** Bytes below 0x80 only, and NUL only at the end. */
const PLAIN_NAME = /^([^\0\x80-\xff]*)\0*$/;
const PRINTABLE = /^[\x20-\x7e]*\0*$/;
const SPECIAL_BITS = 0o7000;

export const TAR_CURE = 'pack it with "tar --format=ustar" or with "attestry pack"';

const REFUSED_TYPES: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a character device',
  '4': 'a block device',
  '6': 'a fifo',
  '7': 'a contiguous file',
  D: 'a GNU directory dump',
  M: 'a continued volume',
  S: 'a GNU sparse file',
  V: 'a volume label',
  X: 'a Solaris extended header',
};

const EXTENSIONS: Readonly<Record<string, string>> = {
  x: 'a pax header',
  g: 'a global pax header',
  K: 'a GNU long link name',
  L: 'a GNU long name',
  N: 'an old GNU long name',
};

/** A block in two forms: its bytes, and one character for each of them, which is far quicker to cut fields from. */
interface Raw {
  readonly bytes: Uint8Array;
  readonly text: string;
}

const textOf = ({ text }: Raw, { at, length }: Field): string => text.slice(at, at + length);

/** Node cuts the text from memory; elsewhere it is put together. */
const rawText = (bytes: Uint8Array): string =>
  globalThis.Buffer === undefined
    ? String.fromCharCode(...bytes)
    : Buffer.from(bytes.buffer, bytes.byteOffset, BLOCK).toString('latin1');

const isZero = (block: Raw, { at, length }: Field): boolean => {
  for (let each = at; each < at + length; each += 1) if (block.bytes[each] !== 0) return false;
  return true;
};

/** The sum of all bytes, the checksum's own eight counted as spaces. */
const sumOf = ({ bytes }: Raw): number => {
  let sum = CHECKSUM.length * 0x20;
  for (let at = 0; at < CHECKSUM.at; at += 1) sum += bytes[at] ?? 0;
  for (let at = CHECKSUM.at + CHECKSUM.length; at < BLOCK; at += 1) sum += bytes[at] ?? 0;
  return sum;
};

const octalOf = (block: Raw, field: Field): number | undefined => {
  const text = textOf(block, field);
  return OCTAL.test(text) ? Number.parseInt(text, 8) : undefined;
};

interface Name {
  readonly text: string;
  readonly problems: readonly TarProblem[];
}

const nameProblem = (message: string): TarProblem => ({ code: 'tarball_path_traversal', message });

const NOTHING: Name = { text: '', problems: [] };

const readName = (block: Raw, { at, length }: Field): Name => {
  const field = block.text.slice(at, at + length);
  const plain = PLAIN_NAME.exec(field)?.[1];
  if (plain !== undefined) return plain === '' ? NOTHING : { text: plain, problems: [] };
  const end = field.indexOf('\0');
  const used = block.bytes.subarray(at, at + (end < 0 ? length : end));
  const rest = { at: at + used.length, length: length - used.length };
  const problems: TarProblem[] = [];
  const text = fromUtf8(used);
  if (text === undefined) problems.push(nameProblem('The name is not UTF-8.'));
  if (!isZero(block, rest)) problems.push(nameProblem('The name goes on after a NUL.'));
  return { text: text ?? new TextDecoder('utf-8', { ignoreBOM: true }).decode(used), problems };
};

const readFullName = (block: Raw): Name => {
  const [prefix, name] = [readName(block, PREFIX), readName(block, NAME)];
  if (prefix.text === '' && prefix.problems.length === 0) return name;
  return { text: `${prefix.text}/${name.text}`, problems: [...prefix.problems, ...name.problems] };
};

const typeOf = (flag: string): { readonly type: TarType; readonly refusal?: string } => {
  if (flag === '0' || flag === '\0') return { type: 'file' };
  if (flag === '5') return { type: 'directory' };
  const extension = EXTENSIONS[flag];
  if (extension === undefined)
    return {
      type: 'refused',
      refusal: `It is ${REFUSED_TYPES[flag] ?? 'an entry of an unknown type'}; packs hold files and directories only.`,
    };
  return {
    type: 'extension',
    refusal: `It is ${extension}, which OpenWOP clients cannot read; ${TAR_CURE}.`,
  };
};

const refusalOf = (message: string | undefined): readonly TarProblem[] =>
  message === undefined ? [] : [{ code: 'tarball_tar_parse_failed', message }];

const hiddenBytes = (block: Raw, type: TarType): readonly TarProblem[] => {
  const linked = (type === 'file' || type === 'directory') && !isZero(block, LINK_NAME);
  if (!linked && isZero(block, PADDING)) return [];
  return refusalOf('Its header holds bytes where a plain ustar header has none.');
};

/** An extractor run as root would obey the bits; a listing would print the names to a terminal. */
const badOwnership = (block: Raw): readonly TarProblem[] => {
  const special = (Number.parseInt(textOf(block, MODE), 8) & SPECIAL_BITS) !== 0;
  const named = USER_AND_GROUP.every((field) => PRINTABLE.test(textOf(block, field)));
  return [
    ...refusalOf(special ? 'Its mode sets the user id, the group id or the sticky bit.' : undefined),
    ...refusalOf(named ? undefined : 'Its user or group name is not printable ASCII.'),
  ];
};

const broken = (message: string): TarBlock => ({ kind: 'broken', message });

/** What makes the whole archive unreadable, if anything does. */
const breakOf = (block: Raw): string | undefined => {
  if (octalOf(block, CHECKSUM) !== sumOf(block)) return 'A header is damaged: its checksum does not match.';
  if (textOf(block, MAGIC) !== USTAR) return `The archive is not in the ustar format; ${TAR_CURE}.`;
  if (octalOf(block, SIZE) === undefined) return 'A size is not written in plain octal digits.';
  if (!OTHER_NUMBERS.every((field) => OCTAL_OR_EMPTY.test(textOf(block, field))))
    return 'A number in a header is not written in plain octal digits.';
  return undefined;
};

/** Reads one block of 512 bytes (POSIX.1-1988 ustar; both spellings of the checksum, NUL or space after numbers). */
export const readTarBlock = (bytes: Uint8Array): TarBlock => {
  const block = { bytes, text: rawText(bytes) };
  if (bytes[0] === 0 && isZero(block, WHOLE)) return { kind: 'zero' };
  const message = breakOf(block);
  if (message !== undefined) return broken(message);
  const { text: name, problems } = readFullName(block);
  const { type, refusal } = typeOf(block.text.charAt(TYPE_AT));
  const size = octalOf(block, SIZE) ?? 0;
  if (type === 'directory' && size > 0) return broken(`The directory ${name} claims to hold data.`);
  const all = [...refusalOf(refusal), ...problems, ...hiddenBytes(block, type), ...badOwnership(block)];
  return { kind: 'header', header: { name, type, size, problems: all } };
};
