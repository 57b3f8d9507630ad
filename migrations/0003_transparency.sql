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

-- The log: events at dense positions. A leaf's hash follows from its event, so only what is above tiles is kept.
create table leaves (
  position bigint primary key check (position >= 0),
  event_id text not null unique
);

-- Hashes of full tiles, by tile level (from 1) and position in it: what the tiles of that level are made of.
create table subtrees (
  level    smallint not null check (level > 0),
  position bigint not null check (position >= 0),
  hash     bytea not null check (octet_length(hash) = 32),
  primary key (level, position)
);

-- The one head there is. Sealing moves it by comparing size and root, so that no two sealers can both go on from it.
create table log_head (
  only_one     boolean primary key default true check (only_one),
  size         bigint not null check (size >= 0),
  root         bytea not null check (octet_length(root) = 32),
  checkpoint   text not null, -- the signed note
  sealed_at    timestamptz not null,
  last_xact    xid8 not null, -- order of the last sealed event
  last_ordinal bigint not null
);

-- What witnesses have signed of a checkpoint.
create table cosignatures (
  size    bigint not null,
  witness text not null,
  line    text not null,
  primary key (size, witness)
);
