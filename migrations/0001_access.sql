-- Who may do what: accounts, their tokens, the namespaces they hold, and the keys believed for those namespaces.

create table accounts (
  name       text primary key,
  created_at timestamptz not null
);

create table tokens (
  id          text primary key,
  secret_hash bytea not null unique check (octet_length(secret_hash) = 32),
  account     text not null references accounts (name),
  scopes      text[] not null,
  namespaces  text[], -- null: every namespace the account holds
  created_at  timestamptz not null,
  expires_at  timestamptz,
  revoked_at  timestamptz
);
create index tokens_of_account on tokens (account);

create table namespace_claims (
  namespace  text primary key check (namespace = lower(namespace)),
  account    text not null references accounts (name),
  claimed_at timestamptz not null
);

create table roots (
  version   integer primary key check (version > 0),
  envelope  text not null
);

create table delegations (
  key_id     text primary key,
  account    text not null references accounts (name),
  public_key bytea not null unique check (octet_length(public_key) = 32),
  namespaces text[] not null,
  not_before timestamptz not null,
  not_after  timestamptz not null,
  issued_at  timestamptz not null,
  envelope   text not null,
  -- Set together, at once; the statement follows when the event has its place in the log.
  revoked_at        timestamptz,
  revoked_from      text check (revoked_from ~ '^(here|ever|[0-9]+)$'),
  revocation_reason text,
  revocation_event  text,
  revocation        text,
  check (num_nulls(revoked_at, revoked_from, revocation_reason, revocation_event) in (0, 4))
);
create index unstated_revocations on delegations (key_id) where revoked_at is not null and revocation is null;

create table keyrings (
  version   bigint primary key check (version > 0),
  envelope  text not null,
  issued_at timestamptz not null
);

-- Whether a key may sign, or a token may be used, at a time. Neither can be revoked before the transaction that asked
-- has ended: revoking takes the same lock for itself alone. Row locks would do so too, but every use would write the row.
create function key_in_force(wanted text, at timestamptz) returns boolean language sql volatile as $$
  select pg_advisory_xact_lock_shared(hashtextextended('key:' || wanted, 0));
  select exists (select from delegations
    where key_id = wanted and revoked_at is null and at >= not_before and at < not_after);
$$;

create function token_in_force(wanted text, at timestamptz) returns boolean language sql volatile as $$
  select pg_advisory_xact_lock_shared(hashtextextended('token:' || wanted, 0));
  select exists (select from tokens
    where id = wanted and revoked_at is null and (expires_at is null or at < expires_at));
$$;

-- Waits for whoever is using it, and keeps others from starting until the transaction ends.
create function stop_use(subject text) returns void language sql volatile as $$
  select pg_advisory_xact_lock(hashtextextended(subject, 0));
$$;
