// What content is called: CIDv1 by SHA-256 of raw bytes or of dag-cbor, each in exactly one spelling. Pure.
import { base32 } from 'multiformats/bases/base32';
import { CID } from 'multiformats/cid';
import { concatBytes } from '../../keys/bytes.ts';
import { sha256 } from '../../keys/hash.ts';
import { ContentError } from './content-errors.ts';

/** 59 characters: `b` and the base32 (RFC 4648, lower case, no padding) of version, codec, hash and digest. */
export type Cid = string & { readonly __brand: 'Cid' };

export type Codec = 'raw' | 'dag-cbor';

const CODES = { raw: 0x55, 'dag-cbor': 0x71 } as const satisfies Record<Codec, number>;
const VERSION = 1;
const SHA2_256 = 0x12;
const DIGEST_BYTES = 32;
const HEAD_BYTES = 4;

const codecOfCode = (code: number | undefined): Codec | undefined =>
  code === CODES.raw ? 'raw' : code === CODES['dag-cbor'] ? 'dag-cbor' : undefined;

const isCidBytes = (bytes: Uint8Array): boolean =>
  bytes.length === HEAD_BYTES + DIGEST_BYTES &&
  bytes[0] === VERSION &&
  codecOfCode(bytes[1]) !== undefined &&
  bytes[2] === SHA2_256 &&
  bytes[3] === DIGEST_BYTES;

const read = (bytes: Uint8Array): CID => {
  try {
    return CID.decode(bytes);
  } catch {
    throw new ContentError('cid_form', { length: bytes.length });
  }
};

// Only asked once the bytes are refused: finds out what they are instead.
const explain = (bytes: Uint8Array): ContentError => {
  const { version, code, multihash } = read(bytes);
  if (version !== VERSION) return new ContentError('cid_version', { expected: VERSION, found: version });
  if (codecOfCode(code) === undefined) return new ContentError('cid_codec', { found: code });
  if (multihash.code !== SHA2_256 || multihash.size !== DIGEST_BYTES)
    return new ContentError('cid_hash', { found: multihash.code, size: multihash.size });
  return new ContentError('cid_form', { length: bytes.length });
};

/** @throws ContentError `cid_form`, `cid_version`, `cid_codec` or `cid_hash` */
export const cidFromBytes = (bytes: Uint8Array): Cid => {
  if (!isCidBytes(bytes)) throw explain(bytes);
  return base32.encode(bytes) as Cid;
};

const bytesOf = (text: string): Uint8Array => {
  try {
    return base32.decode(text);
  } catch {
    throw new ContentError('cid_form', { length: text.length });
  }
};

/**
 * Reads an id by its bytes; whatever else would name the same bytes (capitals, padding, spare bits, another base) is
 * refused, so that one id has one spelling.
 * @throws ContentError as `cidFromBytes`
 */
export const parseCid = (text: string): Cid => {
  if (!/^b[a-z2-7]+$/.test(text)) throw new ContentError('cid_form', { length: text.length });
  const cid = cidFromBytes(bytesOf(text));
  if (cid !== text) throw new ContentError('cid_form', { expected: cid });
  return cid;
};

const DIGITS = 'abcdefghijklmnopqrstuvwxyz234567';
const VALUES = new Uint8Array(128);
for (const [value, digit] of [...DIGITS].entries()) VALUES[digit.charCodeAt(0)] = value;

/**
 * 36 bytes: version, codec, hash, length of the digest, digest. An id has one spelling, so that nothing is checked here:
 * trees ask this of every link that they write.
 */
export const cidBytes = (cid: Cid): Uint8Array => {
  const bytes = new Uint8Array(HEAD_BYTES + DIGEST_BYTES);
  let [at, bits, held] = [0, 0, 0];
  for (let digit = 1; digit < cid.length; digit += 1) {
    held = ((held << 5) | (VALUES[cid.charCodeAt(digit)] ?? 0)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at] = (held >> bits) & 0xff;
    at += 1;
  }
  return bytes;
};

/**
 * The id of content whose SHA-256 is known.
 * @throws ContentError `cid_hash` unless the digest has 32 bytes
 */
export const cidOfDigest = (codec: Codec, digest: Uint8Array): Cid => {
  if (digest.length !== DIGEST_BYTES) throw new ContentError('cid_hash', { size: digest.length });
  return base32.encode(
    concatBytes(Uint8Array.of(VERSION, CODES[codec], SHA2_256, DIGEST_BYTES), digest),
  ) as Cid;
};

export const cidOf = (codec: Codec, content: Uint8Array): Cid => cidOfDigest(codec, sha256(content));

export const codecOf = (cid: Cid): Codec => codecOfCode(cidBytes(cid)[1]) ?? 'raw';

/** The SHA-256 of the content, 32 bytes. */
export const digestOfCid = (cid: Cid): Uint8Array => cidBytes(cid).subarray(HEAD_BYTES);
