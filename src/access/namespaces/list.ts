// How namespaces, offers and held names read in answers, and to whom. Pure.
import { isPrivateNamespace } from '../../protocol/pack-id.ts';
import { isOperator, type Principal } from '../principal.ts';
import type { ClaimRow } from './claim-store.ts';
import type { HeldRow } from './look-store.ts';
import type { OfferRow } from './offer-store.ts';
import { awaitsProof, isProved, type ProofRule } from './standing.ts';

export const offerBody = (row: OfferRow) => ({
  namespace: row.namespace,
  account: row.account,
  offeredAt: row.offered_at,
  expiresAt: row.expires_at,
});

export const heldBody = (row: HeldRow) => ({ name: row.name, reason: row.reason, heldAt: row.held_at });

const proofBody = ({ proof }: ClaimRow, now: Date) =>
  proof === null ? {} : { proof: { ...proof, status: isProved({ proof }, now) ? 'proved' : 'expired' } };

/** `status`: whether anything can be published under it. */
export const claimBody = (row: ClaimRow, rule: ProofRule, now: Date) => ({
  namespace: row.namespace,
  account: row.account,
  claimedAt: row.claimed_at,
  ...(row.transferred_at === null ? {} : { transferredAt: row.transferred_at }),
  status: awaitsProof(rule, row, now) ? 'pending' : 'active',
  ...proofBody(row, now),
});

const isParty = (reader: Principal | undefined, claim: ClaimRow, offer: OfferRow): boolean =>
  reader !== undefined && (isOperator(reader) || [claim.account, offer.account].includes(reader.account));

/** Of a private one learns whoever holds it, is offered it, or runs the registry; of an offer those alone as well. */
export const listBody = (
  reader: Principal | undefined,
  rows: {
    readonly claims: readonly ClaimRow[];
    readonly offers: readonly OfferRow[];
    readonly held: readonly HeldRow[];
  },
  rule: ProofRule,
  now: Date,
) => {
  const offers = new Map(rows.offers.map((row) => [row.namespace, row]));
  const sees = (name: string): boolean =>
    !isPrivateNamespace(name) || (reader !== undefined && isOperator(reader));
  const namespaces = rows.claims.flatMap((claim) => {
    const found = offers.get(claim.namespace);
    const offer = found !== undefined && isParty(reader, claim, found) ? found : undefined;
    if (!sees(claim.namespace) && offer === undefined && claim.account !== reader?.account) return [];
    const { account, expiresAt } = offer === undefined ? {} : offerBody(offer);
    return [
      { ...claimBody(claim, rule, now), ...(offer === undefined ? {} : { offer: { account, expiresAt } }) },
    ];
  });
  return { namespaces, held: rows.held.filter(({ name }) => sees(name)).map(heldBody) };
};
