// Keys of upstreams as rows: they sign nothing that is published here, and one id is one key.
import { type PublicKey, publicKeyFromBytes } from '../../keys/key.ts';
import type { Queryable, Sql, Tx } from '../database/connect.ts';
import type { Tree } from '../protocol/faults.ts';
import type { MirroredKey } from './examine.ts';
import { UNLISTED } from './layout.ts';

const isFreeIn = (db: Queryable, { keyId, publicKey }: Pick<MirroredKey, 'keyId' | 'publicKey'>) => db`
  (not exists (select from mirrored_keys where key_id = ${keyId} and public_key <> ${publicKey})
    and not exists (select from delegations where key_id = ${keyId} and public_key <> ${publicKey}))`;

/** Whether the id stands for no other key, delegated here or mirrored from elsewhere. */
export const isFree = async (
  db: Queryable,
  key: Pick<MirroredKey, 'keyId' | 'publicKey'>,
): Promise<boolean> => {
  const [row] = await db<{ ok: boolean }[]>`select ${isFreeIn(db, key)} as ok`;
  return row?.ok === true;
};

/** Every client reads all keys in one document: no upstream may make that longer than clients take. */
const MOST_KEYS = 2_000;
const MOST_BYTES = 1024 * 1024;

/** `taken`: the id stands for another key; `full`: upstream has more keys here than it may. Say `holdGround` before. */
export const keepKey = async (
  tx: Tx,
  key: MirroredKey,
  upstream: string,
): Promise<'kept' | 'taken' | 'full'> => {
  const { keyId, publicKey, pem, namespaces, status } = key;
  await tx`
    insert into mirrored_keys (key_id, public_key, pem, upstream, namespaces, status)
    select ${keyId}, ${publicKey}, ${pem}, ${upstream}, ${[...namespaces]}::text[], ${status}
    where exists (select from mirrored_keys where key_id = ${keyId})
      or (select count(*) < ${MOST_KEYS}
          and coalesce(sum(octet_length(namespaces::text)), 0) + ${JSON.stringify(namespaces).length}::int < ${MOST_BYTES}
        from mirrored_keys where upstream = ${upstream})
    on conflict (key_id) do update set namespaces = excluded.namespaces, status = excluded.status
      where mirrored_keys.upstream = excluded.upstream and mirrored_keys.public_key = excluded.public_key
        and (mirrored_keys.namespaces <> excluded.namespaces or mirrored_keys.status <> excluded.status)`;
  const [row] = await tx<{ isFree: boolean; isThere: boolean }[]>`
    select ${isFreeIn(tx, key)} as "isFree",
      exists (select from mirrored_keys where key_id = ${keyId}) as "isThere"`;
  if (row?.isFree !== true) return 'taken';
  return row.isThere ? 'kept' : 'full';
};

/** Follows what upstream says now of its keys; tells those of which it says something else. */
export const followKeys = async (
  db: Queryable,
  upstream: string,
  listed: Iterable<Pick<MirroredKey, 'keyId' | 'status'>>,
): Promise<readonly string[]> => {
  const all = [...listed];
  const rows = await db<{ key_id: string }[]>`
    update mirrored_keys as kept set status = now.status
    from (select key_id, coalesce(said.status, ${UNLISTED}) as status from mirrored_keys
        left join unnest(${all.map(({ keyId }) => keyId)}::text[], ${all.map(({ status }) => status)}::text[])
          as said (said_id, status) on said_id = key_id
        where upstream = ${upstream}) as now
    where kept.key_id = now.key_id and kept.status <> now.status
    returning kept.key_id`;
  return rows.map(({ key_id }) => key_id);
};

/** As its upstream serves it. */
export const mirroredKeyPem = async (sql: Sql, keyId: string): Promise<Uint8Array | undefined> => {
  const [row] = await sql<{ pem: Uint8Array }[]>`select pem from mirrored_keys where key_id = ${keyId}`;
  return row?.pem;
};

export interface MirroredKeyRow {
  readonly keyId: string;
  readonly upstream: string;
  readonly namespaces: readonly string[];
  readonly status: string;
}

export const mirroredKeys = (sql: Sql): Promise<MirroredKeyRow[]> => sql<MirroredKeyRow[]>`
  select key_id as "keyId", upstream, namespaces, status from mirrored_keys order by key_id`;

/** Versions from there that those keys signed, as far as they stand among no flaws for that. */
export const signedAndUnnoted = (
  db: Queryable,
  upstream: string,
  keyIds: readonly string[],
  most: number,
): Promise<{ tree: Tree; name: string; version: string; keyId: string }[]> => db<
  { tree: Tree; name: string; version: string; keyId: string }[]
>`
  select versions.tree, versions.name, version, key_id as "keyId"
  from mirrored_versions as mirrored join versions using (name_key, version)
  where upstream = ${upstream} and key_id = any(${[...keyIds]}::text[]) and unpublished is null
    and not exists (select from mirror_flaws as noted where noted.upstream = mirrored.upstream
      and noted.tree = versions.tree and noted.name = versions.name and noted.version = versions.version
      and code = 'key_revoked')
  limit ${most}`;

export interface MirroredSignerRow extends MirroredKeyRow {
  readonly publicKey: PublicKey;
}

export const mirroredSigners = async (
  sql: Sql,
  keyIds: readonly string[],
): Promise<readonly MirroredSignerRow[]> => {
  const rows = await sql<(MirroredKeyRow & { bytes: Uint8Array })[]>`
    select key_id as "keyId", public_key as bytes, upstream, namespaces, status from mirrored_keys
    where key_id = any(${[...keyIds]}::text[]) order by key_id`;
  return rows.map(({ bytes, ...row }) => ({ ...row, publicKey: publicKeyFromBytes(bytes) }));
};
