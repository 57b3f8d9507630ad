// Whose approvals and rejections of a revision count, for which of its paths, and how many are missing. Pure.
import type { RoleId } from '../../protocol/knowledge/ids.ts';
import type { ContributionPolicy } from '../../protocol/knowledge/policy.ts';
import { type Requirement, requirementsFor } from '../bases/path-rules.ts';
import type {
  ContributionRecord,
  DecisionRecord,
  DecisionWord,
  Judgements,
  RevisionRecord,
} from '../contributions/contribution.ts';

/** What is weighed: a revision, and what was decided about it so far. */
export interface Weighed {
  readonly contribution: Pick<ContributionRecord, 'account' | 'closure'>;
  readonly revision: Pick<RevisionRecord, 'digest' | 'changes'>;
  readonly policy: ContributionPolicy;
  readonly judgements: Pick<Judgements, 'decisions'>;
}

/** Somebody with everybody who stands behind him. */
export interface Person {
  readonly account: string;
  readonly closure: readonly string[];
}

/** Somebody whose word may count. */
export interface Voice extends Person {
  readonly role: RoleId | null;
}

const names = ({ account, closure }: Person): readonly string[] => [account, ...closure];

/** Whether anybody stands behind both: an agent is never another than its owner, nor than whoever delegated to it. */
export const areOne = (one: Person, other: Person): boolean =>
  names(one).some((name) => names(other).includes(name));

/** The newest of each that `who` tells apart, oldest first; of two at one time the later in the list. */
export const newestOf = <T extends { readonly at: Date }>(
  all: readonly T[],
  who: (each: T) => string,
): readonly T[] => {
  const newest = new Map<string, T>();
  for (const each of [...all].sort((one, other) => one.at.getTime() - other.at.getTime())) {
    newest.delete(who(each));
    newest.set(who(each), each);
  }
  return [...newest.values()];
};

const isHumanWord = ({ actor }: DecisionRecord): boolean => actor.startsWith('human:');

/** The last word of each human about this revision, if it is one of these; not of those who stand behind the proposer. */
const lastWords = (
  { contribution, revision, policy, judgements }: Weighed,
  words: readonly DecisionWord[],
): readonly DecisionRecord[] =>
  newestOf(
    judgements.decisions.filter(({ digest }) => digest === revision.digest),
    ({ actor }) => actor,
  ).filter(
    (each) =>
      words.includes(each.decision) &&
      isHumanWord(each) &&
      (policy.allow_self_review || !areOne(each, contribution)),
  );

const hasRole = ({ role }: Voice, { reviewer_roles }: Requirement): boolean =>
  reviewer_roles.length === 0 || (role !== null && reviewer_roles.includes(role));

// The first word of one person stands for all that he says by other principals.
const onePerPerson = <V extends Voice>(voices: readonly V[]): readonly V[] => {
  const counted: V[] = [];
  for (const voice of voices) if (!counted.some((each) => areOne(each, voice))) counted.push(voice);
  return counted;
};

const countFor = <V extends Voice>(voices: readonly V[], requirement: Requirement): readonly V[] =>
  onePerPerson(voices.filter((voice) => hasRole(voice, requirement)));

const requirementsOf = ({ policy, revision }: Weighed) =>
  requirementsFor(
    policy,
    revision.changes.map(({ path }) => path),
  );

/** An acceptance rests on approvals: where it has to be signed, so have they. */
const approvalsOf = (weighed: Weighed): readonly DecisionRecord[] =>
  lastWords(weighed, ['approve', 'accept']).filter(
    ({ signature }) => signature !== null || !weighed.policy.signed_decisions,
  );

/** Those of humans in an allowed role, one of each person: for all paths together, oldest first. */
export const approvalsThatCount = (weighed: Weighed): readonly DecisionRecord[] => {
  const approvals = approvalsOf(weighed);
  const counted = new Set(requirementsOf(weighed).flatMap((each) => countFor(approvals, each)));
  return approvals.filter((each) => counted.has(each));
};

export interface Shortfall extends Requirement {
  /** How many of them there are. */
  readonly approvals: number;
}

/**
 * What lacks approvals.
 * @param own of whoever accepts now, where that is an approval too
 * @param general whether what holds for every contribution is asked for, too; what rules ask for always is
 */
export const shortfalls = (
  weighed: Weighed,
  own: Voice | undefined,
  general: boolean,
): readonly Shortfall[] => {
  const voices: readonly Voice[] = [...approvalsOf(weighed), ...(own === undefined ? [] : [own])];
  return requirementsOf(weighed)
    .slice(general ? 0 : 1)
    .map((each) => ({ ...each, approvals: countFor(voices, each).length }))
    .filter(({ approvals, required_approvals }) => approvals < required_approvals);
};

/**
 * By veto, one rejection of anybody whose approval would have counted for something; by quorum, as many as any one
 * requirement asks approvals for. Rejections need no signature.
 */
export const isRejected = (weighed: Weighed): boolean => {
  const rejections = lastWords(weighed, ['reject']);
  const isVeto = weighed.policy.rejection === 'veto';
  return requirementsOf(weighed).some(
    (each) => countFor(rejections, each).length >= (isVeto ? 1 : each.required_approvals),
  );
};
