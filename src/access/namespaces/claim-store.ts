// Claims of namespaces as rows: who holds which, and how they change hands.
import type { Queryable, Tx } from '../../database/connect.ts';
import type { ClaimStanding, DomainProof } from './standing.ts';

export interface ClaimRow extends ClaimStanding {
  readonly claimed_at: Date;
}

const columns = (db: Queryable) => db`
  namespace, account, claimed_at, transfers, transferred_at, former, kept_keys, given, proof`;

export const claimOf = async (db: Queryable, namespace: string): Promise<ClaimRow | undefined> => {
  const [row] = await db<ClaimRow[]>`
    select ${columns(db)} from namespace_claims where namespace = lower(${namespace})`;
  return row;
};

export const allClaims = (db: Queryable): Promise<ClaimRow[]> =>
  db<ClaimRow[]>`select ${columns(db)} from namespace_claims order by namespace`;

export const namespacesLostBy =
  (db: Queryable) =>
  async (account: string): Promise<readonly string[]> => {
    const rows = await db<{ namespace: string }[]>`
      select namespace from namespace_claims where ${account} = any(former) and account <> ${account}`;
    return rows.map(({ namespace }) => namespace);
  };

export const countClaims = async (tx: Tx, account: string): Promise<number> => {
  const [row] = await tx<
    { count: number }[]
  >`select count(*) from namespace_claims where account = ${account}`;
  return row?.count ?? 0;
};

/** A claim that never changed hands. */
export const newClaim = (namespace: string, account: string, given: boolean, at: Date): ClaimRow => ({
  ...{ namespace, account, given, claimed_at: at },
  ...{ transfers: 0, transferred_at: null, former: [], kept_keys: [], proof: null },
});

/** False where somebody holds it already. */
export const insertClaim = async (tx: Tx, claim: ClaimRow, lookKeys: readonly number[]): Promise<boolean> => {
  const result = await tx`
    insert into namespace_claims (namespace, account, claimed_at, given, look_keys)
    values (${claim.namespace}, ${claim.account}, ${claim.claimed_at}, ${claim.given},
      ${lookKeys as number[]}::integer[])
    on conflict do nothing`;
  return result.count === 1;
};

export const setGiven = (tx: Tx, namespace: string): Promise<unknown> =>
  tx`update namespace_claims set given = true where namespace = ${namespace}`;

export const setProof = (tx: Tx, namespace: string, proof: DomainProof): Promise<unknown> =>
  tx`update namespace_claims set proof = ${tx.json({ ...proof })} where namespace = ${namespace}`;

/** Nobody claims or holds a name until the transaction ends: two that look alike must see each other. */
export const lockNames = (tx: Tx): Promise<unknown> => tx`select stop_use('namespaces')`;

/** Waits for whatever is being written under it, and lets nothing begin before the transaction ends. */
export const lockNamespace = (tx: Tx, namespace: string): Promise<unknown> =>
  tx`select stop_use(${`namespace:${namespace}`})`;

export interface Handover {
  readonly namespace: string;
  readonly account: string;
  readonly keptKeys: readonly string[];
  readonly given: boolean;
  readonly at: Date;
}

/** For whoever holds `lockNamespace`. What stood for the one before stands for nobody: offer, proof and challenge. */
export const handOver = async (tx: Tx, to: Handover): Promise<ClaimRow> => {
  const [row] = await tx<ClaimRow[]>`
    update namespace_claims set account = ${to.account}, transfers = transfers + 1, transferred_at = ${to.at},
      former = (select array_agg(distinct each) from unnest(former || account) as each),
      kept_keys = ${to.keptKeys as string[]}, given = ${to.given}, proof = null
    where namespace = ${to.namespace} returning ${columns(tx)}`;
  await tx`delete from namespace_offers where namespace = ${to.namespace}`;
  await tx`delete from namespace_challenges where namespace = ${to.namespace}`;
  if (row === undefined) throw new Error('a namespace that was locked is gone');
  return row;
};

/** Whether somebody holds it still, or is the operator; it does not change hands until the transaction ends. */
export const stillHolds = async (
  tx: Tx,
  by: { readonly account: string; readonly tokenId: string },
  namespace: string,
): Promise<boolean> => {
  const [row] = await tx<{ ok: boolean }[]>`
    select namespace_open(${namespace}, ${by.account}, ${by.tokenId}, null) as ok`;
  return row?.ok === true;
};
