// A key names the one that follows it: the bytes it signs are fixed, and nothing else passes for them.
import { describe, expect, it } from 'vitest';
import { fromUtf8 } from '../../keys/bytes.ts';
import { publicKeyOf, sign } from '../../keys/ed25519.ts';
import { parseKeyId, parsePublicKeySpki, publicKeyFromBytes } from '../../keys/key.ts';
import { provesRotation, type Rotation, rotationMessage } from '../../keys/rotation.ts';
import { refusalOf, vectors } from './trust-world.ts';

interface Vector {
  readonly old_seed: string;
  readonly kid: string;
  readonly publicKey: string;
  readonly validFrom: string;
  readonly message: string;
  readonly rotationProof: string;
}

const vector = vectors<Vector>('rotation');
const oldSeed = Buffer.from(vector.old_seed, 'hex');
const oldKey = publicKeyFromBytes(publicKeyOf(oldSeed));
const rotation: Rotation = {
  keyId: parseKeyId(vector.kid),
  publicKey: parsePublicKeySpki(vector.publicKey),
  validFrom: vector.validFrom,
};
const proof = Buffer.from(vector.rotationProof, 'base64');

describe('the proof of a rotation', () => {
  it('covers kid, key and time one behind the other, as the vector has them', () => {
    expect(fromUtf8(rotationMessage(rotation))).toBe(vector.message);
    expect(Buffer.from(sign(rotationMessage(rotation), oldSeed)).toString('base64')).toBe(
      vector.rotationProof,
    );
    expect(provesRotation(oldKey, rotation, proof)).toBe(true);
  });

  it.each<[string, Partial<Rotation>]>([
    ['another id', { keyId: parseKeyId('acme-2026-05') }],
    ['another key', { publicKey: oldKey }],
    ['another time', { validFrom: '2026-04-01T00:00:01.000Z' }],
    ['the same time in another spelling', { validFrom: '2026-04-01T00:00:00Z' }],
  ])('does not cover %s', (_, change) => {
    expect(provesRotation(oldKey, { ...rotation, ...change }, proof)).toBe(false);
  });

  it('is none by another key, or in another length', () => {
    expect(provesRotation(rotation.publicKey, rotation, proof)).toBe(false);
    expect(provesRotation(oldKey, rotation, proof.subarray(1))).toBe(false);
  });

  it('has one sign that tells where the key ends, so that no two rotations share their bytes', () => {
    expect(vector.message.split('=')).toHaveLength(2);
  });
});

describe('a key as keychains carry it', () => {
  it.each([
    ['32 raw bytes', Buffer.alloc(32, 9).toString('base64')],
    ['another algorithm', vector.publicKey.replace('K2Vw', 'K2Vx')],
    ['no base64', `${vector.publicKey.slice(0, -1)}!`],
    ['nothing', ''],
  ])('is no %s', (_, text) => {
    expect(refusalOf(() => parsePublicKeySpki(text)).code).toBe('key_form');
  });
});
