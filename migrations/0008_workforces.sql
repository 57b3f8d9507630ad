-- Who works with knowledge: workforces, the roles and principals in them, and the humans who may decide.

create table workforces (
  id            text primary key,
  steward       text not null references accounts (name), -- declares its roles, principals and bindings
  registered_at timestamptz not null,
  event_id      text not null
);

-- A role is never changed: what it grants follows from its id. Another grant is another version of the role.
create table roles (
  id          text primary key,
  workforce   text not null references workforces (id),
  authority   jsonb not null, -- the two axes, as they are evaluated
  declared    jsonb not null, -- as it was declared, where that was in an older form
  declared_at timestamptz not null,
  event_id    text not null
);

create table principals (
  id            text primary key,
  workforce     text not null references workforces (id),
  account       text not null references accounts (name), -- whose tokens act as this principal
  role          text references roles (id),
  owner         text references principals (id), -- of a worker: who answers for it
  delegated_by  text[] not null default '{}', -- principals on whose behalf it acts
  public_key    bytea check (octet_length(public_key) = 32), -- by which it signs decisions, where a policy asks for that
  registered_at timestamptz not null,
  ended_at      timestamptz,
  event_id      text not null
);
create index principals_of_account on principals (account);
create index principals_of_workforce on principals (workforce);

create table human_bindings (
  id         text primary key,
  human      text not null references principals (id),
  workforce  text not null references workforces (id),
  capacity   text not null check (capacity in ('architect', 'reviewer', 'resolver', 'operator')),
  not_before timestamptz not null,
  not_after  timestamptz not null,
  granted_at timestamptz not null,
  revoked_at timestamptz,
  event_id   text not null
);
create index bindings_of_human on human_bindings (human);

-- Whether a principal may act at a time, in a role. It cannot end before the transaction that asked has ended: ending
-- it, or giving it another role, takes the same lock for itself alone.
create function principal_in_force(wanted text, wanted_role text) returns boolean language sql volatile as $$
  select pg_advisory_xact_lock_shared(hashtextextended('principal:' || wanted, 0));
  select exists (select from principals
    where id = wanted and ended_at is null and role is not distinct from wanted_role);
$$;

-- The same for a human's binding to a workforce.
create function binding_in_force(wanted text, at timestamptz) returns boolean language sql volatile as $$
  select pg_advisory_xact_lock_shared(hashtextextended('binding:' || wanted, 0));
  select exists (select from human_bindings
    where id = wanted and revoked_at is null and at >= not_before and at < not_after);
$$;

-- What became of a write that its sender gave a key to, so that sending it again does it once.
create table idempotency (
  account  text not null,
  key      text not null,
  request  bytea not null check (octet_length(request) = 32), -- what was asked, as a digest
  status   smallint not null,
  outcome  jsonb not null,
  event_id text, -- of the receipt
  at       timestamptz not null,
  primary key (account, key)
);
create index idempotency_by_age on idempotency (at);
