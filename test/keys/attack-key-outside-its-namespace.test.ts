// Attack: a key that may sign some names signs others.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { walkChain } from '../../keys/chain.ts';
import { delegationPayload, permits } from '../../keys/delegation.ts';
import { chainQuestion, delegationOf, refusalOf } from './trust-world.ts';

describe('a key outside its namespace', () => {
  it.each([
    ['vendor.acme.*', 'vendor.acme.tools', true],
    ['vendor.acme.*', 'vendor.acme.tools.deep', true],
    ['vendor.acme.*', 'Vendor.Acme.Tools', true],
    ['VENDOR.Acme.*', 'vendor.acme.tools', true],
    ['vendor.acme.*', 'vendor.acme', false],
    ['vendor.acme.*', 'vendor.acme.', false],
    ['vendor.acme.*', 'vendor.acmeevil.x', false],
    ['vendor.acme.*', 'evil.vendor.acme.x', false],
    ['vendor.acme', 'vendor.acme', true],
    ['vendor.acme', 'vendor.acme.tools', false],
    ['kb:acme:*', 'kb:acme:sales:handbook', true],
    ['kb:acme:*', 'kb:acmeevil:sales:handbook', false],
    ['kb:acme:*', 'kb:acme', false],
    ['kb:acme:sales:handbook', 'kb:acme:sales:handbook', true],
    ['kb.*', 'kb:acme:x', false],
    ['vendor.kay.*', 'vendor.\u212aay.x', false],
    ['vendor.acme.*', 'vendor.acme.\n', false],
    ['vendor.acme.*', '', false],
  ])('%s over %j: %s', (namespace, name, verdict) => {
    expect(permits({ namespaces: [namespace] }, name)).toBe(verdict);
  });

  it.each([
    '*',
    'vendor*',
    'vendor.*.tools',
    '.*',
    ':*',
    'vendor.acme.**',
    'vendor acme.*',
    '',
    'ä.*',
    'a\n',
  ])('no delegation can be made for %j', (namespace) => {
    const delegation = delegationOf('publisher', { namespaces: [namespace] });
    expect(refusalOf(() => delegationPayload(delegation)).details).toMatchObject({
      where: '/namespaces/0',
    });
    expect(permits({ namespaces: [namespace] }, 'vendor.acme.tools')).toBe(false);
  });

  it('a prefix covers exactly the names that are longer than it and begin with it', () => {
    const name = fc.stringMatching(/^[a-z.:]{1,12}$/);
    fc.assert(
      fc.property(name, fc.stringMatching(/^[a-z]{1,4}[.:]$/), (each, prefix) => {
        const expected = each.length > prefix.length && each.startsWith(prefix);
        expect(permits({ namespaces: [`${prefix}*`] }, each)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('breaks the chain at that link, with what the key was allowed', async () => {
    const verdict = walkChain(await chainQuestion({ packName: 'core.openwop.flow' }));
    expect(verdict).toMatchObject({
      brokenLink: 'key_namespace',
      evidence: { keyId: 'publisher', packName: 'core.openwop.flow', namespaces: ['vendor.acme.*'] },
    });
  });

  it('a delegation without names, or that ends before it begins, is not made', () => {
    const backwards = { notBefore: '2026-02-01T00:00:00Z', notAfter: '2026-01-01T00:00:00Z' };
    for (const change of [{ namespaces: [] }, backwards])
      expect(refusalOf(() => delegationPayload(delegationOf('publisher', change))).code).toBe('document');
  });
});
