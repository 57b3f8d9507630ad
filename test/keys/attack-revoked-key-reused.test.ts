// Attack: a stolen key goes on signing after its revocation, or comes back under another name.
import { describe, expect, it } from 'vitest';
import { walkChain } from '../../keys/chain.ts';
import { parseKeyId } from '../../keys/key.ts';
import { type Keyring, keyringPayload, parseKeyring, standing } from '../../keys/keyring.ts';
import { parseRevocation, type Revocation, revocationPayload } from '../../keys/revocation.ts';
import {
  chainQuestion,
  delegationOf,
  keyringOf,
  NOW,
  onWire,
  refusalOf,
  signedKeyring,
} from './trust-world.ts';

const revocation = (fromPosition: number | null, keyId = 'publisher'): Revocation => ({
  keyId: parseKeyId(keyId),
  reason: 'stolen laptop',
  fromPosition,
  issuedAt: '2026-05-30T00:00:00Z',
});
const revoked = (...revocations: readonly Revocation[]): Keyring => keyringOf({ revocations });
const verdictAt = async (keyring: Keyring, position?: number) =>
  walkChain(await chainQuestion({ keyring: onWire(await signedKeyring(keyring, 'registrar')), position }));

describe('a revoked key', () => {
  it('stays believed for what the log recorded before, and for nothing from there on', async () => {
    const keyring = revoked(revocation(400));
    expect(await verdictAt(keyring, 399)).toMatchObject({ believed: true });
    expect(await verdictAt(keyring, 400)).toMatchObject({ brokenLink: 'key_revoked' });
    expect(await verdictAt(keyring, 10_000)).toMatchObject({ brokenLink: 'key_revoked' });
  });

  it('is not believed for what the log does not hold', async () => {
    expect(await verdictAt(revoked(revocation(400)))).toMatchObject({
      brokenLink: 'key_revoked',
      evidence: { keyId: 'publisher', revocations: [{ reason: 'stolen laptop', fromPosition: 400 }] },
    });
  });

  it('is not believed at any position that is none', async () => {
    for (const position of [Number.NaN, -1])
      expect(await verdictAt(revoked(revocation(400)), position)).toMatchObject({
        brokenLink: 'key_revoked',
      });
  });

  it('is believed nowhere when it is revoked altogether', async () => {
    expect(await verdictAt(revoked(revocation(null)), 0)).toMatchObject({ brokenLink: 'key_revoked' });
  });

  it('is held to the strictest of its revocations', async () => {
    const keyring = revoked(revocation(400), revocation(100));
    expect(await verdictAt(keyring, 200)).toMatchObject({ brokenLink: 'key_revoked' });
  });

  it('cannot be listed again under another id', () => {
    const again = { ...delegationOf('publisher'), keyId: parseKeyId('fresh-name') };
    const keyring = { ...revoked(revocation(null)), delegations: [delegationOf('publisher'), again] };
    expect(refusalOf(() => keyringPayload(keyring)).details).toMatchObject({ where: '/delegations' });
  });

  it('cannot lose its place in the list either, which would let it be listed again', () => {
    const keyring = { ...revoked(revocation(null)), delegations: [delegationOf('someone-else')] };
    expect(refusalOf(() => keyringPayload(keyring)).details).toMatchObject({ where: '/revocations' });
  });

  it('leaves other keys alone', () => {
    const keyring = {
      ...revoked(revocation(null)),
      delegations: ['publisher', 'other'].map((n) => delegationOf(n)),
    };
    expect(standing(keyring, 'other', { now: NOW })).toBe('active');
    expect(standing(keyring, 'nobody', { now: NOW })).toBe('unknown');
  });
});

describe('the documents', () => {
  it('a revocation and a keyring are written and read back', () => {
    expect(parseRevocation(revocationPayload(revocation(3)))).toEqual(revocation(3));
    expect(parseRevocation(revocationPayload(revocation(null)))).toEqual(revocation(null));
    expect(parseKeyring(keyringPayload(revoked(revocation(3))))).toEqual(revoked(revocation(3)));
  });

  it('a revocation from half a position or without a reason is not made', () => {
    for (const change of [{ fromPosition: 0.5 }, { fromPosition: -1 }, { reason: '' }])
      expect(refusalOf(() => revocationPayload({ ...revocation(1), ...change })).code).toBe('document');
  });
});
