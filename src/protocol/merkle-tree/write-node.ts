// The bytes of a tree node, written straight: its form is fixed, and what writes any dag-cbor takes five times as long. Pure.
import { utf8 } from '../../../keys/bytes.ts';
import { type Cid, cidBytes } from '../cid.ts';
import { ContentError } from '../content-errors.ts';
import { sharedPrefix, type TreeNode } from './node.ts';

/** What a whole block may have (`encodeCbor`). */
const MAX_BYTES = 1_048_576;
const NULL = Uint8Array.of(0xf6);
/** Tag 42, then a byte string of 37 bytes, of which the first is 0: how dag-cbor has a link. */
const LINK_HEAD = Uint8Array.of(0xd8, 0x2a, 0x58, 0x25, 0x00);
const LINK_BYTES = LINK_HEAD.length + 36;
/** Heads and names of an entry's members, beside its key and its links. */
const ENTRY_BYTES = 24 + 2 * LINK_BYTES;
const [BYTES, LIST, MAP] = [0x40, 0x80, 0xa0];

/** Writes from left to right into bytes that have room for all of it. */
const writer = (bytes: Uint8Array) => {
  let at = 0;
  const byte = (value: number): void => {
    bytes[at] = value;
    at += 1;
  };
  const put = (more: Uint8Array): void => {
    bytes.set(more, at);
    at += more.length;
  };
  return {
    put,
    /** A number in as few bytes as it takes; none here has more than three. */
    head: (major: number, value: number): void => {
      if (value < 24) byte(major | value);
      else byte(major | (value < 256 ? 24 : 25));
      if (value >= 256) byte(value >> 8);
      if (value >= 24) byte(value & 0xff);
    },
    name: (letter: string): void => {
      byte(0x61);
      byte(letter.charCodeAt(0));
    },
    link: (cid: Cid | null): void => {
      put(cid === null ? NULL : LINK_HEAD);
      if (cid !== null) put(cidBytes(cid));
    },
    written: (): Uint8Array => bytes.slice(0, at),
  };
};

/** The block of a node that its builder has kept in order and within its profile. @throws ContentError `cbor_too_large` */
export const encodeNode = ({ left, entries }: TreeNode): Uint8Array => {
  const keys = entries.map(({ path }) => utf8(path));
  const room = keys.reduce((sum, key) => sum + key.length + ENTRY_BYTES, LINK_BYTES + ENTRY_BYTES);
  const out = writer(new Uint8Array(room));
  out.head(MAP, 2);
  out.name('e');
  out.head(LIST, entries.length);
  for (const [at, { value, tail }] of entries.entries()) {
    const [key, before] = [keys[at] as Uint8Array, keys[at - 1] ?? new Uint8Array()];
    const shared = sharedPrefix(before, key);
    out.head(MAP, 4);
    out.name('k');
    out.head(BYTES, key.length - shared);
    out.put(key.subarray(shared));
    out.name('p');
    out.head(0, shared);
    out.name('t');
    out.link(tail);
    out.name('v');
    out.link(value);
  }
  out.name('l');
  out.link(left);
  const bytes = out.written();
  if (bytes.length > MAX_BYTES)
    throw new ContentError('cbor_too_large', { expected: MAX_BYTES, found: bytes.length });
  return bytes;
};
