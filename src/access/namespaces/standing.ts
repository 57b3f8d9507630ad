// What a claim lets happen in its namespace: whose keys sign there, and whether a domain has to stand for it. Pure.
import type { ProofMethod } from './domain.ts';

/** What a domain once showed. */
export interface DomainProof {
  readonly domain: string;
  readonly method: ProofMethod;
  readonly provedAt: string;
  readonly expiresAt: string;
}

export interface ClaimStanding {
  readonly namespace: string;
  readonly account: string;
  readonly transfers: number;
  readonly transferred_at: Date | null;
  readonly former: readonly string[];
  readonly kept_keys: readonly string[];
  readonly given: boolean;
  readonly proof: DomainProof | null;
}

export interface ListedBy {
  readonly keyId: string;
  readonly account: string;
  readonly issuedAt: Date;
}

export type ProofRule = 'optional' | 'required';

export const isProved = ({ proof }: Pick<ClaimStanding, 'proof'>, now: Date): boolean =>
  proof !== null && now < new Date(proof.expiresAt);

/** What the operator gave out he answers for himself. */
export const awaitsProof = (
  rule: ProofRule,
  claim: Pick<ClaimStanding, 'namespace' | 'given' | 'proof'>,
  now: Date,
): boolean =>
  rule === 'required' && claim.namespace.startsWith('vendor.') && !claim.given && !isProved(claim, now);

/**
 * After a transfer nothing is signed by what those before left behind: keys listed until then, and any of their
 * accounts, unless the new holder kept them. The database asks the same once more when a version is committed.
 */
export const maySign = (claim: ClaimStanding, key: ListedBy): boolean => {
  const { transferred_at: at, account, kept_keys, former } = claim;
  if (at === null || key.account === account || kept_keys.includes(key.keyId)) return true;
  return key.issuedAt >= at && !former.includes(key.account);
};
