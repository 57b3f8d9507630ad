// What must not move until a transaction ends that makes a version true, and how it stands then.
import type { Digest } from '../../storage/digest.ts';
import type { Queryable, Tx } from '../database/connect.ts';
import { nameKey, namespaceOf, type PackName, type PackVersion } from '../protocol/pack-id.ts';

/** Where versions come from; `actor` is `mirror:<host>`. */
export interface Origin {
  readonly url: string;
  readonly actor: string;
  /** When it was added: one that was added anew may be wanted in another way. */
  readonly since: Date;
  /** Whether the operator said which namespaces come from there. */
  readonly isNamed: boolean;
}

/** How it stands with all that a version depends on. */
export interface Ground {
  /** Whether its upstream is mirrored still. */
  readonly isFollowed: boolean;
  /** Who has the namespace here. */
  readonly holder: string | null;
  /** The last sweep that took the bytes. */
  readonly sweep: number;
  /** The last change of what is advised about the pack. */
  readonly advised: number;
}

const GONE: Ground = { isFollowed: false, holder: null, sweep: 0, advised: 0 };

const isThere = (db: Queryable, { url, since }: Origin) =>
  db`exists (select from mirror_upstreams where url = ${url} and added_at = ${since})`;

/**
 * Holds upstream, namespace, key id, bytes and advice as they are, and keeps other mirrors from the pack. Say it before
 * anything is written.
 */
export const holdGround = async (
  tx: Tx,
  origin: Origin,
  name: PackName,
  digest: Digest,
  keyId: string,
): Promise<Ground> => {
  const namespace = namespaceOf(name).toLowerCase();
  const held = [`upstream:${origin.url}`, `namespace:${namespace}`, `key:${keyId}`];
  await tx`
    select pg_advisory_xact_lock_shared(hashtextextended(held, 0)) from unnest(${held}::text[]) as held
    union all select pg_advisory_xact_lock(hashtextextended(${`mirrored:${nameKey(name)}`}, 0))`;
  const [row] = await tx<Ground[]>`
    select ${isThere(tx, origin)} as "isFollowed",
      (select account from namespace_claims where namespace = ${namespace}) as holder,
      sweep_of(decode(${digest}, 'hex')) as sweep, advice_of(${nameKey(name)}) as advised`;
  return row ?? GONE;
};

/** Whether it is mirrored still, and stays so until the transaction ends. Say it before anything is written. */
export const holdUpstream = async (tx: Tx, origin: Origin): Promise<boolean> => {
  await tx`select pg_advisory_xact_lock_shared(hashtextextended(${`upstream:${origin.url}`}, 0))`;
  const [row] = await tx<{ ok: boolean }[]>`select ${isThere(tx, origin)} as ok`;
  return row?.ok === true;
};

/** From where the versions of a pack are that are here, in whichever spelling of its name. */
export interface Sources {
  /** Another spelling of it that is here. */
  readonly spelling: string | null;
  readonly isOurs: boolean;
  readonly isPublishedHere: boolean;
  /** Another upstream that some are from. */
  readonly elsewhere: string | null;
  /** Whether the key signed any of those. */
  readonly isKnownKey: boolean;
  /** Whether the version that is asked for is one of them. */
  readonly hasVersion: boolean;
}

export const sourcesOf = async (
  db: Queryable,
  { url }: Origin,
  { name, version }: { readonly name: PackName; readonly version: PackVersion },
  keyId: string,
): Promise<Sources | undefined> => {
  const [row] = await db<Sources[]>`
    select min(name) filter (where name <> ${name}) as spelling,
      coalesce(bool_or(upstream = ${url}), false) as "isOurs",
      coalesce(bool_or(upstream is null), false) as "isPublishedHere",
      min(upstream) filter (where upstream <> ${url}) as elsewhere,
      coalesce(bool_or(key_id = ${keyId}), false) as "isKnownKey",
      bool_or(version = ${version}) as "hasVersion"
    from versions left join mirrored_versions using (name_key, version)
    where name_key = ${nameKey(name)} having count(*) > 0`;
  return row;
};
