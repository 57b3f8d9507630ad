-- The test catalogue: what is published to try a publisher or this registry out, apart from everything that is real.

create table test_versions (
  name_key     text not null check (name_key = lower(name)),
  version      text not null,
  tree         text not null check (tree in ('v1', 'v2')),
  name         text not null,
  digest       bytea not null check (octet_length(digest) = 32),
  size         bigint not null,
  tarball      bytea check (octet_length(tarball) = size), -- null once it is unpublished
  manifest     bytea not null,
  signature    bytea check (octet_length(signature) = 64),
  publisher    text not null,
  published_at timestamptz not null,
  primary key (name_key, version)
);

-- A tarball is packed already.
alter table test_versions alter column tarball set storage external;
create index test_versions_age on test_versions (published_at);
