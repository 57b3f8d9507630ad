-- Blobs that the garbage collector took: whoever was about to commit a version that names one has to put it again.

create sequence sweeps;
create table swept_blobs (
  digest   bytea primary key check (octet_length(digest) = 32),
  sweep    bigint not null default nextval('sweeps'), -- higher than all before
  swept_at timestamptz not null
);

-- The last sweep that took these bytes, 0 where none did. None takes them before the transaction that asked has ended:
-- sweeping takes the same lock for itself alone.
create function sweep_of(wanted bytea) returns bigint language sql volatile as $$
  select pg_advisory_xact_lock_shared(hashtextextended('blob:' || encode(wanted, 'hex'), 0));
  select coalesce((select sweep from swept_blobs where digest = wanted), 0);
$$;
