// Who may look at what was proposed, decided and recorded about a base, beside those who read its content.
import type { Acting } from '../../access/workforces/acting.ts';
import { type Asked, evaluate } from '../../access/workforces/authority.ts';
import { Fault } from '../../protocol/faults.ts';
import { type BaseId, ownerOf } from '../../protocol/knowledge/ids.ts';
import type { Authorise, Authorised } from './authorise.ts';

export interface SightDeps {
  readonly authorise: Authorise;
}

/** Asks for the first of several grants that the role has; where it has none, the first is what is refused. */
const anyOf = (the: SightDeps, by: Acting, wanted: readonly [Asked, ...Asked[]]): Promise<Authorised> =>
  the.authorise(by, wanted.find((asked) => evaluate(by.authority, asked).granted) ?? wanted[0]);

const auditing = (base: BaseId): readonly [Asked, Asked] => [
  { base, operation: 'administer', verb: 'list' },
  { base, operation: 'review', verb: 'list' },
];

/** Of the base's events. @throws Fault knowledge_base_not_found, authority_denied, as all here */
export const requireAuditor = (the: SightDeps, by: Acting, base: BaseId): Promise<Authorised> =>
  anyOf(the, by, auditing(base));

const basesOf = (by: Acting, grants: (base: BaseId) => readonly Asked[]): readonly BaseId[] => {
  const named = new Set(by.authority.knowledge_bases.map(({ knowledge_base_id }) => knowledge_base_id));
  return [...named].filter(
    (base) =>
      ownerOf(base) === by.workforce && grants(base).some((asked) => evaluate(by.authority, asked).granted),
  );
};

/** All bases whose events one may look at. */
export const auditedBases = (by: Acting): readonly BaseId[] => basesOf(by, auditing);

const reviewing = (base: BaseId): Asked => ({ base, operation: 'review', verb: 'review' });

/** All bases whose contributions one may review. */
export const reviewedBases = (by: Acting): readonly BaseId[] => basesOf(by, (base) => [reviewing(base)]);

/** `own`: of contributions only those that one stands behind. */
export interface ContributionSight extends Authorised {
  readonly sees: 'all' | 'own';
}

export const requireContributionSight = async (
  the: SightDeps,
  by: Acting,
  base: BaseId,
): Promise<ContributionSight> => {
  const proposing: Asked = { base, operation: 'propose', verb: 'propose' };
  const sees = evaluate(by.authority, reviewing(base)).granted ? 'all' : 'own';
  return { ...(await anyOf(the, by, [reviewing(base), proposing])), sees };
};

const HIDING: readonly string[] = ['knowledge_base_not_found', 'authority_denied'];

/** A refusal stays on record; whoever is refused learns only that there is nothing. */
export const orNothing = async <T>(asked: Promise<T>, nothing: Fault): Promise<T> => {
  try {
    return await asked;
  } catch (error) {
    throw error instanceof Fault && HIDING.includes(error.code) ? nothing : error;
  }
};
