// Keys, accounts, tokens and namespaces beside the events that made them, page by page.
import type { DelegationRow } from '../access/delegation-store.ts';
import type { Queryable } from '../database/connect.ts';

const ROWS_AT_ONCE = 500;
const STRAYS = 1_000;

interface MadeBy {
  readonly leaf: Uint8Array | null;
  readonly sealed: Uint8Array | null;
}

/** A key, the event that stated its delegation as it stands, and the one that took it back. */
export type KeyRow = Omit<DelegationRow, 'rotated_from' | 'rotation_proof'> &
  MadeBy & {
    readonly position: number | null;
    /** Of the event by which another key follows it, the proof of that, and what the registrar said of the other. */
    readonly turned_kind: string | null;
    readonly turned_subject: string | null;
    readonly followed_proof: Uint8Array | null;
    readonly next_envelope: string | null;
    readonly revoked_kind: string | null;
    readonly revoked_subject: string | null;
    readonly revoked_leaf: Uint8Array | null;
    readonly revoked_sealed: Uint8Array | null;
    readonly revoked_position: number | null;
  };

export const keysAfter = (db: Queryable, after: string): Promise<KeyRow[]> => db<KeyRow[]>`
  with page as (select * from delegations where key_id > ${after} order by key_id limit ${ROWS_AT_ONCE})
  select page.*, coalesce(turned.leaf, made.leaf) as leaf,
    case when turned.id is null then made.sealed else turned.sealed end as sealed,
    coalesce(turned_place.position, place.position) as position,
    rotation.new_key_id as rotated_to, rotation.proof as followed_proof, next.envelope as next_envelope,
    turned.kind as turned_kind, turned.subject as turned_subject, taken.kind as revoked_kind,
    taken.subject as revoked_subject, taken.leaf as revoked_leaf, taken.sealed as revoked_sealed,
    taken_place.position as revoked_position
  from page
    left join events as made on made.kind = 'key.delegated' and made.subject = 'key:' || page.key_id
    left join leaves as place on place.event_id = made.id
    left join key_rotations as rotation on rotation.old_key_id = page.key_id
    left join delegations as next on next.key_id = rotation.new_key_id
    left join events as turned on turned.id = rotation.event_id
    left join leaves as turned_place on turned_place.event_id = turned.id
    left join events as taken on taken.id = page.revocation_event
    left join leaves as taken_place on taken_place.event_id = taken.id
  order by page.key_id`;

/** Events that speak of a key which is not there, took one back that is not taken back, or linked two that are not linked. */
export const keyEventsWithoutRow = (db: Queryable) => db<{ subject: string; kind: string }[]>`
  select subject, kind from events
  where (kind in ('key.delegated', 'key.revoked') and not exists (
      select from delegations where subject = 'key:' || key_id and (kind = 'key.delegated' or revoked_at is not null)))
    or (kind = 'key.rotated' and not exists (select from key_rotations where event_id = events.id))
  order by subject limit ${STRAYS}`;

export interface ClaimedRow extends MadeBy {
  readonly namespace: string;
  readonly account: string;
}

export const claimsAfter = (db: Queryable, after: string): Promise<ClaimedRow[]> => db<ClaimedRow[]>`
  with page as (select * from namespace_claims where namespace > ${after} order by namespace limit ${ROWS_AT_ONCE})
  select page.namespace, page.account, last.leaf, last.sealed
  from page left join (
    select distinct on (subject) subject, leaf, sealed from events
    where kind in ('namespace.claimed', 'namespace.transferred')
      and subject in (select 'namespace:' || namespace from page)
    order by subject, xact desc, ordinal desc
  ) as last on last.subject = 'namespace:' || page.namespace
  order by page.namespace`;

export interface TokenFacts extends MadeBy {
  readonly id: string;
  readonly account: string;
  readonly scopes: readonly string[];
  readonly revoked: boolean;
  /** Whether an event took it back. */
  readonly taken_back: boolean;
}

export const tokensAfter = (db: Queryable, after: string): Promise<TokenFacts[]> => db<TokenFacts[]>`
  with page as (select * from tokens where id > ${after} order by id limit ${ROWS_AT_ONCE})
  select page.id, page.account, page.scopes, page.revoked_at is not null as revoked, events.leaf, events.sealed,
    exists (select from events where kind = 'token.revoked' and subject = 'token:' || page.id) as taken_back
  from page left join events on events.kind = 'token.created' and events.subject = 'token:' || page.id
  order by page.id`;

export const accountsWithoutEvent = async (db: Queryable): Promise<string[]> => {
  const rows = await db<{ name: string }[]>`
    select name from accounts where not exists (
      select from events where kind = 'account.created' and subject = 'account:' || name)
    order by name limit ${STRAYS}`;
  return rows.map(({ name }) => name);
};

/** Subjects of events that made an account, a token or a claim which is not there. */
export const madeWithoutRow = (db: Queryable) => db<{ kind: string; subject: string }[]>`
  select kind, subject from events
  where (kind = 'account.created' and not exists (select from accounts where subject = 'account:' || name))
    or (kind = 'token.created' and not exists (select from tokens where subject = 'token:' || tokens.id))
    or (kind = 'namespace.claimed'
      and not exists (select from namespace_claims where subject = 'namespace:' || namespace))
  order by kind, subject limit ${STRAYS}`;
