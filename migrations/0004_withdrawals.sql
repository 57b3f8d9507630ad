-- What was withdrawn: which event a version's standing comes from, and the signed list of all that is withdrawn now.

-- Of the event that last yanked or un-yanked it; null where neither ever happened.
alter table versions add column standing_event_id text;
create index withdrawn_versions on versions (digest) where yanked is not null;

create table withdrawals (
  version   bigint primary key check (version > 0),
  envelope  text not null,
  issued_at timestamptz not null
);
