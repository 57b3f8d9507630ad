// Writes again what was lost of bases and follows from what is left: blocks, entries, records of erasures, pointers.
import type { Queryable, Tx } from '../database/connect.ts';
import type { Cid } from '../protocol/cid.ts';
import type { BaseId } from '../protocol/knowledge/ids.ts';
import type { Block } from '../protocol/merkle-tree/growing.ts';

const ROWS_AT_ONCE = 100;

/** As many rows as a base has. */
export const withoutLimits = (tx: Tx): Promise<unknown> => tx`
  select set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true)`;

/** @param digest of these very bytes */
export const writeBlock = (db: Queryable, digest: Uint8Array, { bytes }: Block): Promise<unknown> => db`
  insert into knowledge_blocks (digest, bytes) values (${digest}, ${bytes})
  on conflict (digest) do update set bytes = excluded.bytes`;

/** What was ever proposed to stand at a path, as revisions have it. */
export const changesAt = async (db: Queryable, base: BaseId, path: string): Promise<readonly unknown[]> => {
  const rows = await db<{ change: unknown }[]>`
    select change from knowledge_revisions
      join knowledge_contributions on knowledge_contributions.id = knowledge_revisions.contribution
      cross join jsonb_array_elements(changes) as change
    where base = ${base} and changes @> ${JSON.stringify([{ path }])}::text::jsonb and change ->> 'path' = ${path}`;
  return rows.map(({ change }) => change);
};

export interface MendedVersion {
  readonly id: Cid;
  readonly seq: number;
  readonly content: Cid;
  readonly manifest: Uint8Array;
}

/** Oldest first, behind a number. */
export const versionsAbove = (db: Queryable, base: BaseId, above: number): Promise<MendedVersion[]> =>
  db<MendedVersion[]>`
    select id, seq, content, manifest from knowledge_versions
    where base = ${base} and seq > ${above} order by seq limit ${ROWS_AT_ONCE}`;

export const versionWithId = async (
  db: Queryable,
  base: BaseId,
  id: string,
): Promise<MendedVersion | undefined> => {
  const [row] = await db<MendedVersion[]>`
    select id, seq, content, manifest from knowledge_versions where base = ${base} and id = ${id}`;
  return row;
};

export const dropEntries = (tx: Tx, base: BaseId): Promise<unknown> =>
  tx`delete from knowledge_entries where base = ${base}`;

export interface MendedErasure {
  readonly base: string;
  /** In hex. */
  readonly digest: string;
  readonly actor: string;
  readonly authority: string;
  readonly reasonCode: string;
  readonly at: Date;
  readonly eventId: string;
}

/** False where it was on record so already; that something was destroyed stays. */
export const recordErasure = async (tx: Tx, each: MendedErasure): Promise<boolean> => {
  const result = await tx`
    insert into knowledge_erasures (base, blob, actor, authority, reason_code, at, event_id)
    values (${each.base}, decode(${each.digest}, 'hex'), ${each.actor}, ${each.authority}, ${each.reasonCode},
      ${each.at}, ${each.eventId})
    on conflict (base, blob) do update set actor = excluded.actor, authority = excluded.authority,
      reason_code = excluded.reason_code, at = excluded.at, event_id = excluded.event_id
    where (knowledge_erasures.actor, knowledge_erasures.authority, knowledge_erasures.reason_code,
        knowledge_erasures.at, knowledge_erasures.event_id)
      is distinct from (excluded.actor, excluded.authority, excluded.reason_code, excluded.at, excluded.event_id)`;
  return result.count === 1;
};

export interface Stand {
  readonly current: Cid | null;
  readonly generation: number;
  readonly pointer_event: string | null;
  readonly last_seq: number;
}

export const setStand = (tx: Tx, base: BaseId, to: Stand): Promise<unknown> => tx`
  update knowledge_bases set current = ${to.current}, generation = ${to.generation},
    pointer_event = ${to.pointer_event}, last_seq = ${to.last_seq}
  where id = ${base}`;
