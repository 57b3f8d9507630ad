// The audit chain hashes and signs what RFC 0218 says, to the byte.
import { describe, expect, it } from 'vitest';
import { decodeBase64, decodeHex, encodeHex, utf8 } from '../../keys/bytes.ts';
import { canonicalBytes } from '../../keys/canonical.ts';
import { verify } from '../../keys/ed25519.ts';
import { sha256 } from '../../keys/hash.ts';
import { publicKeyFromBytes } from '../../keys/key.ts';
import {
  chainFrom,
  checkpointRoot,
  entryBytes,
  packHashes,
  unpackHashes,
} from '../../src/transparency/audit-chain/chain.ts';
import { dueSequence } from '../../src/transparency/audit-chain/mint.ts';
import { vectors } from '../keys/trust-world.ts';

interface Vectors {
  readonly publicKeySpki: string;
  readonly entryHashes: readonly string[];
  readonly checkpoints: readonly {
    readonly atSequence: number;
    readonly previous: number;
    readonly merkleRoot: string;
    readonly signature: string;
  }[];
}

const bytes = (hex: string): Uint8Array => decodeHex(hex) ?? new Uint8Array();

describe('the published vectors', () => {
  const { publicKeySpki, entryHashes, checkpoints } = vectors<Vectors>('audit-checkpoint');
  const publicKey = publicKeyFromBytes((decodeBase64(publicKeySpki) ?? new Uint8Array()).subarray(12));

  it.each(checkpoints)('hold for the checkpoint at $atSequence', (checkpoint) => {
    const { atSequence, previous, merkleRoot, signature } = checkpoint;
    const root = checkpointRoot(entryHashes.slice(previous, atSequence).map(bytes));
    expect(encodeHex(root)).toBe(merkleRoot);
    expect(verify({ publicKey, message: root, signature: decodeBase64(signature) ?? new Uint8Array() })).toBe(
      true,
    );
    expect(
      verify({
        publicKey,
        message: utf8(merkleRoot),
        signature: decodeBase64(signature) ?? new Uint8Array(),
      }),
    ).toBe(false);
  });

  it('are of no use without entries', () => {
    expect(() => checkpointRoot([])).toThrow(RangeError);
  });
});

describe('an entry', () => {
  const leaf = canonicalBytes({ v: 1, id: 'a', kind: 'x' });

  it('is canonical JSON that carries the hash of the entry before, and null where there is none', () => {
    const first = { atSequence: 1, event: { v: 1, id: 'a', kind: 'x' }, prevHash: null };
    expect(entryBytes(1, leaf, undefined)).toEqual(canonicalBytes(first));
    const hash = sha256(canonicalBytes(first));
    const second = { ...first, atSequence: 2, prevHash: encodeHex(hash) };
    expect(entryBytes(2, leaf, hash)).toEqual(canonicalBytes(second));
    expect(chainFrom(1, [leaf, leaf], undefined)).toEqual([hash, sha256(canonicalBytes(second))]);
    expect(unpackHashes(packHashes([hash, hash]))).toEqual([hash, hash]);
  });
});

describe('a checkpoint is due', () => {
  const now = new Date('2026-06-01T12:00:00Z');
  const ago = (seconds: number) => ({ atSequence: 500, madeAt: new Date(now.getTime() - seconds * 1_000) });
  it.each([
    ['never for an empty log', undefined, 0, undefined],
    ['at once for the first entries', undefined, 3, 3],
    ['after a thousand entries at most', undefined, 2_500, 1_000],
    ['not while it is young', ago(10), 900, undefined],
    ['soon enough for the time that is advertised', ago(215), 900, 900],
    ['not for nothing new', ago(9_999), 500, undefined],
    ['at a thousand entries, however young', ago(1), 1_500, 1_500],
  ] as const)('%s', (_name, latest, size, due) => {
    expect(dueSequence(latest, size, now)).toBe(due);
  });
});
