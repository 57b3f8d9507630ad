// Offers of namespaces as rows: one for each namespace at most.
import type { Queryable, Tx } from '../../database/connect.ts';

export interface OfferRow {
  readonly namespace: string;
  /** To whom. */
  readonly account: string;
  readonly offered_at: Date;
  readonly expires_at: Date;
}

/** Those that can be accepted still. */
export const offersInForce = (db: Queryable, now: Date): Promise<OfferRow[]> =>
  db<OfferRow[]>`select * from namespace_offers where expires_at > ${now}`;

export const offerOf = async (db: Queryable, namespace: string, now: Date): Promise<OfferRow | undefined> => {
  const [row] = await db<OfferRow[]>`
    select * from namespace_offers where namespace = ${namespace} and expires_at > ${now}`;
  return row;
};

/** In the place of the one before. */
export const putOffer = (tx: Tx, row: OfferRow): Promise<unknown> => tx`
  insert into namespace_offers (namespace, account, offered_at, expires_at)
  values (${row.namespace}, ${row.account}, ${row.offered_at}, ${row.expires_at})
  on conflict (namespace) do update
    set account = excluded.account, offered_at = excluded.offered_at, expires_at = excluded.expires_at`;

export const deleteOffer = (tx: Tx, namespace: string): Promise<unknown> =>
  tx`delete from namespace_offers where namespace = ${namespace}`;
