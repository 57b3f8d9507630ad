// No wish of a caller loosens a policy: whatever is asked for beside it, what it refuses stays refused.
import { describe, expect, it } from 'vitest';
import {
  ASSURANCES,
  type Assurance,
  memoryTrustStore,
  openRegistry,
  type VerifyPolicy,
  verifyVersion,
  withPolicies,
} from '../../src/client/index.ts';
import { looseningsIn } from '../../src/client/policy/with-policies.ts';
import { makePack } from '../world/packs.ts';
import { partOf, yank } from '../world/static-registry.ts';
import { acme, registryWith } from './host.ts';
import { OTHER_INTEGRITY, policyWith } from './policy-world.ts';

const NAME = 'vendor.acme.tools';

const POLICIES: Readonly<Record<string, object>> = {
  '/mode': { mode: 'verified' },
  '/allow/namespaces': { mode: 'allowlist', allow: { namespaces: ['vendor.other.*'] } },
  '/allow/keys': { mode: 'open', allow: { keys: ['other-1'] } },
  '/pins': { mode: 'pinned', pins: [{ name: NAME, version: '1.0.0', integrity: OTHER_INTEGRITY }] },
  '/assurance': { mode: 'open', assurance: 'manifest' },
  '/minimumAge': { mode: 'open', minimumAge: { age: '7d' } },
  '/advisories/required': { mode: 'open', advisories: { refuse: 'low', required: true } },
  '/yanks': { mode: 'open', yanks: 'refuse' },
  '/deprecated': { mode: 'open', deprecated: 'refuse' },
  '/licenses/allow': { mode: 'open', licenses: { allow: ['MIT'] } },
  '/registries': { mode: 'open', registries: [{ url: 'https://packs.example' }] },
};

const FLAGS = [undefined, true, false] as const;
const ASSURANCE_FLAGS = [undefined, ...(Object.keys(ASSURANCES) as Assurance[])];

const WISHES: readonly VerifyPolicy[] = FLAGS.flatMap((allowUnsigned) =>
  FLAGS.flatMap((allowRotatedKeys) =>
    ASSURANCE_FLAGS.map((minAssurance) => ({ allowUnsigned, allowRotatedKeys, minAssurance })),
  ),
);

/** A version that breaks every rule above. */
const worstRegistry = async () => {
  const pack = await makePack(acme, { seed: null, edits: { '/license': 'GPL-3.0-only' } });
  const files = await registryWith([pack]);
  yank(files, pack, 'it leaks');
  files.setJson(partOf(pack, 'json'), { ...files.json(partOf(pack, 'json')), deprecated: true });
  return openRegistry({ url: files.url, store: memoryTrustStore() });
};

describe('beside a policy', () => {
  it('every combination of wishes leaves every rule in force', async () => {
    const registry = await worstRegistry();
    const verify = (policy: VerifyPolicy) =>
      verifyVersion({ registry, policy })(NAME, '1.0.0').then(
        () => 'taken',
        (error: { readonly code: string; readonly evidence: { readonly rule?: string } }) =>
          error.code === 'policy_refused' ? error.evidence.rule : error.code,
      );
    // Without a policy a wish is enough, so that it is the policies that refuse here.
    expect(await verify({ allowUnsigned: true })).toBe('taken');
    for (const [rule, members] of Object.entries(POLICIES))
      for (const wish of WISHES) {
        const outcome = await verify(withPolicies([policyWith(members)], wish));
        const stricter = wish.minAssurance !== undefined && wish.minAssurance !== 'none';
        expect([`attestry.policy.json#${rule}`, ...(stricter ? ['assurance_too_low'] : [])]).toContain(
          outcome,
        );
      }
  }, 60_000);

  it('a wish may be stricter', () => {
    const wish = { minAssurance: 'log+bytes', requireStatement: true, protocolMajor: 2 } as const;
    expect(withPolicies([policyWith({})], wish)).toMatchObject(wish);
  });

  it('a wish that would loosen it is named, so that nobody believes it was heard', () => {
    const wish = { allowUnsigned: true, allowRotatedKeys: true };
    const found = looseningsIn([policyWith({}), policyWith({ mode: 'open' })], wish);
    expect(found.map(({ option, policy }) => `${option} ${policy.mode}`)).toEqual([
      'allowUnsigned verified',
      'allowRotatedKeys verified',
    ]);
  });

  it('rotated keys are taken only where the digest alone decides, in all policies', () => {
    const open = policyWith({ mode: 'open' });
    expect(withPolicies([open], {}).allowRotatedKeys).toBe(true);
    expect(withPolicies([open, policyWith({})], { allowRotatedKeys: true }).allowRotatedKeys).toBe(false);
  });

  it('a second policy only adds rules', () => {
    const policies = [policyWith({}), policyWith({ mode: 'open' })];
    expect(withPolicies(policies, {}).rules).toEqual(policies);
    expect(withPolicies([], { allowUnsigned: true })).toEqual({ allowUnsigned: true });
  });
});
