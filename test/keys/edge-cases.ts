// Makes the Ed25519 signatures on which libraries disagree, from the curve's own arithmetic.
import { createHash } from 'node:crypto';
import { Point } from '@noble/ed25519';
import { concatBytes, decodeHex, encodeHex, utf8 } from '../../keys/bytes.ts';
import { publicKeyOf } from '../../keys/ed25519.ts';
import { seedOf } from './trust-world.ts';

/** Hex throughout. `strict` is the cofactorless verdict, `portable` the one that multiplies by the cofactor. */
export interface EdgeCase {
  readonly name: string;
  readonly publicKey: string;
  readonly message: string;
  readonly signature: string;
  readonly strict: boolean;
  readonly portable: boolean;
}

const { p: P, n: L } = Point.CURVE();

const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${encodeHex(Uint8Array.from(bytes).reverse())}`);
export const scalarBytes = (value: bigint): Uint8Array =>
  (decodeHex(value.toString(16).padStart(64, '0')) ?? new Uint8Array()).reverse();
const sha512 = (...parts: readonly Uint8Array[]) =>
  new Uint8Array(
    createHash('sha512')
      .update(concatBytes(...parts))
      .digest(),
  );

const secretScalar = (seed: Uint8Array): bigint => {
  const head = sha512(seed).slice(0, 32);
  head[0] = (head[0] ?? 0) & 248;
  head[31] = ((head[31] ?? 0) & 63) | 64;
  return numberOf(head) % L;
};

const challenge = (r: Uint8Array, publicKey: Uint8Array, message: Uint8Array): bigint =>
  numberOf(sha512(r, publicKey, message)) % L;

const A_SCALAR = secretScalar(seedOf('edge'));
const A = Point.BASE.multiply(A_SCALAR);
const NONCE = numberOf(sha512(utf8('edge nonce'))) % L;
const R = Point.BASE.multiply(NONCE);

/** A point of order eight; its multiples are all eight points of small order. */
const TORSION = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');
export const smallOrderPoints = (): readonly Point[] =>
  Array.from({ length: 8 }, (_, times) => TORSION.multiply(BigInt(times), false));

const withSign = (y: bigint, sign: 0 | 1): Uint8Array => scalarBytes(y + (sign === 1 ? 1n << 255n : 0n));

/** The six encodings of small-order points that a strict reader does not know. */
const strangeSmallOrder = (): readonly Uint8Array[] => [
  withSign(1n, 1),
  withSign(P - 1n, 1),
  withSign(P, 0),
  withSign(P, 1),
  withSign(P + 1n, 0),
  withSign(P + 1n, 1),
];

const isOnCurve = (bytes: Uint8Array): boolean => {
  try {
    return Point.fromBytes(bytes, true).X >= 0n;
  } catch {
    return false;
  }
};

/** Encodings with y from p on of points that are not of small order. */
const strangeLargeOrder = (): readonly Uint8Array[] =>
  Array.from({ length: 17 }, (_, index) => withSign(P + 2n + BigInt(index), 0)).filter(isOnCurve);

const signatureOf = (r: Uint8Array, s: bigint): Uint8Array => concatBytes(r, scalarBytes(s));

const edge = (
  name: string,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
  [strict, portable]: readonly [boolean, boolean],
): EdgeCase => ({
  name,
  publicKey: encodeHex(publicKey),
  message: encodeHex(message),
  signature: encodeHex(signature),
  strict,
  portable,
});

const NEITHER = [false, false] as const;
const BOTH = [true, true] as const;
const PORTABLE_ONLY = [false, true] as const;

const allSmallOrder = (): readonly Uint8Array[] => [
  ...smallOrderPoints().map((point) => point.toBytes()),
  ...strangeSmallOrder(),
];

/** The first message whose challenge leaves this rest modulo eight. */
const messageFor = (r: Uint8Array, publicKey: Uint8Array, rest: bigint): Uint8Array => {
  for (let attempt = 0; ; attempt += 1) {
    const message = utf8(`forged ${attempt}`);
    if (challenge(r, publicKey, message) % 8n === rest) return message;
  }
};

/** For these keys anyone can sign: kA has eight values at most, so some message cancels it out of the equation. */
const forgedUnderSmallOrderKeys = (): readonly EdgeCase[] =>
  allSmallOrder().flatMap((publicKey, index) => {
    const [plain, opposite] = [R.toBytes(), Point.fromBytes(publicKey, true).negate().toBytes()];
    const [first, second] = [messageFor(plain, publicKey, 0n), messageFor(opposite, publicKey, 1n)];
    const name = `small-order key ${index}`;
    return [
      edge(`${name} under an ordinary R`, publicKey, first, signatureOf(plain, NONCE), NEITHER),
      edge(`${name} under its own opposite`, publicKey, second, signatureOf(opposite, 0n), NEITHER),
    ];
  });

const smallOrderR = (): readonly EdgeCase[] =>
  allSmallOrder().map((r, index) => {
    const [key, message] = [A.toBytes(), utf8('small-order R')];
    const s = (challenge(r, key, message) * A_SCALAR) % L;
    return edge(`small-order R ${index}`, key, message, signatureOf(r, s), NEITHER);
  });

const nonCanonical = (): readonly EdgeCase[] =>
  strangeLargeOrder().flatMap((bytes, index) => {
    const message = utf8('non-canonical');
    const s = (NONCE + challenge(bytes, A.toBytes(), message) * A_SCALAR) % L;
    return [
      edge(`non-canonical key ${index}`, bytes, message, signatureOf(R.toBytes(), NONCE), NEITHER),
      edge(`non-canonical R ${index}`, A.toBytes(), message, signatureOf(bytes, s), NEITHER),
    ];
  });

/** A signature made over key bytes `key` and R bytes `r` by someone who knows both scalars. */
const signedOver = (key: Uint8Array, r: Uint8Array, message: Uint8Array): Uint8Array =>
  signatureOf(r, (NONCE + challenge(r, key, message) * A_SCALAR) % L);

const mixedOrder = (): readonly EdgeCase[] => {
  const key = A.add(TORSION).toBytes();
  const residueOf = (text: string) => challenge(R.toBytes(), key, utf8(text)) % 8n;
  const texts = Array.from({ length: 200 }, (_, index) => `mixed ${index}`);
  const cancels = utf8(texts.find((text) => residueOf(text) === 0n) ?? '');
  const remains = utf8(texts.find((text) => residueOf(text) === 4n) ?? '');
  const mixedR = R.add(TORSION).toBytes();
  return [
    edge('mixed-order key that cancels out', key, cancels, signedOver(key, R.toBytes(), cancels), BOTH),
    edge('mixed-order key', key, remains, signedOver(key, R.toBytes(), remains), PORTABLE_ONLY),
    edge('mixed-order R', A.toBytes(), remains, signedOver(A.toBytes(), mixedR, remains), PORTABLE_ONLY),
  ];
};

const malleable = (): readonly EdgeCase[] => {
  const [key, r, message] = [A.toBytes(), R.toBytes(), utf8('malleable')];
  const honest = signedOver(key, r, message);
  const s = numberOf(honest.subarray(32));
  const twin = (name: string, value: bigint) => edge(name, key, message, signatureOf(r, value), NEITHER);
  return [
    edge('honest', key, message, honest, BOTH),
    twin('S plus the group order', s + L),
    twin('S plus twice the group order', s + 2n * L),
    twin('S plus the group order as often as it fits', s + 14n * L),
    twin('S equal to the group order', L),
    twin('S of all ones', (1n << 256n) - 1n),
    edge('the sign bit of R turned', key, message, signatureOf(R.negate().toBytes(), s), NEITHER),
    edge('one byte too few', key, message, honest.subarray(0, 63), NEITHER),
    edge('one byte too many', key, message, concatBytes(honest, Uint8Array.of(0)), NEITHER),
    edge('a key of 31 bytes', key.subarray(0, 31), message, honest, NEITHER),
    edge('a key of 33 bytes', concatBytes(key, Uint8Array.of(0)), message, honest, NEITHER),
    edge('a key that is not on the curve', scalarBytes(2n), message, honest, NEITHER),
    edge('another message', key, utf8('Malleable'), honest, NEITHER),
    edge('the key of someone else', publicKeyOf(seedOf('other')), message, honest, NEITHER),
  ];
};

/**
 * A signature by a signer who adds small-order points to key and R on purpose, and turns S around the group order.
 * `residue`: what of them is left in the equation; only where it is zero can a check without the cofactor pass.
 */
export const crafted = (with_: { key: number; r: number; turns: number; message: Uint8Array }) => {
  const points = smallOrderPoints();
  const publicKey = A.add(points[with_.key % 8] ?? Point.ZERO).toBytes();
  const r = R.add(points[with_.r % 8] ?? Point.ZERO).toBytes();
  const k = challenge(r, publicKey, with_.message);
  const s = (NONCE + k * A_SCALAR) % L;
  const signature = signatureOf(r, s + BigInt(with_.turns) * L);
  const residue = (BigInt(with_.r) + k * BigInt(with_.key)) % 8n;
  return { signed: { publicKey, message: with_.message, signature }, residue, turns: with_.turns };
};

export const edgeCases = (): readonly EdgeCase[] => [
  ...malleable(),
  ...mixedOrder(),
  ...forgedUnderSmallOrderKeys(),
  ...smallOrderR(),
  ...nonCanonical(),
];
