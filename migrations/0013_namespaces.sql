-- How namespaces are held: who had them before, which domain stands for them, what is offered, and which names are kept back.

alter table namespace_claims
  add column transfers      integer not null default 0 check (transfers >= 0),
  add column transferred_at timestamptz,
  add column former         text[] not null default '{}', -- accounts that held it before
  add column kept_keys      text[] not null default '{}', -- of theirs, those that may go on signing
  add column given          boolean not null default false, -- by the operator, who answers for it
  add column proof          jsonb, -- domain, method, provedAt, expiresAt
  add column look_keys      integer[], -- what names that look like it have in common with it; null until it is worked out
  add check ((transfers = 0) = (transferred_at is null));
-- Without a list of what is pending, so that finding costs the same after many claims.
create index claims_that_look_alike on namespace_claims using gin (look_keys) with (fastupdate = off);
create index claims_without_looks on namespace_claims (namespace) where look_keys is null;

create table namespace_offers (
  namespace  text primary key references namespace_claims (namespace),
  account    text not null references accounts (name), -- to whom
  offered_at timestamptz not null,
  expires_at timestamptz not null
);

create table held_namespaces (
  name      text primary key check (name = lower(name)), -- vendor.acme, or acme for every scope
  reason    text not null,
  held_at   timestamptz not null,
  look_keys integer[] not null
);
create index held_that_look_alike on held_namespaces using gin (look_keys) with (fastupdate = off);

-- What an account has to show on its domain: made from this secret, which is told to nobody.
create table namespace_challenges (
  namespace text not null references namespace_claims (namespace),
  account   text not null references accounts (name),
  domain    text not null,
  method    text not null check (method in ('well-known', 'dns')),
  secret    bytea not null check (octet_length(secret) = 32),
  primary key (namespace, account)
);

-- Whether who publishes holds the namespace, or is the operator, and the key is none that a former holder left behind.
-- It cannot change hands before the transaction that asked has ended: a transfer takes the same lock for itself alone.
create function namespace_open(wanted text, publisher text, token text, signer text) returns boolean
language sql volatile as $$
  select pg_advisory_xact_lock_shared(hashtextextended('namespace:' || wanted, 0));
  select (exists (select from namespace_claims where namespace = wanted and account = publisher)
      or exists (select from tokens where id = token and 'admin' = any (scopes)))
    and not exists (
      select from namespace_claims as claim join delegations as key on key.key_id = signer
      where claim.namespace = wanted and claim.transfers > 0 and key.account <> claim.account
        and not key.key_id = any (claim.kept_keys)
        and (key.issued_at < claim.transferred_at or key.account = any (claim.former)));
$$;
