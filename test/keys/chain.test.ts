// The chain from a pinned root to one signature: believed as a whole, or broken at one named link.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BrokenLink, CHAIN_LINKS, type ChainQuestion, walkChain } from '../../keys/chain.ts';
import { sign } from '../../keys/ed25519.ts';
import { parseKeyId } from '../../keys/key.ts';
import { type Keyring, keyringMark } from '../../keys/keyring.ts';
import type { Revocation } from '../../keys/revocation.ts';
import {
  chainQuestion,
  delegationOf,
  keyringOf,
  LATER,
  MESSAGE,
  onWire,
  rootOf,
  seedOf,
  signedKeyring,
  signedRoot,
} from './trust-world.ts';

describe('the chain', () => {
  it('is believed when every link holds, and hands over what it went through', async () => {
    const verdict = walkChain(await chainQuestion());
    expect(verdict).toEqual({
      believed: true,
      root: rootOf(),
      keyring: keyringOf(),
      delegation: delegationOf('publisher'),
    });
  });

  it('is believed over a root that was handed over', async () => {
    const update = onWire(await signedRoot(rootOf({ version: 2 }), 'root-b', 'root-c'));
    const verdict = walkChain(await chainQuestion({ updates: [update] }));
    expect(verdict).toMatchObject({ believed: true, root: { version: 2 } });
  });

  it('an old release stays believed when its key has expired since, by the time of its leaf', async () => {
    const short = keyringOf({
      delegations: [delegationOf('publisher', { notAfter: '2026-03-01T00:00:00Z' })],
    });
    const keyring = onWire(await signedKeyring(short, 'registrar'));
    const at = new Date('2026-02-01T00:00:00Z');
    expect(walkChain(await chainQuestion({ keyring, at, position: 12 }))).toMatchObject({ believed: true });
    expect(walkChain(await chainQuestion({ keyring }))).toMatchObject({ brokenLink: 'key_expired' });
  });

  it('every link can break, and each breaks under its own name', async () => {
    const signed = async (change: Partial<Keyring>, name = 'registrar') => ({
      keyring: onWire(await signedKeyring(keyringOf(change), name)),
    });
    const revocation: Revocation = {
      keyId: parseKeyId('publisher'),
      reason: 'stolen',
      fromPosition: null,
      issuedAt: '2026-05-30T00:00:00Z',
    };
    const breaks: Readonly<Record<BrokenLink, Partial<ChainQuestion>>> = {
      root_steps: { updates: Array(2000).fill({}) },
      root_update: { updates: [{}] },
      root_rollback: { lastSeen: { rootVersion: 2, keyring: keyringMark(rootOf(), keyringOf()) } },
      root_expired: { now: LATER },
      keyring_signature: await signed({}, 'thief'),
      keyring_rollback: {
        lastSeen: { rootVersion: 1, keyring: keyringMark(rootOf(), keyringOf({ version: 8 })) },
      },
      keyring_expired: await signed({ expires: '2026-06-01T00:00:00Z' }),
      key_unknown: { keyId: 'nobody' },
      key_revoked: await signed({ revocations: [revocation] }),
      key_not_yet: { at: new Date('2025-01-01T00:00:00Z') },
      key_expired: { at: LATER },
      key_namespace: { packName: 'core.x.y' },
      signature: { signature: sign(MESSAGE, seedOf('thief')) },
    };
    for (const link of CHAIN_LINKS) {
      const verdict = walkChain(await chainQuestion(breaks[link]));
      expect(verdict).toMatchObject({ believed: false, brokenLink: link });
    }
  });

  it('never throws for what others have sent, whatever it is', async () => {
    const good = await chainQuestion();
    const anything = fc.anything({ withNullPrototype: true, withBigInt: true, withTypedArray: true });
    fc.assert(
      fc.property(anything, anything, fc.string(), fc.string(), (update, keyring, packName, keyId) => {
        expect(walkChain({ ...good, updates: [update] }).believed).toBe(false);
        expect(walkChain({ ...good, keyring }).believed).toBe(false);
        expect(walkChain({ ...good, packName, keyId }).believed).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('a changed bit anywhere in the envelope never changes what is believed', async () => {
    const good = await chainQuestion();
    const text = JSON.stringify(good.keyring);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.nat(6), (at, bit) => {
        const changed = String.fromCharCode(text.charCodeAt(at) ^ (1 << bit));
        const verdict = walkChain({ ...good, keyring: text.slice(0, at) + changed + text.slice(at + 1) });
        // What is left believable is a changed hint, such as the key id beside a signature.
        if (verdict.believed) expect(verdict.keyring).toEqual(keyringOf());
      }),
      { numRuns: 400 },
    );
  });
});
