// Attack: some keys are stolen, but fewer than the threshold asks for.
import { describe, expect, it } from 'vitest';
import { walkChain } from '../../keys/chain.ts';
import { verifyKeyring } from '../../keys/keyring.ts';
import { verifyFirstRoot, verifyRootUpdate } from '../../keys/root.ts';
import {
  chainQuestion,
  delegationOf,
  keyringOf,
  onWire,
  refusalOf,
  role,
  rootOf,
  signedKeyring,
  signedRoot,
} from './trust-world.ts';

describe('key compromise below the threshold', () => {
  it('one of two root keys names no new root', async () => {
    const stolen = await signedRoot(rootOf({ version: 2, ...role(1, 'thief') }), 'root-a', 'thief');
    const refusal = refusalOf(() => verifyRootUpdate(rootOf(), stolen));
    expect([refusal.code, refusal.details]).toEqual([
      'root_old_threshold',
      { expected: 2, found: 1, signedBy: ['root-a'] },
    ]);
  });

  it('a first root signed by too few of its own keys is not pinned', async () => {
    const envelope = await signedRoot(rootOf(), 'root-b');
    expect(refusalOf(() => verifyFirstRoot(envelope)).code).toBe('root_new_threshold');
  });

  it('one of two registrars signs no keyring', async () => {
    const root = rootOf({ registrar: role(2, 'registrar', 'registrar-2') });
    const envelope = await signedKeyring(keyringOf(), 'registrar');
    expect(refusalOf(() => verifyKeyring(root, envelope)).code).toBe('threshold_not_met');
  });

  it('root keys do not stand in for the registrar', async () => {
    const envelope = await signedKeyring(keyringOf(), 'root-a', 'root-b', 'root-c');
    const verdict = await walkChain(await chainQuestion({ keyring: onWire(envelope) }));
    expect(verdict).toMatchObject({ believed: false, brokenLink: 'keyring_signature' });
  });

  it('a publisher cannot delegate to itself', async () => {
    const forged = keyringOf({ delegations: [delegationOf('publisher', { namespaces: ['core.*'] })] });
    const keyring = onWire(await signedKeyring(forged, 'publisher'));
    const verdict = walkChain(await chainQuestion({ keyring, packName: 'core.openwop.flow' }));
    expect(verdict).toMatchObject({ believed: false, brokenLink: 'keyring_signature' });
  });
});
