// What several policies allow together, list by list: path rules, roles, media types. Pure.
import type { ContributionPolicy, PathRule } from '../../protocol/knowledge/policy.ts';
import { rolesOf } from './path-rules.ts';

/** Each once, in one order. */
export const sorted = <T extends string>(items: Iterable<T>): readonly T[] => [...new Set(items)].sort();

/** What all of the lists have. */
export const shared = <T extends string>(lists: readonly (readonly T[])[]): readonly T[] =>
  sorted(lists.flat().filter((item) => lists.every((list) => list.includes(item))));

/** Whether whatever meets the one rule meets the other. */
const covers = (one: PathRule, other: PathRule): boolean =>
  one.pattern === other.pattern &&
  one.required_approvals >= other.required_approvals &&
  (other.reviewer_roles.length === 0 ||
    (one.reviewer_roles.length > 0 &&
      one.reviewer_roles.every((role) => other.reviewer_roles.includes(role))));

const orderOf = ({ pattern, reviewer_roles, required_approvals }: PathRule): string =>
  [pattern, reviewer_roles.join(' '), String(required_approvals).padStart(2, '0')].join('\n');

/** Without those that another covers, in one order. */
const leastRules = (rules: readonly PathRule[]): readonly PathRule[] => {
  const all = rules
    .map(({ pattern, required_approvals, reviewer_roles }) => {
      return { pattern, required_approvals, reviewer_roles: sorted(reviewer_roles) };
    })
    .sort((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1));
  const isCovered = (rule: PathRule, at: number): boolean =>
    all.some((other, index) => index !== at && covers(other, rule) && (!covers(rule, other) || index < at));
  return all.filter((rule, at) => !isCovered(rule, at));
};

const generalRule = ({ required_approvals, reviewer_roles }: ContributionPolicy): PathRule => ({
  pattern: '**',
  required_approvals,
  reviewer_roles,
});

/**
 * Policies that ask different people ask all of them: one of the rules stays the general one, and the others become
 * rules for every path. Of those that named nobody, the rules ask whom the general one asks.
 */
export const strictestApprovals = (policies: readonly [ContributionPolicy, ...ContributionPolicy[]]) => {
  const [general = generalRule(policies[0]), ...others] = leastRules(policies.map(generalRule));
  const resolved = policies.flatMap((policy) =>
    policy.path_rules.map((rule) => ({ ...rule, reviewer_roles: rolesOf(rule, policy) })),
  );
  const rules = [...others, ...resolved].map((rule) => ({ ...rule, reviewer_roles: rolesOf(rule, general) }));
  const { required_approvals, reviewer_roles } = general;
  return { required_approvals, reviewer_roles, path_rules: leastRules(rules) };
};

const narrower = (one: string, other: string): readonly string[] => {
  if (one === other) return [one];
  if (one.endsWith('/*') && other.startsWith(one.slice(0, -1))) return [other];
  return other.endsWith('/*') && one.startsWith(other.slice(0, -1)) ? [one] : [];
};

/** Null: any. */
export const strictestTypes = (all: readonly ContributionPolicy['media_types'][]) =>
  all.reduce<readonly string[] | null>((left, right) => {
    if (left === null || right === null) return right === null ? left && sorted(left) : sorted(right);
    return sorted(left.flatMap((one) => right.flatMap((other) => narrower(one, other))));
  }, null);
