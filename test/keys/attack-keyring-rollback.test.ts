// Attack: an older keyring is served in order to bring back a revoked key, or a newer one to lock everybody out.
import { describe, expect, it } from 'vitest';
import { trustKeyring, walkChain } from '../../keys/chain.ts';
import { type Keyring, keyringMark } from '../../keys/keyring.ts';
import {
  chainQuestion,
  delegationOf,
  keyringOf,
  NOW,
  onWire,
  role,
  rootOf,
  signedKeyring,
} from './trust-world.ts';

const seen = (change: Partial<Keyring> = {}) => keyringMark(rootOf(), keyringOf(change));
const trust = async (change: Partial<Keyring>, root = rootOf(), name = 'registrar') =>
  trustKeyring({
    root,
    keyring: onWire(await signedKeyring(keyringOf(change), name)),
    now: NOW,
    lastSeen: seen(),
  });

describe('keyring rollback', () => {
  it('the same keyring again, and a newer one, are believed', async () => {
    expect(await trust({})).toMatchObject({ believed: true });
    expect(await trust({ version: 8, treeSize: 501 })).toMatchObject({ believed: true });
  });

  it('an older version is refused with both marks as evidence', async () => {
    const verdict = await trust({ version: 6 });
    expect(verdict).toMatchObject({
      brokenLink: 'keyring_rollback',
      evidence: { code: 'keyring_rollback', seen: { version: 7 }, found: { version: 6 } },
    });
  });

  it('a newer version over a smaller log is refused', async () => {
    const verdict = await trust({ version: 8, treeSize: 499 });
    expect(verdict).toMatchObject({ brokenLink: 'keyring_rollback', evidence: { found: { treeSize: 499 } } });
  });

  it('two different keyrings of one version are a fork', async () => {
    const verdict = await trust({ delegations: [delegationOf('someone-else')] });
    expect(verdict).toMatchObject({ brokenLink: 'keyring_rollback', evidence: { code: 'keyring_fork' } });
  });

  it('the walk of the whole chain remembers, too', async () => {
    const lastSeen = { rootVersion: 1, keyring: seen({ version: 9 }) };
    const verdict = walkChain(await chainQuestion({ lastSeen }));
    expect(verdict).toMatchObject({ brokenLink: 'keyring_rollback' });
  });
});

describe('fast-forward', () => {
  it('a thief who signed the highest version there is does not lock out the new registrar', async () => {
    const last = seen({ version: Number.MAX_SAFE_INTEGER, treeSize: Number.MAX_SAFE_INTEGER });
    const root = rootOf({ version: 2, registrar: role(1, 'registrar-2') });
    const keyring = onWire(await signedKeyring(keyringOf({ version: 8 }), 'registrar-2'));
    expect(trustKeyring({ root, keyring, now: NOW, lastSeen: last })).toMatchObject({ believed: true });
  });

  it('the new registrar is held to what it signed itself', async () => {
    const root = rootOf({ version: 2, registrar: role(1, 'registrar-2') });
    const lastSeen = keyringMark(root, keyringOf({ version: 9 }));
    const keyring = onWire(await signedKeyring(keyringOf({ version: 8 }), 'registrar-2'));
    expect(trustKeyring({ root, keyring, now: NOW, lastSeen })).toMatchObject({
      brokenLink: 'keyring_rollback',
    });
  });
});
