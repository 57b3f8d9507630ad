// A decision about one revision of a contribution, as whoever decides signs it. Pure.

import { canonicalBytes, type JsonObject, parseCanonical } from '../../../keys/canonical.ts';
import type { Envelope } from '../../../keys/envelope.ts';
import { KeyError } from '../../../keys/errors.ts';
import { ContentError } from '../content-errors.ts';
import type { NamedDigest } from './changes.ts';
import { isNamedDigest } from './changes.ts';
import {
  type BaseId,
  baseOfContribution,
  type ContributionId,
  type PrincipalId,
  parseContributionId,
  parsePrincipalId,
} from './ids.ts';

export const DECISION_PAYLOAD_TYPE = 'application/vnd.attestry.kb-decision+json';
export const DECISION_WORDS = ['approve', 'accept', 'reject', 'request_changes'] as const;

/** Binds a word to the very content that was decided about: a later revision has another digest. */
export interface Decision {
  readonly contribution_id: ContributionId;
  readonly knowledge_base_id: BaseId;
  /** From 1. */
  readonly revision: number;
  readonly revision_digest: NamedDigest;
  readonly decision: (typeof DECISION_WORDS)[number];
  readonly actor: PrincipalId;
}

const MAX_DECISION_BYTES = 4_096;
const MEMBERS = 'actor,contribution_id,decision,knowledge_base_id,revision,revision_digest,v';

const isText = (value: unknown): value is string => typeof value === 'string';

type Checks = Readonly<Record<keyof Decision | 'v', (value: unknown, of: JsonObject) => boolean>>;

const CHECKS: Checks = {
  v: (value) => value === 1,
  contribution_id: (value) => isText(value) && parseContributionId(value) !== undefined,
  knowledge_base_id: (value, of) => value === baseOfContribution(of['contribution_id'] as ContributionId),
  revision: (value) => Number.isSafeInteger(value) && Number(value) >= 1,
  revision_digest: isNamedDigest,
  decision: (value) => (DECISION_WORDS as readonly unknown[]).includes(value),
  actor: (value) => isText(value) && parsePrincipalId(value) !== undefined,
};

const readMembers = (payload: Uint8Array): JsonObject => {
  if (payload.length > MAX_DECISION_BYTES)
    throw new ContentError('decision_form', { expectedBytes: MAX_DECISION_BYTES, found: payload.length });
  try {
    return (parseCanonical(payload) ?? {}) as JsonObject;
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    throw new ContentError('decision_form', { reason: error.code, ...error.details });
  }
};

/**
 * Reads the payload of a signed decision. Says nothing about who signed it, nor whether he may decide.
 * @throws ContentError `decision_form`
 */
export const parseDecision = (payload: Uint8Array): Decision => {
  const members = readMembers(payload);
  const names = Object.keys(members).sort().join();
  if (names !== MEMBERS) throw new ContentError('decision_form', { members: names });
  const problems = Object.entries(CHECKS).flatMap(([name, holds]) =>
    holds(members[name], members) ? [] : [name],
  );
  if (problems.length > 0) throw new ContentError('decision_form', { problems });
  const { v: _, ...decision } = members;
  return decision as unknown as Decision;
};

/**
 * What is signed: canonical JSON of `{actor, contribution_id, decision, knowledge_base_id, revision, revision_digest, v}`.
 * @throws ContentError `decision_form` for what could not be read back
 */
export const makeDecision = (decision: Decision): Pick<Envelope, 'payloadType' | 'payload'> => {
  const { contribution_id, knowledge_base_id, revision, revision_digest, actor } = decision;
  const members = { contribution_id, knowledge_base_id, revision, revision_digest, actor };
  const payload = canonicalBytes({ v: 1, ...members, decision: decision.decision });
  parseDecision(payload);
  return { payloadType: DECISION_PAYLOAD_TYPE, payload };
};
