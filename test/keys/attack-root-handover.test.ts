// Attack: a root is put in place of another without all it takes to follow it.
import { describe, expect, it } from 'vitest';
import { canonicalBytes, type JsonObject, parseCanonical } from '../../keys/canonical.ts';
import { walkChain, walkRoots } from '../../keys/chain.ts';
import { signEnvelope } from '../../keys/envelope.ts';
import {
  MAX_ROOT_STEPS,
  parseRoot,
  ROOT_PAYLOAD_TYPE,
  rootPayload,
  verifyFirstRoot,
  verifyRootUpdate,
} from '../../keys/root.ts';
import {
  chainQuestion,
  LATER,
  NOW,
  onWire,
  refusalOf,
  role,
  rootOf,
  signedRoot,
  signer,
} from './trust-world.ts';

const OLD = ['root-a', 'root-b'] as const;
const rotated = (version: number) => rootOf({ version, ...role(2, 'new-a', 'new-b') });

describe('handing over from root to root', () => {
  it('is believed when enough keys of both have signed, and step by step', async () => {
    const second = await signedRoot(rotated(2), ...OLD, 'new-a', 'new-b');
    const third = await signedRoot(rotated(3), 'new-a', 'new-b');
    const walked = walkRoots({ anchor: rootOf(), updates: [onWire(second), onWire(third)], now: NOW });
    expect(walked).toMatchObject({ believed: true, root: { version: 3 } });
  });

  it('a root signed by the new keys alone is refused', async () => {
    const envelope = await signedRoot(rotated(2), 'new-a', 'new-b');
    expect(refusalOf(() => verifyRootUpdate(rootOf(), envelope)).code).toBe('root_old_threshold');
  });

  it('a root signed by the old keys alone is refused', async () => {
    const envelope = await signedRoot(rotated(2), ...OLD);
    expect(refusalOf(() => verifyRootUpdate(rootOf(), envelope)).code).toBe('root_new_threshold');
  });

  it('a skipped version is refused, even with every signature', async () => {
    const envelope = await signedRoot(rootOf({ version: 3 }), ...OLD);
    const { code, details } = refusalOf(() => verifyRootUpdate(rootOf(), envelope));
    expect([code, details]).toEqual(['root_skipped', { expected: 2, found: 3 }]);
  });

  it.each([1, 2])('a rollback from version 3 to %i is refused', async (version) => {
    const envelope = await signedRoot(rootOf({ version }), ...OLD);
    expect(refusalOf(() => verifyRootUpdate(rootOf({ version: 3 }), envelope)).code).toBe('root_rollback');
  });

  it('the root of a foreign registry is refused, even by the same people', async () => {
    const envelope = await signedRoot(rootOf({ version: 2, registry: 'packs.example.org' }), ...OLD);
    const { code, details } = refusalOf(() => verifyRootUpdate(rootOf(), envelope));
    expect([code, details]).toEqual([
      'root_registry',
      { expected: 'packs.example.com', found: 'packs.example.org' },
    ]);
  });

  it('a walk that ends before the root seen last time is a rollback', () => {
    const walked = walkRoots({ anchor: rootOf(), updates: [], now: NOW, lastSeenVersion: 4 });
    expect(walked).toEqual({
      believed: false,
      brokenLink: 'root_rollback',
      evidence: { seen: 4, found: 1 },
    });
  });

  it('an expired root still names its successor, but is not believed itself', async () => {
    const next = onWire(await signedRoot(rootOf({ version: 2, expires: '2040-01-01T00:00:00Z' }), ...OLD));
    const anchor = rootOf();
    expect(walkRoots({ anchor, updates: [next], now: LATER })).toMatchObject({ believed: true });
    expect(walkRoots({ anchor, updates: [], now: LATER })).toMatchObject({ brokenLink: 'root_expired' });
  });

  it('an endless row of roots is refused before the first is read', () => {
    const updates = Array(MAX_ROOT_STEPS + 1).fill('not even an envelope');
    expect(walkRoots({ anchor: rootOf(), updates, now: NOW })).toMatchObject({ brokenLink: 'root_steps' });
  });

  it('the broken step is named with what was trusted before it', async () => {
    const second = onWire(await signedRoot(rootOf({ version: 2 }), ...OLD));
    const fourth = onWire(await signedRoot(rootOf({ version: 4 }), ...OLD));
    const verdict = walkChain(await chainQuestion({ updates: [second, fourth] }));
    expect(verdict).toEqual({
      believed: false,
      brokenLink: 'root_update',
      evidence: { trusted: 2, code: 'root_skipped', expected: 3, found: 4 },
    });
  });
});

describe('the root document', () => {
  it('is written and read back to the same root', async () => {
    expect(parseRoot(rootPayload(rootOf()))).toEqual(rootOf());
    expect(verifyFirstRoot(await signedRoot(rootOf(), ...OLD))).toEqual(rootOf());
  });

  const json = () => parseCanonical(rootPayload(rootOf())) as JsonObject;
  const log = () => json().log as JsonObject;
  it.each([
    ['another type', { type: 'attestry-root/v2' }, '/type'],
    ['an unknown member', { extra: 1 }, ''],
    ['version 0', { version: 0 }, '/version'],
    ['a version that is no whole number', { version: 1.5 }, '/version'],
    ['a day that does not exist', { expires: '2027-02-30T00:00:00Z' }, '/expires'],
    ['a time in another zone', { expires: '2027-01-01T00:00:00+01:00' }, '/expires'],
    ['an expiry before the issue', { expires: '2025-01-01T00:00:00Z' }, '/expires'],
    ['no keys', { keys: [] }, '/threshold'],
    ['threshold 0', { threshold: 0 }, '/threshold'],
    ['a small-order key', { keys: [{ keyId: 'a', publicKey: `${'A'.repeat(43)}=` }] }, '/keys/0/publicKey'],
    ['a key id that is a path', { keys: [{ keyId: '..', publicKey: '' }] }, '/keys/0/keyId'],
    ['no registrar', { registrar: null }, '/registrar'],
    ['a log named unlike its origin', { log: { ...log(), origin: 'other' } }, '/log/vkey'],
  ])('refuses %s', (_, change, where) => {
    const payload = canonicalBytes({ ...json(), ...change });
    const { code, details } = refusalOf(() => parseRoot(payload));
    expect([code, details.where]).toEqual(['document', where]);
  });

  it('refuses a missing member', () => {
    const { expires: _, ...rest } = json();
    expect(refusalOf(() => parseRoot(canonicalBytes(rest))).details).toMatchObject({ where: '' });
  });

  it('refuses another spelling of a good root, though every signature holds', async () => {
    const pretty = new TextEncoder().encode(JSON.stringify(json(), null, 2));
    const envelope = await signEnvelope({ payloadType: ROOT_PAYLOAD_TYPE, payload: pretty }, OLD.map(signer));
    expect(refusalOf(() => verifyFirstRoot(envelope)).code).toBe('json_not_canonical');
  });
});
