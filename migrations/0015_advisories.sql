-- What is known to be wrong with published versions: one row for each advisory, which stays when it is withdrawn.

create table advisories (
  id           text primary key check (id ~ '^OPENWOP-[0-9]{4}-[0-9]{4}$'),
  content      jsonb not null, -- what its author said: everything but the id and the dates
  author       text not null, -- an account
  by_operator  boolean not null, -- then nobody else changes or withdraws it
  published_at timestamptz not null,
  changed_at   timestamptz, -- null: never
  event_id     text not null, -- of the event that last said something of it
  withdrawn    jsonb
);

-- Which packs the advisories in force name, whatever the versions.
create table advised_packs (
  name_key    text not null,
  advisory_id text not null,
  primary key (name_key, advisory_id)
);

-- The last change of what is advised about a pack; names whose advisories are all withdrawn stay.
create sequence advice_changes;
create table advice (
  name_key text primary key,
  change   bigint not null default nextval('advice_changes') -- higher than all before
);

-- The last change of what is advised about a pack, 0 where there never was any. Nothing is advised about it before the
-- transaction that asked has ended: publishing an advisory takes the same lock for itself alone.
create function advice_of(wanted text) returns bigint language sql volatile as $$
  select pg_advisory_xact_lock_shared(hashtextextended('advice:' || wanted, 0));
  select coalesce((select change from advice where name_key = wanted), 0);
$$;
