-- How keys follow one another: the rotations, and which versions each key signed.

-- A key is followed by one key, and follows one: so no chain forks or closes. The delegation of the old key ends with it.
create table key_rotations (
  old_key_id text primary key references delegations (key_id),
  new_key_id text not null unique references delegations (key_id),
  proof      bytea not null check (octet_length(proof) = 64), -- by the old key, over the new one
  rotated_at timestamptz not null,
  event_id   text not null,
  check (old_key_id <> new_key_id)
);
create index versions_of_key on versions (key_id, published_at) where key_id is not null;
