// Joins what a caller asks for with the policies in force, so that nothing asked for can loosen them. Pure.
import type { VerifyPolicy } from '../verify.ts';
import type { Mode, Policy } from './policy.ts';

/** Where the digest alone decides, a signature need not be there; one that is there has to be good all the same. */
const BY_DIGEST: ReadonlySet<Mode> = new Set(['pinned', 'open']);

/** What was asked for that would take more than the policies do. */
export interface Loosening {
  readonly option: 'allowUnsigned' | 'allowRotatedKeys';
  readonly policy: Policy;
}

/** Each wish that one of the policies rules out, so that whoever wished it hears of it. */
export const looseningsIn = (policies: readonly Policy[], asked: VerifyPolicy): readonly Loosening[] =>
  policies
    .filter(({ mode }) => !BY_DIGEST.has(mode))
    .flatMap((policy) =>
      (['allowUnsigned', 'allowRotatedKeys'] as const)
        .filter((option) => asked[option] === true)
        .map((option) => ({ option, policy })),
    );

/**
 * The policies, and whatever of the wishes is stricter still. Unsigned packs reach the policies, which say by which rule
 * they are refused.
 */
export const withPolicies = (policies: readonly Policy[], asked: VerifyPolicy): VerifyPolicy => {
  if (policies.length === 0) return asked;
  const byDigest = policies.every(({ mode }) => BY_DIGEST.has(mode));
  return {
    ...asked,
    allowUnsigned: true,
    allowRotatedKeys: byDigest,
    rules: [...(asked.rules ?? []), ...policies],
  };
};
