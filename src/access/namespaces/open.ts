// Wires the namespaces: what may be done with them, and what publishing asks about them.
import { admission } from '../../http/admission.ts';
import { fault } from '../../protocol/faults.ts';
import type { DelegatedKey } from '../delegations.ts';
import { isOperator, type Principal } from '../principal.ts';
import { type ClaimDeps, claimNamespace } from './claim.ts';
import { allClaims, type ClaimRow } from './claim-store.ts';
import { dnsTexts } from './dns-prover.ts';
import { holdName, releaseName } from './hold.ts';
import { claimBody, heldBody, listBody, offerBody } from './list.ts';
import { heldNames, indexNames } from './look-store.ts';
import { offerNamespace, withdrawOffer } from './offer.ts';
import { offersInForce } from './offer-store.ts';
import { askForProof, checkProof } from './prove.ts';
import type { DomainProver } from './prover.ts';
import { awaitsProof, maySign, type ProofRule } from './standing.ts';
import { acceptNamespace, transferNamespace } from './transfer.ts';
import { wellKnownTexts } from './well-known-prover.ts';

export interface OpenNamespacesDeps extends Omit<ClaimDeps, 'indexNames'> {
  readonly proofRule: ProofRule;
  /** Of the log as the newest root names it. */
  readonly origin: () => string;
  /** The claim of a namespace, as it may be remembered. */
  readonly claimOf: (namespace: string) => Promise<ClaimRow | undefined>;
  /** What a simulated world answers with in the place of the domains of the world. */
  readonly prover?: DomainProver | undefined;
}

/** Domains that are asked at once, by all processes' clients of this one. */
const MAX_ASKED = 4;
const MAX_ASKED_OF_ACCOUNT = 1;

const realProver = (): DomainProver => {
  const by = { 'well-known': wellKnownTexts(), dns: dnsTexts() };
  return { texts: (domain, method) => by[method](domain) };
};

/** @throws Fault domain_unproven */
const requireProven = (the: OpenNamespacesDeps) => async (by: Principal, namespace: string) => {
  const claim = await the.claimOf(namespace);
  if (isOperator(by) || claim === undefined || !awaitsProof(the.proofRule, claim, the.now())) return;
  const cure = `attestry namespace prove ${namespace} --domain DOMAIN`;
  const message = `Nothing is published under ${namespace} until its domain stands for it: ${cure}`;
  throw fault('domain_unproven', { namespace, expired: claim.proof !== null }, message);
};

/** @throws Fault signature_invalid */
const requireKeyOfHolder =
  (the: OpenNamespacesDeps) => async (namespace: string, key: DelegatedKey | undefined) => {
    const claim = await the.claimOf(namespace);
    if (claim === undefined || key === undefined || maySign(claim, key.listed)) return;
    const { keyId } = key.listed;
    throw fault(
      'signature_invalid',
      { brokenLink: 'key_namespace', keyId, namespace },
      `The key ${keyId} was listed for whoever held ${namespace} before: sign with a key of the account ${claim.account}.`,
    );
  };

export const openNamespaces = (deps: OpenNamespacesDeps) => {
  const the = {
    ...deps,
    indexNames: indexNames(deps.sql),
    prover: deps.prover ?? realProver(),
    admit: admission({ most: MAX_ASKED, mostOfOne: MAX_ASKED_OF_ACCOUNT }),
  };
  const { sql, now, proofRule } = the;
  const [offer, hold] = [offerNamespace(the), holdName(the)];
  return {
    bodyOf: (row: ClaimRow) => claimBody(row, proofRule, now()),
    list: async (reader: Principal | undefined) => {
      const [claims, offers, held] = await Promise.all([
        allClaims(sql),
        offersInForce(sql, now()),
        heldNames(sql),
      ]);
      return listBody(reader, { claims, offers, held }, proofRule, now());
    },
    claim: claimNamespace(the),
    offer: async (by: Principal, namespace: string, account: string) =>
      offerBody((await offer(by, namespace, account)).row),
    withdrawOffer: withdrawOffer(the),
    accept: acceptNamespace(the),
    transfer: transferNamespace(the),
    askForProof: askForProof(the),
    checkProof: checkProof(the),
    hold: async (by: Principal, name: string, reason: string) => heldBody((await hold(by, name, reason)).row),
    release: releaseName(the),
    requireProven: requireProven(the),
    requireKeyOfHolder: requireKeyOfHolder(the),
    /** For a chore: nobody who claims should have to wait for it. */
    indexNames: the.indexNames,
  };
};

export type Namespaces = ReturnType<typeof openNamespaces>;
