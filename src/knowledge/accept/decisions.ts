// Takes a decision in: reads it, believes its signature, and hands it to whoever carries it out.

import type { Acting } from '../../access/workforces/acting.ts';
import { evaluate } from '../../access/workforces/authority.ts';
import type { JsonBody } from '../../http/body.ts';
import { fault } from '../../protocol/faults.ts';
import type { NamedDigest } from '../../protocol/knowledge/changes.ts';
import { DECISION_WORDS } from '../../protocol/knowledge/decision.ts';
import {
  type BaseId,
  baseOfContribution,
  type ContributionId,
  isHuman,
} from '../../protocol/knowledge/ids.ts';
import type { Authorise, Authorised } from '../bases/authorise.ts';
import { optionalCode } from '../calls/grounds.ts';
import type { ActOutcome } from '../contributions/act.ts';
import type { DecisionWord } from '../contributions/contribution.ts';
import type { Attempt, Written } from '../events/record.ts';
import type { DecisionRequest } from '../review/decide.ts';
import { digestField } from '../review/verify.ts';
import type { Acceptance, AcceptedOutcome, Deciding } from './acceptance.ts';
import type { requireSignedDecision } from './believe-decision.ts';

export interface DecisionsDeps {
  readonly now: () => Date;
  readonly authorise: Authorise;
  readonly requireSignedDecision: ReturnType<typeof requireSignedDecision>;
  readonly decide: (
    attempt: Attempt,
    id: ContributionId,
    request: DecisionRequest,
  ) => Promise<Written<ActOutcome>>;
  readonly accept: (
    attempt: Attempt,
    base: BaseId,
    acceptance: Acceptance,
  ) => Promise<Written<AcceptedOutcome>>;
}

interface DecisionBody {
  readonly digest: NamedDigest;
  readonly decision: DecisionWord;
  readonly reasonCode: string | null;
  readonly shadow: boolean;
  readonly signature: string | null;
}

const wrong = (field: string, rule: string): Error =>
  fault('validation_error', { field }, `${field} ${rule}.`);

const signatureField = (body: JsonBody): string | null => {
  const value = body['signature'] ?? null;
  if (value === null || typeof value === 'string') return value;
  throw wrong('signature', "must be the text of a signed decision's envelope");
};

const MEMBERS = ['revision_digest', 'decision', 'reason_code', 'shadow', 'signature'];

/** @throws Fault validation_error */
export const readDecision = (body: JsonBody): DecisionBody => {
  const surplus = Object.keys(body).find((name) => !MEMBERS.includes(name));
  if (surplus !== undefined) throw wrong(surplus, 'is no member of a decision');
  const { decision, shadow = false } = body;
  const word = DECISION_WORDS.find((each) => each === decision);
  if (word === undefined) throw wrong('decision', `must be one of ${DECISION_WORDS.join(', ')}`);
  if (typeof shadow !== 'boolean') throw wrong('shadow', 'must be true or false');
  const reasonCode = optionalCode(body, 'reason_code') ?? null;
  if ((word === 'reject' || word === 'request_changes') && reasonCode === null)
    throw wrong('reason_code', 'must say why');
  return { digest: digestField(body), decision: word, reasonCode, shadow, signature: signatureField(body) };
};

const mayDo = (by: Acting, base: BaseId, operation: 'review' | 'administer'): boolean =>
  evaluate(by.authority, { base, operation, verb: operation }).granted;

const decidingOf = (
  by: Acting,
  { base, clauses, binding }: Authorised,
  { reasonCode, signature }: DecisionBody,
): Deciding => ({
  decider: {
    kind: isHuman(by.id) ? 'human' : 'worker',
    id: by.id,
    account: by.account,
    closure: by.closure,
    role: by.role,
    mayReview: mayDo(by, base.id, 'review'),
    mayAdminister: mayDo(by, base.id, 'administer'),
  },
  workforce: by.workforce,
  role: by.role,
  clauses,
  traceparent: by.trace.traceparent,
  signature,
  reasonCode,
  standing: { by, binding },
});

const accept = async (
  the: DecisionsDeps,
  attempt: Attempt,
  id: ContributionId,
  body: DecisionBody,
): Promise<Written<AcceptedOutcome>> => {
  const base = baseOfContribution(id);
  // Agents may accept where a policy lets them; a human is always bound to answer for it.
  const capacities = isHuman(attempt.by.id) ? (['reviewer'] as const) : [];
  const authorised = await the.authorise(
    attempt.by,
    { base, operation: 'accept', verb: 'accept' },
    capacities,
  );
  const deciding = decidingOf(attempt.by, authorised, body);
  return the.accept(attempt, base, { id, digest: body.digest, shadow: body.shadow, deciding });
};

/** @throws Fault validation_error, signature_invalid; as `decideContribution` and `acceptContribution` */
export const takeDecision =
  (the: DecisionsDeps) =>
  async (attempt: Attempt, id: ContributionId, body: JsonBody): Promise<Written<ActOutcome>> => {
    const read = readDecision(body);
    const { by } = attempt;
    const wanted = {
      contribution_id: id,
      knowledge_base_id: baseOfContribution(id),
      revision_digest: read.digest,
      decision: read.decision,
      actor: by.id,
    };
    const signature = await the.requireSignedDecision(by, wanted, read.signature);
    const { digest, decision, reasonCode } = read;
    if (decision !== 'accept') return the.decide(attempt, id, { digest, decision, reasonCode, signature });
    return accept(the, attempt, id, { ...read, signature });
  };
