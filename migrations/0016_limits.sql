-- A write that came with an Idempotency-Key: done once, and answered the same for a day. Neither the key nor the token
-- it came with is kept, and no answer that shows a secret.
create table idempotent_requests (
  id          bytea primary key check (octet_length(id) = 32), -- digest of account, endpoint and key
  head        bytea not null check (octet_length(head) = 32), -- digest of what was asked, but for the body
  body        bytea check (octet_length(body) = 32), -- digest of the body; null while it is coming
  state       text not null check (state in ('pending', 'completed')),
  owner       text not null, -- who carries it out; a process that died lets go of it when its lease ends
  lease_until timestamptz not null,
  status      smallint,
  headers     jsonb,
  answer      bytea, -- null where it was a secret
  at          timestamptz not null default now(),
  check ((state = 'completed') = (status is not null)),
  check (state = 'pending' or body is not null)
);
create index idempotent_requests_by_age on idempotent_requests (at);

-- How much is left of what somebody may ask for, for all processes together. Losing it in a crash gives everybody a
-- full measure again.
create unlogged table rate_buckets (
  name   text primary key,
  tokens double precision not null,
  taken  double precision not null, -- by the last who drew
  at     timestamptz not null
);
create index rate_buckets_by_age on rate_buckets (at);
