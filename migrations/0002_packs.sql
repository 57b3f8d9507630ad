-- What was published: one row for each version of a pack. Bytes of tarballs live in the blob store.

create table versions (
  name_key     text not null check (name_key = lower(name)),
  version      text not null,
  tree         text not null check (tree in ('v1', 'v2')),
  name         text not null,
  digest       bytea not null check (octet_length(digest) = 32),
  size         bigint not null,
  manifest     bytea not null, -- the exact bytes of pack.json in the tarball
  signature    bytea check (octet_length(signature) = 64),
  key_id       text, -- of a delegation; those are never removed, and a checked reference would lock its row at each publish
  facts        jsonb not null,
  files        jsonb not null,
  warnings     jsonb not null,
  publisher    text not null, -- an account; likewise
  published_at timestamptz not null,
  event_id     text not null, -- of the event that published it
  statement    text, -- the publisher's release statement: a DSSE envelope, spelt as this registry spells them
  yanked       jsonb,
  deprecated   jsonb,
  -- Also where two trees or two spellings of a name are involved: a version has one set of bytes.
  primary key (name_key, version)
);
