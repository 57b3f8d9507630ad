// Gives a base another policy: stricter rules hold at once, looser ones only for what is proposed from now on.

import { canonicalBytes, canonicalText, type JsonObject } from '../../../keys/canonical.ts';
import type { Tx } from '../../database/connect.ts';
import type { JsonBody } from '../../http/body.ts';
import { fault } from '../../protocol/faults.ts';
import { listAt, newFindings, requireNothing, requireOnly } from '../../protocol/findings.ts';
import { isNamedDigest, type NamedDigest, namedDigest } from '../../protocol/knowledge/changes.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import { type ContributionPolicy, MODES } from '../../protocol/knowledge/policy.ts';
import type { Attempt, Done, Written } from '../events/record.ts';
import type { BaseRecord } from './base.ts';
import { insertPolicy, setPolicy } from './base-store.ts';
import { type GovernDeps, type Governed, govern, governanceEvent } from './govern.ts';
import { isLooser, readPolicy } from './policy.ts';

/** Everything here was chosen by the caller. */
export interface PolicyRequest {
  readonly base: BaseId;
  readonly body: JsonBody;
  /** The version that was seen; undefined where it does not matter. */
  readonly policyVersion: number | undefined;
}

interface Wish {
  readonly policy: ContributionPolicy;
  readonly evidence: readonly NamedDigest[];
  readonly policyVersion: number | undefined;
}

const MOST_EVIDENCE = 32;

const readEvidence = (value: unknown = []): readonly NamedDigest[] => {
  const the = newFindings();
  const evidence = listAt(the, value, '/evidence', { most: MOST_EVIDENCE }, (each, where) =>
    isNamedDigest(each) ? (each as NamedDigest) : the.refuse(where, 'It must read sha256:<64 hex>.'),
  );
  requireNothing(the);
  return [...new Set(evidence)];
};

const readWish = ({ body, policyVersion }: PolicyRequest, { sensitivity }: BaseRecord): Wish => {
  requireOnly(body, ['contribution_policy', 'evidence']);
  const { contribution_policy: policy, evidence } = body;
  if (policy === undefined)
    throw fault('validation_error', { field: 'contribution_policy' }, 'contribution_policy is needed.');
  return { policy: readPolicy(policy, sensitivity), evidence: readEvidence(evidence), policyVersion };
};

const requireSeen = ({ id, policyVersion }: BaseRecord, seen: number | undefined): void => {
  if (seen === undefined || seen === policyVersion) return;
  const message = 'The policy changed meanwhile: read it again.';
  throw fault('base_busy', { knowledge_base_id: id, expected: seen, policy_version: policyVersion }, message);
};

/** Autonomy grows on evidence only. */
const requireEvidence = (from: ContributionPolicy, { policy: to, evidence }: Wish): void => {
  const rises = MODES.indexOf(to.mode) > MODES.indexOf(from.mode) && isLooser(from, to);
  if (!rises || !['verified', 'direct'].includes(to.mode) || evidence.length > 0) return;
  const message = `Evidence is needed for a base that was ${from.mode} to become ${to.mode}.`;
  throw fault(
    'policy_invalid',
    { violations: [{ code: 'policy_invalid', where: '/evidence', message }] },
    message,
  );
};

const change = async (the: GovernDeps, tx: Tx, governed: Governed, wish: Wish): Promise<Done<JsonObject>> => {
  const { base } = governed;
  requireSeen(base, wish.policyVersion);
  const unchanged = { outcome: { policy_version: base.policyVersion }, status: 200, records: [] };
  if (canonicalText(base.policy) === canonicalText(wish.policy)) return unchanged;
  requireEvidence(base.policy, wish);
  const policy_version = base.policyVersion + 1;
  const record = governanceEvent(the, governed, 'KnowledgeBasePolicyChanged', {
    knowledge_base_id: base.id,
    policy_version,
    policy_hash: namedDigest(canonicalBytes(wish.policy)),
    ...(wish.evidence.length === 0 ? {} : { evidence: wish.evidence }),
  });
  await setPolicy(tx, base.id, policy_version, wish.policy);
  await insertPolicy(tx, base.id, policy_version, wish.policy, record.event.at, record.event.id);
  return { outcome: { policy_version }, status: 200, records: [record] };
};

/**
 * The policy is replaced as a whole; the same again changes nothing.
 * @throws Fault knowledge_base_not_found, authority_denied, human_binding_missing, validation_error, policy_invalid,
 *   confidence_floor_too_low, base_busy where another policy came first
 */
export const changePolicy =
  (the: GovernDeps) =>
  async (attempt: Attempt, request: PolicyRequest): Promise<Written<JsonObject>> => {
    const asked = { base: request.base, operation: 'administer', verb: 'administer' } as const;
    const authorised = await the.authorise(attempt.by, asked, ['architect', 'operator']);
    const wish = readWish(request, authorised.base);
    return govern(the, attempt, authorised, (tx, governed) => change(the, tx, governed, wish));
  };
