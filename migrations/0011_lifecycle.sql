-- What else becomes of versions: by which event one is deprecated, and the tombstone of one that was unpublished.

-- `unpublished` is never taken back: the row keeps (name, version) taken, and its tarball may be swept.
alter table versions
  add column deprecation_event_id text, -- of the event that last deprecated or undeprecated it
  add column unpublished jsonb,
  add column unpublished_event_id text;
create index unpublished_versions on versions (digest) where unpublished is not null;
-- How many versions an account has unpublished is asked like how many it has yanked.
create index unpublished_by on versions ((unpublished ->> 'unpublishedBy')) where unpublished is not null;
-- The history of a version is asked by what its events are about.
create index events_of_version on events (subject) where kind like 'pack.%';
