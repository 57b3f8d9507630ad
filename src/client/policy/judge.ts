// What all policies together say about one version: everything that is refused, everything that is warned of. Pure.
import { type Refusal, refusal } from '../refusal.ts';
import type { Finding, PackFacts, PolicyContext } from './facts.ts';
import type { Policy } from './policy.ts';
import { findingsOf } from './rules.ts';

export interface JudgedFinding extends Finding {
  /** File and rule: `attestry.policy.json#/minimumAge`. */
  readonly place: string;
}

export interface Judgement {
  readonly refused: readonly JudgedFinding[];
  readonly warnings: readonly JudgedFinding[];
}

export const judge = (policies: readonly Policy[], facts: PackFacts, context: PolicyContext): Judgement => {
  const found = policies.flatMap((policy) =>
    findingsOf(policy, facts, context).map((each) => ({ ...each, place: `${policy.file}#${each.rule}` })),
  );
  return {
    refused: found.filter((each) => each.effect === 'refuse'),
    warnings: found.filter((each) => each.effect === 'warn'),
  };
};

/** With the rule, the version, and what would satisfy it. */
export const sentenceOf = ({ place, message, cure }: JudgedFinding, { name, version }: PackFacts): string =>
  `${place}: ${name}@${version}: ${message}.${cure === '' ? '' : ` ${cure}`}`;

const refusedBy = (facts: PackFacts, refused: readonly [JudgedFinding, ...JudgedFinding[]]): Refusal => {
  const { name, version, registry } = facts;
  const rules = refused.map(({ place, message, cure }) => ({ rule: place, message, cure }));
  const evidence = { name, version, registry, rule: refused[0].place, rules };
  return refusal('policy', 'policy_refused', evidence, sentenceOf(refused[0], facts));
};

/** The warnings. @throws Refusal `policy_refused` with every rule that refuses */
export const requireAdmitted = (
  policies: readonly Policy[],
  facts: PackFacts,
  context: PolicyContext,
): readonly string[] => {
  const { refused, warnings } = judge(policies, facts, context);
  const [first, ...others] = refused;
  if (first !== undefined) throw refusedBy(facts, [first, ...others]);
  return warnings.map(({ place, message }) => `${message} (${place})`);
};
