// Native and portable verification agree; where they cannot, the native answer is the refusal.
import * as noble from '@noble/ed25519';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { concatBytes } from '../../keys/bytes.ts';
import { publicKeyOf, type SignedMessage, sign, verify, verifyPortable } from '../../keys/ed25519.ts';
import { crafted, scalarBytes, smallOrderPoints } from './edge-cases.ts';
import { MESSAGE, seedOf } from './trust-world.ts';

const nobleStrict = ({ publicKey, message, signature }: SignedMessage): boolean => {
  try {
    return noble.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
};

const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  const at = Math.floor(bit / 8) % Math.max(copy.length, 1);
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit % 8));
  return copy;
};

const torsion = smallOrderPoints();
const shifted = (point: Uint8Array, by: number): Uint8Array => {
  try {
    const moved = noble.Point.fromBytes(point).add(torsion[by % 8] ?? noble.Point.ZERO);
    return moved.toBytes();
  } catch {
    return point;
  }
};

type Mutation = (signed: SignedMessage, choice: number) => SignedMessage;
const MUTATIONS: readonly Mutation[] = [
  (signed) => signed,
  (signed, n) => ({ ...signed, publicKey: flipped(signed.publicKey, n) }),
  (signed, n) => ({ ...signed, signature: flipped(signed.signature, n) }),
  (signed, n) => ({ ...signed, message: flipped(concatBytes(signed.message, Uint8Array.of(0)), n) }),
  (signed, n) => ({ ...signed, publicKey: shifted(signed.publicKey, n) }),
  (signed, n) => ({
    ...signed,
    signature: concatBytes(shifted(signed.signature.subarray(0, 32), n), signed.signature.subarray(32)),
  }),
  (signed, n) => ({ ...signed, publicKey: (torsion[n % 8] ?? noble.Point.ZERO).toBytes() }),
  (signed, n) => ({
    ...signed,
    signature: concatBytes((torsion[n % 8] ?? noble.Point.ZERO).toBytes(), scalarBytes(0n)),
  }),
];

const signed = fc
  .tuple(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.uint8Array({ maxLength: 200 }),
    fc.array(fc.tuple(fc.nat(MUTATIONS.length - 1), fc.nat(511)), { maxLength: 2 }),
  )
  .map(([seed, message, mutations]) =>
    mutations.reduce<SignedMessage>((each, [which, choice]) => MUTATIONS[which]?.(each, choice) ?? each, {
      publicKey: publicKeyOf(seed),
      message,
      signature: sign(message, seed),
    }),
  );

it('nothing passes the native check that strict noble refuses', () => {
  fc.assert(
    fc.property(signed, (each) => {
      if (verify(each)) expect([verifyPortable(each), nobleStrict(each)]).toEqual([true, true]);
      if (verifyPortable(each)) expect(nobleStrict(each)).toBe(true);
    }),
    { numRuns: 600 },
  );
});

it('a signer who adds small-order points gets past both or past the portable check alone', () => {
  const small = fc.nat(7);
  const turns = fc.constantFrom(0, 0, 0, 1, 2, 14);
  fc.assert(
    fc.property(small, small, turns, fc.uint8Array({ maxLength: 64 }), (key, r, times, message) => {
      const { signed: each, residue } = crafted({ key, r, turns: times, message });
      expect(verifyPortable(each)).toBe(times === 0);
      expect(nobleStrict(each)).toBe(times === 0);
      expect(verify(each)).toBe(times === 0 && residue === 0n);
    }),
    { numRuns: 800 },
  );
});

it('on bytes out of thin air both say no', () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  fc.assert(
    fc.property(bytes(32), bytes(64), (publicKey, signature) => {
      const each = { publicKey, message: MESSAGE, signature };
      expect([verify(each), verifyPortable(each)]).toEqual([false, false]);
    }),
    { numRuns: 300 },
  );
});

it('what is signed here is believed by both', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array(), (seed, message) => {
      const each = { publicKey: publicKeyOf(seed), message, signature: sign(message, seed) };
      expect([verify(each), verifyPortable(each)]).toEqual([true, true]);
    }),
    { numRuns: 100 },
  );
});

it('more keys than are kept ready still give right answers', () => {
  const many = Array.from({ length: 1100 }, (_, index) => seedOf(`key ${index}`));
  const verdicts = [...many, ...many.slice(0, 20)].map((seed) =>
    verify({ publicKey: publicKeyOf(seed), message: MESSAGE, signature: sign(MESSAGE, seed) }),
  );
  expect(verdicts.every(Boolean)).toBe(true);
});
