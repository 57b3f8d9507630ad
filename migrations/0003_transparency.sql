-- Every state change, in the transaction that made it. Rows are never changed, and their order is (xact, ordinal):
-- a reader that stays below the oldest running transaction sees each row exactly once and skips none.

create table events (
  id      text primary key,
  xact    xid8 not null default pg_current_xact_id(),
  ordinal bigint generated always as identity,
  kind    text not null,
  subject text not null,
  at      timestamptz not null,
  leaf    bytea not null check (octet_length(leaf) between 1 and 65535),
  sealed  bytea -- the full event behind a leaf that only commits to it
);
create unique index events_in_order on events (xact, ordinal);

-- Appends an event from inside the statement that makes its state change true.
create function append_event(
  event_id text, event_kind text, event_subject text, event_at timestamptz, event_leaf bytea, event_sealed bytea
) returns void language sql volatile as $$
  insert into events (id, kind, subject, at, leaf, sealed)
  values (event_id, event_kind, event_subject, event_at, event_leaf, event_sealed)
$$;
