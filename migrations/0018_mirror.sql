-- What is mirrored from other registries: from where, with which keys, how far, and what was refused.

create table mirror_upstreams (
  url        text primary key,
  id         text not null unique, -- as it stands in addresses: from the URL
  namespaces text[], -- patterns; null = everything
  trees      text[] not null, -- the first that offers a version is the one that is mirrored
  added_by   text not null, -- an account
  added_at   timestamptz not null,
  due_at     timestamptz not null,
  turn       bigint not null default 0, -- syncs that came to an end
  failures   integer not null default 0, -- in a row
  outcome    text not null default 'never' check (outcome in ('never', 'complete', 'partial', 'failed', 'stopped')),
  reason     text, -- of an outcome that is not complete
  started_at timestamptz,
  ended_at   timestamptz,
  progress   jsonb not null default '{}',
  log_size   bigint, -- of its log, as of the last complete sync
  full_at    timestamptz, -- when all of its packs were last looked at
  trust      jsonb, -- what is remembered of its root and log
  evidence   jsonb -- two heads of its log that exclude each other
);

-- Documents that were worked through to the end, so that a sync goes on where the last one stopped.
create table mirror_seen (
  upstream text not null references mirror_upstreams (url) on delete cascade,
  path     text not null,
  etag     text,
  sha256   text not null,
  primary key (upstream, path)
);

create table mirror_flaws (
  upstream text not null references mirror_upstreams (url) on delete cascade,
  tree     text not null,
  name     text not null,
  version  text not null,
  kind     text not null check (kind in ('refused', 'alarm')),
  code     text not null,
  message  text not null,
  evidence jsonb not null,
  first_at timestamptz not null,
  last_at  timestamptz not null,
  primary key (upstream, tree, name, version, code)
);

-- Where a version came from. It stays when its upstream is removed.
create table mirrored_versions (
  name_key text not null,
  version  text not null,
  upstream text not null,
  told     jsonb not null, -- how it stood there when that was last looked at
  primary key (name_key, version) -- of a row in versions; none of those is ever removed
);

-- Keys that sign nothing published here. One id is one key, whoever lists it: `/keys/{id}.pub` has one answer.
create table mirrored_keys (
  key_id     text primary key,
  public_key bytea not null check (octet_length(public_key) = 32),
  pem        bytea not null, -- as the upstream serves it
  upstream   text not null, -- the first that listed it
  namespaces text[] not null, -- as listed there
  status     text not null
);
create index mirrored_versions_of_upstream on mirrored_versions (upstream);

-- An id that stands for a mirrored key is taken, unless it is the same key.
create function keep_mirrored_key_ids() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('key:' || new.key_id, 0));
  if exists (select from mirrored_keys where key_id = new.key_id and public_key <> new.public_key) then
    return null;
  end if;
  return new;
end $$;
create trigger delegations_keep_mirrored before insert on delegations
  for each row execute function keep_mirrored_key_ids();
