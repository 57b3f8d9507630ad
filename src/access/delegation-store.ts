// Root documents, delegated keys and keyrings as rows.
import type { Queryable, Tx } from '../database/connect.ts';

export interface DelegationRow {
  readonly key_id: string;
  readonly account: string;
  readonly public_key: Uint8Array;
  readonly namespaces: readonly string[];
  readonly not_before: Date;
  readonly not_after: Date;
  readonly issued_at: Date;
  /** The DSSE envelope of the registrar's statement, as JSON text. */
  readonly envelope: string;
  readonly revoked_at: Date | null;
  readonly revocation: string | null;
}

export const allDelegations = (db: Queryable): Promise<DelegationRow[]> =>
  db<DelegationRow[]>`select * from delegations order by key_id`;

export const delegationOf = async (db: Queryable, keyId: string): Promise<DelegationRow | undefined> => {
  const [row] = await db<DelegationRow[]>`select * from delegations where key_id = ${keyId}`;
  return row;
};

/** How many keys are listed, and how many of them by one account; they stay listed when they are revoked. */
export const countDelegations = async (tx: Tx, account: string): Promise<{ all: number; own: number }> => {
  const [row] = await tx<{ all: number; own: number }[]>`
    select count(*) as all, count(*) filter (where account = ${account}) as own from delegations`;
  return row ?? { all: 0, own: 0 };
};

/** False where the id or the key itself is listed already. */
export const insertDelegation = async (tx: Tx, row: DelegationRow): Promise<boolean> => {
  const result = await tx`
    insert into delegations (key_id, account, public_key, namespaces, not_before, not_after, issued_at, envelope)
    values (${row.key_id}, ${row.account}, ${row.public_key}, ${row.namespaces as string[]}, ${row.not_before},
      ${row.not_after}, ${row.issued_at}, ${row.envelope})
    on conflict do nothing`;
  return result.count === 1;
};

/** False where there is no such key in force. */
export const markKeyRevoked = async (
  tx: Tx,
  keyId: string,
  at: Date,
  revocation: string,
): Promise<boolean> => {
  await tx`select stop_use(${`key:${keyId}`})`;
  const result = await tx`
    update delegations set revoked_at = ${at}, revocation = ${revocation}
    where key_id = ${keyId} and revoked_at is null`;
  return result.count === 1;
};

export const insertRoot = (tx: Tx, version: number, envelope: string): Promise<unknown> =>
  tx`insert into roots (version, envelope) values (${version}, ${envelope})`;

export const rootAt = async (db: Queryable, version: number | 'latest'): Promise<string | undefined> => {
  const wanted = version === 'latest' ? null : version;
  const [row] = await db<{ envelope: string }[]>`
    select envelope from roots where ${wanted}::integer is null or version = ${wanted} order by version desc limit 1`;
  return row?.envelope;
};

export interface KeyringRow {
  readonly version: number;
  readonly envelope: string;
  readonly issued_at: Date;
}

export const latestKeyring = async (db: Queryable): Promise<KeyringRow | undefined> => {
  const [row] = await db<KeyringRow[]>`
    select version, envelope, issued_at from keyrings order by version desc limit 1`;
  return row === undefined ? undefined : { ...row, version: Number(row.version) };
};

/** Older ones say nothing that the events do not: only the newest is served. */
export const dropKeyringsBelow = (tx: Tx, version: number): Promise<unknown> =>
  tx`delete from keyrings where version < ${version}`;

export const insertKeyring = (tx: Tx, row: KeyringRow): Promise<unknown> => tx`
  insert into keyrings (version, envelope, issued_at) values (${row.version}, ${row.envelope}, ${row.issued_at})`;

/** One change of root or keyring at a time: each version is made from all that stood before it. */
export const lockTrust = (tx: Tx): Promise<unknown> =>
  tx`select pg_advisory_xact_lock(hashtextextended('attestry.trust', 0))`;
