// Says of each version that might be chosen whether a policy lets it: so an older one that it lets is chosen. Pure.
import type { Admit, Candidate } from '../resolve/types.ts';
import type { PackFacts, PolicyContext } from './facts.ts';
import { judge, sentenceOf } from './judge.ts';
import type { Policy } from './policy.ts';

const instantOf = (text: string | undefined): Date | undefined => {
  const time = text === undefined ? undefined : new Date(text);
  return time === undefined || Number.isNaN(time.getTime()) ? undefined : time;
};

/** Nothing of it is proven: it is what the registry says. */
export const factsOfCandidate = (candidate: Candidate): PackFacts => {
  const { name, version, integrity, registry, yanked, deprecated, license, keyId } = candidate;
  const at = instantOf(candidate.publishedAt);
  const published = at === undefined ? undefined : ({ at, by: 'registry' } as const);
  return {
    name,
    version,
    integrity,
    registry,
    yanked,
    deprecated,
    license,
    published,
    keyId,
    proven: undefined,
  };
};

/**
 * Denies what the policies would refuse once it is verified, as far as that can be told from what the registry says. It
 * is no verdict: what was chosen is judged again by what was proven of it. No policies: everything is admitted.
 */
export const admitBy =
  (policies: readonly Policy[], context: PolicyContext): Admit =>
  (candidate) => {
    const facts = factsOfCandidate(candidate);
    const [first] = judge(policies, facts, context).refused;
    return first === undefined ? undefined : { rule: first.place, message: sentenceOf(first, facts) };
  };
