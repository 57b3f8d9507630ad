// Attack: someone between us and the registry keeps serving what was true once.
import { describe, expect, it } from 'vitest';
import { walkChain } from '../../keys/chain.ts';
import { chainQuestion, keyringOf, onWire, rootOf, signedKeyring } from './trust-world.ts';

const at = (text: string) => ({ now: new Date(text) });

describe('indefinite freeze', () => {
  it('an old keyring is believed to its last second and not in the next', async () => {
    const before = walkChain(await chainQuestion(at('2026-06-06T23:59:59Z')));
    const after = walkChain(await chainQuestion(at('2026-06-07T00:00:00Z')));
    expect(before).toMatchObject({ believed: true });
    expect(after).toEqual({
      believed: false,
      brokenLink: 'keyring_expired',
      evidence: { version: 7, expires: '2026-06-07T00:00:00Z', now: '2026-06-07T00:00:00.000Z' },
    });
  });

  it('an expired root carries nothing, however fresh the keyring', async () => {
    const fresh = keyringOf({ issuedAt: '2027-01-01T00:00:00Z', expires: '2027-01-08T00:00:00Z' });
    const keyring = onWire(await signedKeyring(fresh, 'registrar'));
    const verdict = walkChain(await chainQuestion({ keyring, ...at('2027-01-02T00:00:00Z') }));
    expect(verdict).toMatchObject({ brokenLink: 'root_expired', evidence: { expires: rootOf().expires } });
  });

  it('a clock that gives no time believes nothing', async () => {
    const verdict = walkChain(await chainQuestion({ now: new Date(Number.NaN) }));
    expect(verdict).toMatchObject({ believed: false, brokenLink: 'root_expired' });
  });

  it('a delegation outside its time is named as such', async () => {
    const late = walkChain(await chainQuestion({ at: new Date('2027-01-01T00:00:00Z') }));
    const early = walkChain(await chainQuestion({ at: new Date('2025-12-31T23:59:59Z') }));
    const never = walkChain(await chainQuestion({ at: new Date(Number.NaN) }));
    expect([late, early, never].map((each) => !each.believed && each.brokenLink)).toEqual([
      'key_expired',
      'key_not_yet',
      'key_not_yet',
    ]);
  });
});
