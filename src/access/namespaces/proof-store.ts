// What accounts were asked to show on their domains, as rows.
import type { Queryable, Tx } from '../../database/connect.ts';
import type { ProofMethod } from './domain.ts';

export interface ChallengeRow {
  readonly namespace: string;
  readonly account: string;
  readonly domain: string;
  readonly method: ProofMethod;
  readonly secret: Uint8Array;
}

export const challengeOf = async (
  db: Queryable,
  namespace: string,
  account: string,
): Promise<ChallengeRow | undefined> => {
  const [row] = await db<ChallengeRow[]>`
    select * from namespace_challenges where namespace = ${namespace} and account = ${account}`;
  return row;
};

/** The first secret stays, so that whoever asks again need not change what his domain shows. */
export const putChallenge = async (tx: Tx, wanted: ChallengeRow): Promise<ChallengeRow> => {
  const [row] = await tx<ChallengeRow[]>`
    insert into namespace_challenges (namespace, account, domain, method, secret)
    values (${wanted.namespace}, ${wanted.account}, ${wanted.domain}, ${wanted.method}, ${wanted.secret})
    on conflict (namespace, account) do update set domain = excluded.domain, method = excluded.method
    returning *`;
  return row ?? wanted;
};
