// An acceptance as rows: one statement compares all that was decided on, and writes all that follows, or nothing.

import { encodeBase64 as base64 } from '../../../keys/bytes.ts';
import type { Tx } from '../../database/connect.ts';
import { type Cid, digestOfCid } from '../../protocol/cid.ts';
import type { BaseId, ContributionId } from '../../protocol/knowledge/ids.ts';
import type { Block } from '../../protocol/merkle-tree/growing.ts';
import type { BaseRecord } from '../bases/base.ts';
import type { ContributionRecord, DecisionRecord, RevisionRecord } from '../contributions/contribution.ts';
import { rowOfRecord } from '../events/event-rows.ts';
import type { KnowledgeRecord } from '../events/events.ts';
import type { PointerMove } from '../versions/pointer-move.ts';
import { blockRows, type EntryChange, entryRows } from '../versions/row-texts.ts';
import type { VersionRecord } from '../versions/version.ts';

export interface AcceptanceRows {
  /** As they were when it was decided. */
  readonly base: BaseRecord;
  readonly contribution: Pick<ContributionRecord, 'id' | 'moves'>;
  /** What it is when it is accepted. */
  readonly accepted: Pick<ContributionRecord, 'revision' | 'digest' | 'baseVersion' | 'lastEvent'>;
  readonly version: VersionRecord;
  readonly blocks: readonly Block[];
  readonly index: readonly EntryChange[];
  /** Documents that must not have been erased. */
  readonly documents: readonly Cid[];
  readonly decision: DecisionRecord;
  /** Undefined where the pointer stays. */
  readonly move: PointerMove | undefined;
  /** The revision by which it was moved onto the current version, if it was. */
  readonly revision: RevisionRecord | undefined;
  /** In their order. */
  readonly records: readonly KnowledgeRecord[];
}

/** None or one, for a statement that inserts as many rows. */
const list = (row: object | undefined): string => JSON.stringify(row === undefined ? [] : [row]);

const versionRow = ({ manifest, ...version }: VersionRecord) => ({ ...version, manifest: base64(manifest) });

/** Alone with the base, and with the contribution, until the transaction ends. */
export const lockForAcceptance = (tx: Tx, base: BaseId, contribution: ContributionId): Promise<unknown> =>
  tx`select stop_use(${`base:${base}`}), stop_use(${`contribution:${contribution}`})`;

/** False where something that it was decided on is no longer so; nothing is written then. */
export const insertAcceptance = async (tx: Tx, rows: AcceptanceRows): Promise<boolean> => {
  const { base, contribution, accepted, version, move } = rows;
  const documents = rows.documents.map((cid) => base64(digestOfCid(cid)));
  const [row] = await tx<{ done: boolean; events: number }[]>`
    with ready as materialized (
      select from knowledge_bases as bases, knowledge_contributions as contributions
      where bases.id = ${base.id} and generation = ${base.generation} and last_seq = ${base.lastSeq}
        and bases.policy_version = ${base.policyVersion} and not paused and not held
        and contributions.id = ${contribution.id} and moves = ${contribution.moves}
        and not exists (select from knowledge_erasures as erasures, unnest(${documents}::text[]) as named (digest)
          where erasures.base = bases.id and blob = decode(named.digest, 'base64'))
    ), version as (
      insert into knowledge_versions (id, base, seq, parent, content, entries, bytes, manifest, signature, contribution,
        proposer, created_at, event_id)
      select id, base, seq, parent, content, entries, bytes, decode(manifest, 'base64'), signature, contribution,
        proposer, "createdAt", "eventId"
      from ready, json_to_recordset(${list(versionRow(version))}::text::json)
        as each (id text, base text, seq bigint, parent text, content text, entries bigint, bytes bigint, manifest text,
          signature text, contribution text, proposer text, "createdAt" timestamptz, "eventId" text)
    ), blocks as (
      insert into knowledge_blocks (digest, bytes)
      select decode(digest, 'base64'), decode(bytes, 'base64')
      from ready, json_to_recordset(${blockRows(rows.blocks)}::text::json) as each (digest text, bytes text)
      on conflict do nothing
    ), closed as (
      update knowledge_entries set to_seq = ${version.seq}
      from ready, json_to_recordset(${entryRows(rows.index)}::text::json) as each (path text)
      where base = ${base.id} and knowledge_entries.path = each.path and to_seq is null
      returning 1
    ), opened as (
      insert into knowledge_entries (base, path, from_seq, fold, entry, blob, size, media_type)
      select ${base.id}, path, ${version.seq}, fold, decode(entry, 'base64'), decode(blob, 'base64'), size, media_type
      from ready, json_to_recordset(${entryRows(rows.index)}::text::json)
        as each (path text, fold text, entry text, blob text, size bigint, media_type text)
      -- Once the others are closed: a path has one newest entry.
      where entry is not null and (select count(*) from closed) >= 0
    ), based as (
      update knowledge_bases set last_seq = ${version.seq}, current = coalesce(${move?.to ?? null}, current),
        generation = ${move?.generation ?? base.generation}, pointer_event = coalesce(${move?.eventId ?? null}, pointer_event)
      from ready where id = ${base.id}
    ), moved as (
      insert into knowledge_pointer_moves (base, generation, from_version, to_version, reason, actor, at, event_id)
      select base, generation, "from", "to", reason, actor, at, "eventId"
      from ready, json_to_recordset(${list(move)}::text::json)
        as each (base text, generation bigint, "from" text, "to" text, reason text, actor text, at timestamptz,
          "eventId" text)
    ), revised as (
      insert into knowledge_revisions (contribution, revision, digest, base_version, changes, summary, confidence,
        criteria, proposed_at, event_id)
      select contribution, revision, digest, "baseVersion", changes, summary, confidence, criteria, "proposedAt", "eventId"
      from ready, json_to_recordset(${list(rows.revision)}::text::json)
        as each (contribution text, revision integer, digest text, "baseVersion" text, changes jsonb, summary text,
          confidence double precision, criteria jsonb, "proposedAt" timestamptz, "eventId" text)
    ), decided as (
      insert into knowledge_decisions (contribution, digest, actor, account, closure, role, decision, reason_code,
        signature, at, event_id)
      select contribution, digest, actor, account, closure, role, decision, "reasonCode", signature, at, "eventId"
      from ready, json_to_recordset(${list(rows.decision)}::text::json)
        as each (contribution text, digest text, actor text, account text, closure text[], role text, decision text,
          "reasonCode" text, signature text, at timestamptz, "eventId" text)
      on conflict (contribution, digest, actor) do update set decision = excluded.decision, role = excluded.role,
        closure = excluded.closure, reason_code = excluded.reason_code, signature = excluded.signature, at = excluded.at,
        event_id = excluded.event_id
    ), done as (
      update knowledge_contributions set state = 'accepted', moves = moves + 1, resulting = ${version.id},
        revision = ${accepted.revision}, digest = ${accepted.digest}, base_version = ${accepted.baseVersion},
        last_event = ${accepted.lastEvent}
      from ready where id = ${contribution.id}
    ), events as materialized (
      select each.* from ready, json_to_recordset(${JSON.stringify(rows.records.map(rowOfRecord))}::text::json)
        as each (event_id text, event_kind text, subject text, at timestamptz, leaf text, sealed text, base text,
          contribution text, actor text, trace_id text, causation text)
    ), appended as materialized (
      select append_event(event_id, event_kind, subject, at, decode(leaf, 'base64'), decode(sealed, 'base64'))
      from events
    ), found as (
      insert into knowledge_events (event_id, base, contribution, kind, actor, trace_id, causation, at)
      select event_id, base, contribution, event_kind, actor, trace_id, causation, at from events
    )
    select exists (select from ready) as done, (select count(*) from appended) as events`;
  return row?.done === true;
};
