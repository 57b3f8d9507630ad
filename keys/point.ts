// Which 32 bytes may stand for a curve point, and which for a scalar, before anyone computes with them. Pure.
import { decodeHex } from './bytes.ts';

/**
 * The y coordinates of the eight points of small order, little-endian, sign bit cleared, in every encoding that a
 * lenient reader takes: 0, 1, −1, the two of order eight, and 0 and 1 again as p and p+1.
 */
const SMALL_ORDER_Y: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

const littleEndian = (hex: string): Uint8Array => (decodeHex(hex) ?? new Uint8Array()).reverse();

/** p = 2^255 − 19 and L, the order of the base point (RFC 8032 section 5.1). */
const P = littleEndian('7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed');
const L = littleEndian('1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed');

const isBelow = (bytes: Uint8Array, limit: Uint8Array): boolean => {
  for (let at = 31; at >= 0; at -= 1) {
    const difference = (bytes[at] ?? 0) - (limit[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
};

const withoutSign = (bytes: Uint8Array): Uint8Array => {
  const y = Uint8Array.from(bytes);
  y[31] = (y[31] ?? 0) & 0x7f;
  return y;
};

// Only these first bytes begin a small-order y, so honest points never pay for the text comparison.
const SMALL_ORDER_START: ReadonlySet<number> = new Set(
  [...SMALL_ORDER_Y].map((hex) => Number.parseInt(hex.slice(0, 2), 16)),
);

const hasSmallOrderY = (y: Uint8Array): boolean =>
  SMALL_ORDER_START.has(y[0] ?? 0) &&
  SMALL_ORDER_Y.has(Array.from(y, (byte) => byte.toString(16).padStart(2, '0')).join(''));

export type PointFlaw = 'length' | 'small_order' | 'non_canonical';

/**
 * What is wrong with an encoded point (RFC 8032 section 5.1.3), or undefined. The two encodings with a sign but x = 0
 * belong to points of small order and are named so. Whether the bytes lie on the curve at all is not asked here.
 */
export const pointFlaw = (bytes: Uint8Array): PointFlaw | undefined => {
  if (bytes.length !== 32) return 'length';
  const y = withoutSign(bytes);
  if (hasSmallOrderY(y)) return 'small_order';
  return isBelow(y, P) ? undefined : 'non_canonical';
};

/** Whether 32 bytes are a scalar below L; at or above it lies the malleable twin of another signature. */
export const isCanonicalScalar = (bytes: Uint8Array): boolean => bytes.length === 32 && isBelow(bytes, L);
