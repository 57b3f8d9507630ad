// Contribution policies: read out of what was sent, the strictest of several, and whether one is looser. Pure.

import { type FaultCode, fault, type Violation } from '../../protocol/faults.ts';
import {
  type ContributionPolicy,
  DEFAULT_POLICY,
  MODES,
  type Mode,
} from '../../protocol/knowledge/policy.ts';
import type { Sensitivity } from './base.ts';
import { isSensitive } from './base.ts';
import {
  approvals,
  flag,
  floor,
  mediaTypes,
  membersOf,
  oneOf,
  pathRules,
  type Reader,
  roles,
  suites,
  wholeNumber,
  workforces,
} from './policy-fields.ts';
import { shared, sorted, strictestApprovals, strictestTypes } from './strictest-lists.ts';

const READERS: { readonly [K in keyof ContributionPolicy]: Reader } = {
  mode: oneOf(MODES),
  reviewer_roles: roles,
  required_approvals: approvals,
  rejection: oneOf(['veto', 'quorum']),
  path_rules: pathRules,
  allow_self_review: flag,
  verifier_gating: flag,
  confidence_floor: floor,
  required_evals: suites,
  max_revisions: wholeNumber(0, 100),
  proposal_ttl_days: wholeNumber(1, 365),
  max_changes: wholeNumber(1, 2_000),
  max_bytes: wholeNumber(1, 16 * 1024 ** 3),
  media_types: mediaTypes,
  auto_rebase: flag,
  signed_decisions: flag,
  declared_sources_only: flag,
  external: workforces,
};

const MOST_REPORTED = 256;

const rank = (mode: Mode): number => MODES.indexOf(mode);

/** What may not go far is accepted by humans only. */
const loosestFor = (sensitivity: Sensitivity): Mode => (isSensitive(sensitivity) ? 'reviewed' : 'direct');

/** The code is that of the floor where nothing else is wrong. */
const faultOfPolicy = (violations: readonly Violation[]) => {
  const codes = new Set<FaultCode>(violations.map(({ code }) => code));
  const code = codes.size === 1 && codes.has('confidence_floor_too_low') ? [...codes] : [];
  return fault(code[0] ?? 'policy_invalid', { violations: violations.slice(0, MOST_REPORTED) });
};

/**
 * Members that are left out are as in `DEFAULT_POLICY`. Where the mode is `verified` verdicts have to gate: nothing else
 * stands between a proposal and its acceptance there.
 * @throws Fault policy_invalid with every violation, the first 256 of them; confidence_floor_too_low where that is all
 */
export const readPolicy = (body: unknown, sensitivity: Sensitivity): ContributionPolicy => {
  const violations: Violation[] = [];
  const report = (where: string, rule: string, code: Violation['code'] = 'policy_invalid'): void => {
    violations.push({ code, where, message: `${where || 'The policy'} ${rule}.` });
  };
  const policy = membersOf(READERS, { ...DEFAULT_POLICY }, body, '', report) as unknown as ContributionPolicy;
  const loosest = loosestFor(sensitivity);
  if (rank(policy.mode) > rank(loosest))
    report('/mode', `can be ${loosest} at the loosest where the content is ${sensitivity}`);
  if (policy.mode === 'verified' && policy.verifier_gating === false)
    report('/verifier_gating', 'must be true where the mode is verified');
  if (violations.length > 0) throw faultOfPolicy(violations);
  return policy;
};

/**
 * Allows nothing that one of the policies does not allow: the effective one of a proposal is that of all since it was
 * made. Only between `verified` and `direct` is there no order: the service itself keeps what `verified` gives it, which
 * asks more of it than `direct` asks of anybody.
 */
export const strictest = (
  policies: readonly [ContributionPolicy, ...ContributionPolicy[]],
): ContributionPolicy => {
  const least = (pick: (each: ContributionPolicy) => number): number => Math.min(...policies.map(pick));
  return {
    mode: MODES[least(({ mode }) => rank(mode))] ?? 'closed',
    ...strictestApprovals(policies),
    rejection: policies.some(({ rejection }) => rejection === 'veto') ? 'veto' : 'quorum',
    allow_self_review: policies.every((each) => each.allow_self_review),
    verifier_gating: policies.some((each) => each.verifier_gating),
    confidence_floor: Math.max(...policies.map((each) => each.confidence_floor)),
    required_evals: sorted(policies.flatMap((each) => each.required_evals)),
    max_revisions: least((each) => each.max_revisions),
    proposal_ttl_days: least((each) => each.proposal_ttl_days),
    max_changes: least((each) => each.max_changes),
    max_bytes: least((each) => each.max_bytes),
    media_types: strictestTypes(policies.map((each) => each.media_types)),
    auto_rebase: policies.every((each) => each.auto_rebase),
    signed_decisions: policies.some((each) => each.signed_decisions),
    declared_sources_only: policies.some((each) => each.declared_sources_only),
    external: shared(policies.map((each) => each.external)),
  };
};

const told = (...policies: [ContributionPolicy, ...ContributionPolicy[]]): string =>
  JSON.stringify(strictest(policies));

/** Whether anything is allowed by the new one that the old one does not allow. */
export const isLooser = (from: ContributionPolicy, to: ContributionPolicy): boolean =>
  told(from, to) !== told(to);
