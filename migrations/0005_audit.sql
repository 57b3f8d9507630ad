-- Who watches the log: what each witness has seen of it, and the hash chain of the audit that follows from its events.

-- Never forgotten, also where old cosignatures are. One process at a time asks a witness; its turn ends by itself.
create table witnesses (
  witness     text primary key, -- its key, as a vkey
  size        bigint not null default 0 check (size >= 0),
  asked_until timestamptz not null
);

-- The checkpoints that cosignatures are about: the head moves on, and its own checkpoint with it.
create table witnessed_checkpoints (
  size       bigint primary key check (size >= 0),
  checkpoint text not null -- the signed note, without cosignatures
);

-- The one key that signs checkpoints of the chain; a process that does not hold it signs none.
create table audit_key (
  only_one   boolean primary key default true check (only_one),
  public_key bytea not null check (octet_length(public_key) = 32)
);

-- A checkpoint of the chain over the entries after `previous` up to `at_sequence`. Sequences count from 1: the entry
-- of an event is its position in the log and one.
create table audit_checkpoints (
  at_sequence  bigint primary key check (at_sequence > previous),
  previous     bigint not null unique check (previous >= 0),
  entry_hashes bytea not null check (octet_length(entry_hashes) = 32 * (at_sequence - previous)),
  root         bytea not null check (octet_length(root) = 32),
  signature    bytea not null check (octet_length(signature) = 64),
  made_at      timestamptz not null
);
