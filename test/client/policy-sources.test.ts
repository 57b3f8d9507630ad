// Several registries: which may be asked for a name, in which order, and what dependency confusion comes to.
import { describe, expect, it } from 'vitest';
import { Refusal, sourcesFor } from '../../src/client/index.ts';
import { requireNameAllowed } from '../../src/client/policy/sources.ts';
import { INTEGRITY, policyWith } from './policy-world.ts';

const policy = policyWith({
  registries: [
    { url: 'https://inside.example', names: ['private.acme.*', 'vendor.acme.*'] },
    { url: 'https://team.example', names: ['vendor.acme.team.*', 'vendor.acme.exact'] },
    { url: 'https://packs.example' },
  ],
});

const asked = (name: string, policies = [policy]): readonly string[] | undefined =>
  sourcesFor(policies, name)?.map(({ url }) => url.replace(/^https:\/\/|\.example$/g, ''));

const refusalOf = (work: () => unknown): Refusal => {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal) return error;
  }
  throw new Error('nothing was refused');
};

describe('a name', () => {
  it('whose prefix is bound is asked for at that source and nowhere else', () => {
    expect(asked('private.acme.secret')).toEqual(['inside']);
    expect(asked('vendor.acme.tools')).toEqual(['inside']);
    expect(asked('vendor.Acme.Tools')).toEqual(['inside']);
  });

  it('belongs to the source that says the most of it', () => {
    expect(asked('vendor.acme.team.x')).toEqual(['team']);
    expect(asked('vendor.acme.exact')).toEqual(['team']);
  });

  it('that nobody binds is asked for in the order of the file', () => {
    expect(asked('core.openwop.flow')).toEqual(['inside', 'team', 'packs']);
    expect(asked('vendor.acmes.tools')).toEqual(['inside', 'team', 'packs']);
  });

  it('may be asked for anywhere where no policy names registries', () => {
    expect(asked('private.acme.secret', [policyWith({})])).toBeUndefined();
  });

  it('that is private and bound to no source is asked for nowhere: a public registry could have it from anybody', () => {
    const refused = refusalOf(() => asked('private.other.secret'));
    expect(refused).toMatchObject({
      code: 'policy_refused',
      evidence: { rule: 'attestry.policy.json#/registries', name: 'private.other.secret' },
    });
  });

  it('is asked for only where all policies let it', () => {
    const other = policyWith({
      registries: [{ url: 'https://packs.example' }, { url: 'https://team.example' }],
    });
    expect(asked('core.openwop.flow', [policy, other])).toEqual(['team', 'packs']);
    expect(refusalOf(() => asked('vendor.acme.tools', [policy, other])).code).toBe('policy_refused');
  });
});

describe('before any registry is asked', () => {
  it('a name that is not listed is refused by its rule', () => {
    const listed = policyWith({ mode: 'allowlist', allow: { namespaces: ['vendor.acme.*'] } });
    expect(() => requireNameAllowed([listed], 'vendor.acme.tools')).not.toThrow();
    const refused = refusalOf(() => requireNameAllowed([listed], 'vendor.evil.tools'));
    expect(refused.evidence['rule']).toBe('attestry.policy.json#/allow/namespaces');
  });

  it('a name of which nothing is pinned is refused by its rule', () => {
    const pin = { name: 'vendor.acme.tools', version: '1.0.0', integrity: INTEGRITY };
    const pinned = policyWith({ mode: 'pinned', pins: [pin] });
    expect(() => requireNameAllowed([pinned], 'vendor.acme.tools')).not.toThrow();
    expect(refusalOf(() => requireNameAllowed([pinned], 'vendor.acme.other')).evidence['rule']).toBe(
      'attestry.policy.json#/pins',
    );
  });
});
