// Root documents and delegated keys as rows.
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
  /** `here`: from the place of that event in the log; `ever`; or a position as digits. */
  readonly revoked_from: string | null;
  readonly revocation_reason: string | null;
  /** Id of the event that took the key back. */
  readonly revocation_event: string | null;
  /** The envelope of the registrar's statement; null until the event has its place. */
  readonly revocation: string | null;
  /** The key that follows it, the key that it follows, and the proof by that one; null where there is none. */
  readonly rotated_to: string | null;
  readonly rotated_from: string | null;
  readonly rotation_proof: Uint8Array | null;
}

/** What taking a key back writes into its row. */
export interface RevocationMark {
  readonly at: Date;
  readonly from: string;
  readonly reason: string;
  readonly event: string;
  readonly statement: string | null;
}

const delegationsWithRotations = (db: Queryable) => db`
  select delegations.*, followed.new_key_id as rotated_to, follows.old_key_id as rotated_from,
    follows.proof as rotation_proof
  from delegations
    left join key_rotations as followed on followed.old_key_id = key_id
    left join key_rotations as follows on follows.new_key_id = key_id`;

export const allDelegations = (db: Queryable): Promise<DelegationRow[]> =>
  db<DelegationRow[]>`${delegationsWithRotations(db)} order by key_id`;

/**
 * The keys that speak for a name, and those of these ids, by key id. Patterns cover names as keys/delegation says; here
 * that is only approached, so that not all keys are loaded for one name.
 */
export const delegationsAbout = (
  db: Queryable,
  name: string,
  keyIds: readonly string[] = [],
): Promise<DelegationRow[]> => db<DelegationRow[]>`
  ${delegationsWithRotations(db)}
  where key_id = any(${keyIds as string[]})
    or exists (select from unnest(namespaces) as pattern where lower(pattern) = ${name.toLowerCase()}
      or (right(pattern, 1) = '*' and starts_with(${name.toLowerCase()}, lower(left(pattern, -1)))))
  order by key_id`;

export const delegationOf = async (db: Queryable, keyId: string): Promise<DelegationRow | undefined> => {
  const [row] = await db<DelegationRow[]>`${delegationsWithRotations(db)} where key_id = ${keyId}`;
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

/** Waits for the publishes that use the key; none begins before the transaction ends. Say it before anything is written. */
export const stopUseOfKey = (tx: Tx, keyId: string): Promise<unknown> =>
  tx`select stop_use(${`key:${keyId}`})`;

/** Since when a key is revoked stays, also where it is revoked from an earlier position later on. */
export const markKeyRevoked = (tx: Tx, keyId: string, mark: RevocationMark): Promise<unknown> => tx`
  update delegations set revoked_at = coalesce(revoked_at, ${mark.at}), revoked_from = ${mark.from},
    revocation_reason = ${mark.reason}, revocation_event = ${mark.event}, revocation = ${mark.statement}
  where key_id = ${keyId}`;

/** Keys whose revocation the registrar has not stated yet. */
export const unstatedRevocations = (db: Queryable): Promise<DelegationRow[]> => db<DelegationRow[]>`
  ${delegationsWithRotations(db)} where revoked_at is not null and revocation is null order by key_id`;

/** The first statement about an event stays; every other would say the same. */
export const insertRevocation = (tx: Tx, eventId: string, statement: string): Promise<unknown> => tx`
  update delegations set revocation = ${statement} where revocation_event = ${eventId} and revocation is null`;

export const insertRoot = (tx: Tx, version: number, envelope: string): Promise<unknown> =>
  tx`insert into roots (version, envelope) values (${version}, ${envelope})`;

export const rootAt = async (db: Queryable, version: number | 'latest'): Promise<string | undefined> => {
  const wanted = version === 'latest' ? null : version;
  const [row] = await db<{ envelope: string }[]>`
    select envelope from roots where ${wanted}::integer is null or version = ${wanted} order by version desc limit 1`;
  return row?.envelope;
};

/** 0 where there is none yet. */
export const newestRootVersion = async (db: Queryable): Promise<number> => {
  const [row] = await db<{ version: number | null }[]>`select max(version) as version from roots`;
  return row?.version ?? 0;
};

/** One change of root or issued list at a time: each version is made from all that stood before it. */
export const lockTrust = (tx: Tx): Promise<unknown> =>
  tx`select pg_advisory_xact_lock(hashtextextended('attestry.trust', 0))`;
