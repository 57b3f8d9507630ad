// Which paths a rule of a policy is about, and whose approvals a contribution to them needs. Pure.
import type { RoleId } from '../../protocol/knowledge/ids.ts';
import type { ContributionPolicy, PathRule } from '../../protocol/knowledge/policy.ts';
import { foldPath } from '../../protocol/knowledge-path.ts';

/** So many approvals of these roles, because of these paths. */
export interface Requirement {
  readonly required_approvals: number;
  /** None named: of every role that may review. */
  readonly reviewer_roles: readonly RoleId[];
  readonly paths: readonly string[];
}

/** A segment between its stars: what it begins with, what has to come in between, and what it ends with. */
interface Segment {
  readonly head: string;
  readonly pieces: readonly string[];
  /** Undefined where there is no star: then the head is all of it. */
  readonly tail: string | undefined;
}

/** The segments of a pattern between its `**`. */
type Groups = readonly (readonly Segment[])[];

const segmentOf = (pattern: string): Segment => {
  const [head = '', ...pieces] = pattern.split('*');
  const tail = pieces.pop();
  return { head, pieces, tail };
};

// Every piece is looked for once, as early as it can stand: nothing is ever tried again.
const segmentFits = ({ head, pieces, tail }: Segment, text: string): boolean => {
  if (tail === undefined) return text === head;
  const end = text.length - tail.length;
  if (end < head.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
  let at = head.length;
  for (const piece of pieces) {
    const found = text.indexOf(piece, at);
    if (found === -1 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
};

const standsAt = (group: readonly Segment[], segments: readonly string[], at: number): boolean =>
  group.every((segment, index) => segmentFits(segment, segments[at + index] ?? ''));

// The same among segments: no two of them are compared more than once.
const pathFits = (groups: Groups, segments: readonly string[]): boolean => {
  const [head = [], ...inner] = groups;
  const tail = inner.pop();
  const end = segments.length - (tail?.length ?? 0);
  if (tail === undefined ? end !== head.length : end < head.length) return false;
  if (!standsAt(head, segments, 0) || !standsAt(tail ?? [], segments, end)) return false;
  let at = head.length;
  for (const group of inner) {
    while (at + group.length <= end && !standsAt(group, segments, at)) at += 1;
    if (at + group.length > end) return false;
    at += group.length;
  }
  return true;
};

const groupsOf = (pattern: string): Groups => {
  const groups: Segment[][] = [[]];
  for (const segment of foldPath(pattern).split('/')) {
    if (segment === '**') groups.push([]);
    else groups.at(-1)?.push(segmentOf(segment));
  }
  return groups;
};

const segmentsOf = (path: string): readonly string[] => foldPath(path).split('/');

/**
 * `*` stands for any text within a segment, a segment `**` for any segments, or none. Case does not count, as it does
 * not where paths have to differ: `Legal/x` is no way around a rule for `legal/**`.
 * Takes no more steps than the lengths of both, multiplied.
 */
export const fits = (pattern: string, path: string): boolean => pathFits(groupsOf(pattern), segmentsOf(path));

/** A rule that names nobody asks those whom its policy asks. */
export const rolesOf = (rule: PathRule, policy: Pick<ContributionPolicy, 'reviewer_roles'>) =>
  rule.reviewer_roles.length > 0 ? rule.reviewer_roles : policy.reviewer_roles;

/**
 * First what holds for every contribution, then what each rule asks for that fits a path: all of it has to be met, and
 * one approval may count for several.
 */
export const requirementsFor = (
  policy: Pick<ContributionPolicy, 'required_approvals' | 'reviewer_roles' | 'path_rules'>,
  paths: readonly string[],
): readonly [Requirement, ...Requirement[]] => {
  const split = paths.map((path) => ({ path, segments: segmentsOf(path) }));
  const special = policy.path_rules.map((rule): Requirement => {
    const groups = groupsOf(rule.pattern);
    return {
      required_approvals: rule.required_approvals,
      reviewer_roles: rolesOf(rule, policy),
      paths: split.filter(({ segments }) => pathFits(groups, segments)).map(({ path }) => path),
    };
  });
  const { required_approvals, reviewer_roles } = policy;
  return [{ required_approvals, reviewer_roles, paths }, ...special.filter((each) => each.paths.length > 0)];
};
