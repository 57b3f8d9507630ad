// Proves that a vendor's namespace is its own: a domain of that name shows a text that only this account was told.
import { randomBytes } from 'node:crypto';
import type { Tx } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import type { Admit } from '../../http/admission.ts';
import { type Fault, fault } from '../../protocol/faults.ts';
import { requireStillActing } from '../acting-store.ts';
import { requireScope } from '../grants.ts';
import { actorOf, isOperator, type Principal } from '../principal.ts';
import { type ClaimRow, claimOf, lockNamespace, setProof } from './claim-store.ts';
import { type NamespaceDeps, subjectOf } from './deps.ts';
import { type ProofMethod, placeOf, readDomain, readMethod } from './domain.ts';
import { requireClaim } from './held-by.ts';
import { readNamespace } from './names.ts';
import { type ChallengeRow, challengeOf, putChallenge } from './proof-store.ts';
import { proofText, showsText } from './proof-text.ts';
import { type DomainProver, ProverError } from './prover.ts';
import type { DomainProof } from './standing.ts';

export interface ProveDeps extends NamespaceDeps {
  readonly prover: DomainProver;
  /** Of the log as the newest root names it. */
  readonly origin: () => string;
  /** Bounds the domains that are asked at once. */
  readonly admit: Admit;
}

/** What has to be shown, and where. */
export interface Challenge {
  readonly namespace: string;
  readonly account: string;
  readonly domain: string;
  readonly method: ProofMethod;
  readonly place: string;
  readonly text: string;
}

const SECRET_BYTES = 32;
/** RFC 0043 §A.3: ownership is validated again every year. */
const PROOF_MS = 365 * 24 * 60 * 60 * 1_000;

const challengeFrom = (the: ProveDeps, row: ChallengeRow): Challenge => {
  const { namespace, account, domain, method, secret } = row;
  const text = proofText(secret, { origin: the.origin(), account, namespace, domain });
  return { namespace, account, domain, method, place: placeOf(domain, method), text };
};

/**
 * Asking again gives the same text, for another domain another one. It changes nothing that anybody may rely on.
 * @throws Fault forbidden, validation_error, pack_namespace_unauthorized, not_found, key_revoked
 */
export const askForProof =
  (the: ProveDeps) =>
  async (by: Principal, text: string, domainText: string, methodText: string): Promise<Challenge> => {
    requireScope(by, 'namespaces:claim');
    const name = readNamespace(text);
    const { account } = await requireClaim(the.sql, by, name);
    const [method, domain] = [readMethod(methodText), readDomain(domainText, name)];
    const secret = randomBytes(SECRET_BYTES);
    const row = await inTransaction(the.sql, async (tx) => {
      await requireStillActing(tx, by, the.now());
      return putChallenge(tx, { namespace: name.name, account, domain, method, secret });
    });
    return challengeFrom(the, row);
  };

const unproven = ({ namespace, domain, method, place }: Challenge, problem: string, why: string): Fault =>
  fault(
    'domain_unproven',
    { namespace, domain, method, place, problem },
    `${place} does not show the text for ${namespace}: ${why}. Publish it there, then try again.`,
  );

const requireShown = async (the: ProveDeps, challenge: Challenge): Promise<void> => {
  const { domain, method, text } = challenge;
  const texts = await the.prover.texts(domain, method).catch((error: unknown) => {
    if (error instanceof ProverError) throw unproven(challenge, error.code, error.message);
    throw error;
  });
  if (!showsText(texts, text)) throw unproven(challenge, 'mismatch', 'another text is there');
};

const commit = async (the: ProveDeps, tx: Tx, by: Principal, shown: Challenge): Promise<ClaimRow> => {
  const { namespace, account, domain, method } = shown;
  const claim = await claimOf(tx, namespace);
  const row = await challengeOf(tx, namespace, account);
  // It changed hands, or another domain was named, while the domain was asked.
  if (claim?.account !== account || row === undefined || challengeFrom(the, row).text !== shown.text)
    throw fault('not_found', { namespace }, 'Meanwhile another proof was asked for: try again.');
  const at = the.now();
  const times = { provedAt: at.toISOString(), expiresAt: new Date(at.getTime() + PROOF_MS).toISOString() };
  const proof: DomainProof = { domain, method, ...times };
  await setProof(tx, namespace, proof);
  await the.append(tx, {
    kind: 'namespace.proved',
    actor: actorOf(by),
    subject: subjectOf(namespace),
    data: { namespace, account, ...proof },
  });
  return { ...claim, proof };
};

/**
 * Asks the domain, outside of any transaction, and believes for a year what it shows.
 * @throws Fault forbidden, validation_error, pack_namespace_unauthorized, not_found, domain_unproven, busy, key_revoked
 */
export const checkProof =
  (the: ProveDeps) =>
  async (by: Principal, text: string): Promise<ClaimRow> => {
    requireScope(by, 'namespaces:claim');
    const name = readNamespace(text);
    const { account } = await requireClaim(the.sql, by, name);
    const row = await challengeOf(the.sql, name.name, account);
    if (row === undefined)
      throw fault('not_found', { namespace: name.name }, 'First ask what the domain has to show.');
    const challenge = challengeFrom(the, row);
    await the.admit(isOperator(by) ? undefined : by.account, () => requireShown(the, challenge));
    const proved = await inTransaction(the.sql, async (tx) => {
      await lockNamespace(tx, name.name);
      await requireStillActing(tx, by, the.now());
      return commit(the, tx, by, challenge);
    });
    the.announce(subjectOf(name.name));
    return proved;
  };
