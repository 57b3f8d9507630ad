// Bytes and the texts that stand for them, in one spelling each: native where Node offers it, portable elsewhere. Pure.

// Asked for at run time rather than imported, so that a bundle for the browser holds no Node module.
const NodeBuffer = globalThis.process?.getBuiltinModule?.('node:buffer').Buffer;

/** The same bytes, not a copy. */
const viewOf = (buffer: typeof Buffer, bytes: Uint8Array): Buffer =>
  buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const NO_DIGIT = 64;
/** By the code of the sign: far quicker than a map. */
const BASE64_VALUE = new Uint8Array(256).fill(NO_DIGIT);
for (const [value, sign] of [...BASE64].entries()) BASE64_VALUE[sign.charCodeAt(0)] = value;

/** Signs of base64 up to which asking Node costs more than the plain loop. */
const SHORT_BASE64 = 128;

const BASE64_SIGN = new TextEncoder().encode(BASE64);
const PADDING = 0x3d;

const encoder = new TextEncoder();

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const utf8 = (text: string): Uint8Array => encoder.encode(text);

/** The text of UTF-8 bytes; undefined where they are no well-formed UTF-8. A byte order mark stays a character. */
export const fromUtf8 = (bytes: Uint8Array): string | undefined => {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
};

export const concatBytes = (...parts: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
};

export const equalBytes = (left: Uint8Array, right: Uint8Array): boolean =>
  left.length === right.length &&
  (NodeBuffer === undefined
    ? left.every((byte, index) => byte === right[index])
    : NodeBuffer.compare(left, right) === 0);

export const encodeHex = (bytes: Uint8Array): string =>
  NodeBuffer === undefined
    ? Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
    : viewOf(NodeBuffer, bytes).toString('hex');

/** Undefined where the text is not an even number of hex digits. */
export const decodeHex = (text: string): Uint8Array | undefined =>
  text.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(text)
    ? Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
    : undefined;

/** Standard alphabet, padded (RFC 4648 section 4). */
export const encodeBase64 = (bytes: Uint8Array): string =>
  NodeBuffer === undefined ? encodeBase64Portable(bytes) : viewOf(NodeBuffer, bytes).toString('base64');

/** The same text in plain JavaScript, and slower. */
export const encodeBase64Portable = (bytes: Uint8Array): string => {
  const signs = new Uint8Array(Math.ceil(bytes.length / 3) * 4).fill(PADDING);
  let to = 0;
  for (let at = 0; at < bytes.length; at += 3) {
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const written = Math.min(bytes.length - at, 3) + 1;
    for (let place = 0; place < written; place += 1)
      signs[to + place] = BASE64_SIGN[(group >> (18 - 6 * place)) & 63] ?? PADDING;
    to += 4;
  }
  return new TextDecoder().decode(signs);
};

/** Undefined unless the text is the one standard, padded spelling of some bytes: spare bits must be zero. */
export const decodeBase64 = (text: string): Uint8Array | undefined => {
  if (NodeBuffer === undefined || text.length <= SHORT_BASE64) return decodeBase64Portable(text);
  // Node forgives much, so only what it would write itself is taken.
  const bytes = new Uint8Array(NodeBuffer.from(text, 'base64'));
  return encodeBase64(bytes) === text ? bytes : undefined;
};

/** The same bytes in plain JavaScript, and slower for long texts. */
export const decodeBase64Portable = (text: string): Uint8Array | undefined => {
  if (text.length % 4 !== 0) return undefined;
  const digits = text.endsWith('==') ? text.length - 2 : text.endsWith('=') ? text.length - 1 : text.length;
  const bytes = new Uint8Array(Math.floor((digits * 3) / 4));
  let held = 0;
  let bits = 0;
  let length = 0;
  for (let at = 0; at < digits; at += 1) {
    const value = BASE64_VALUE[text.charCodeAt(at)] ?? NO_DIGIT;
    if (value === NO_DIGIT) return undefined;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[length] = (held >> bits) & 0xff;
      length += 1;
    }
  }
  return (held & ((1 << bits) - 1)) === 0 ? bytes : undefined;
};

/** Like `decodeBase64`, but takes the standard or the URL-safe alphabet (never a mix), padded or not. */
export const decodeEitherBase64 = (text: string): Uint8Array | undefined => {
  if (/[-_]/.test(text) && /[+/]/.test(text)) return undefined;
  const standard = text.replaceAll('-', '+').replaceAll('_', '/');
  return decodeBase64(standard.endsWith('=') ? standard : standard + '='.repeat(-standard.length & 3));
};
