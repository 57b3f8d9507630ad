// Policies as tests write them, and versions as policies see them.
import { parsePolicy } from '../../src/client/index.ts';
import type { PackFacts, PolicyContext, Proven } from '../../src/client/policy/facts.ts';
import { judge } from '../../src/client/policy/judge.ts';
import type { Policy } from '../../src/client/policy/policy.ts';
import { yes } from '../../src/client/refusal.ts';

export const FILE = 'attestry.policy.json';

/** In mode verified, unless it says otherwise. */
export const policyWith = (members: object, file = FILE): Policy =>
  parsePolicy(Buffer.from(JSON.stringify({ attestryPolicy: 1, mode: 'verified', ...members })), file);

export const TODAY = new Date('2026-06-01T00:00:00Z');

export const REGISTRY = 'https://packs.example';
export const INTEGRITY = `sha256-${Buffer.alloc(32, 1).toString('base64')}`;
export const OTHER_INTEGRITY = `sha256-${Buffer.alloc(32, 2).toString('base64')}`;
export const FINGERPRINT = `SHA256:${'ab'.repeat(32)}`;

const PROVEN: Proven = {
  assurance: 'log+manifest',
  keyId: 'acme-1',
  fingerprint: FINGERPRINT,
  answers: [yes('signature'), yes('delegation')],
  withdrawn: false,
};

/** A version in best standing, verified, that was published a month ago. */
export const factsWith = (change: Partial<PackFacts> = {}, proven: Partial<Proven> = {}): PackFacts => ({
  name: 'vendor.acme.tools',
  version: '1.2.0',
  integrity: INTEGRITY,
  registry: REGISTRY,
  yanked: false,
  deprecated: false,
  license: 'Apache-2.0',
  published: { at: new Date('2026-05-01T00:00:00Z'), by: 'log' },
  keyId: 'acme-1',
  proven: { ...PROVEN, ...proven },
  ...change,
});

/** The places of the rules that refuse, and of those that warn. */
export const verdictOf = (
  policies: Policy | readonly Policy[],
  facts: PackFacts,
  context: PolicyContext = { now: TODAY },
): { readonly refused: readonly string[]; readonly warned: readonly string[] } => {
  const { refused, warnings } = judge([policies].flat(), facts, context);
  return { refused: refused.map((each) => each.place), warned: warnings.map((each) => each.place) };
};
