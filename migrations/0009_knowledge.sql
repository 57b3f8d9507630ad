-- Bases and what became of them: versions, entries, the pointer, contributions and how they were decided.

create table knowledge_bases (
  id             text primary key,
  workforce      text not null references workforces (id),
  registration   jsonb not null, -- title, purpose, data manifest, retention, steward
  sensitivity    text not null check (sensitivity in ('public', 'internal', 'confidential', 'restricted')),
  policy         jsonb not null,
  policy_version integer not null check (policy_version > 0),
  paused         boolean not null default false,
  reads          boolean not null default true, -- whether it is read while it is paused
  held           boolean not null default false,
  generation     bigint not null default 0 check (generation >= 0), -- of the pointer; 0: it was never set
  current        text, -- a version
  pointer_event  text, -- that moved the pointer last
  last_seq       bigint not null default 0 check (last_seq >= 0),
  registered_at  timestamptz not null,
  event_id       text not null
);
create index bases_of_workforce on knowledge_bases (workforce);

create table knowledge_policies (
  base     text not null references knowledge_bases (id),
  version  integer not null check (version > 0),
  policy   jsonb not null,
  set_at   timestamptz not null,
  event_id text not null,
  primary key (base, version)
);

-- Nodes of trees and blocks of entries, by the SHA-256 that names them; equal ones of all bases are one row.
create table knowledge_blocks (
  digest bytea primary key check (octet_length(digest) = 32),
  bytes  bytea not null
);

create table knowledge_versions (
  id           text primary key, -- content id of `manifest`
  base         text not null references knowledge_bases (id),
  seq          bigint not null check (seq > 0),
  parent       text,
  content      text not null, -- root of the tree
  entries      bigint not null check (entries >= 0),
  bytes        bigint not null check (bytes >= 0),
  manifest     bytea not null,
  signature    text not null, -- envelope
  contribution text not null,
  proposer     text not null,
  created_at   timestamptz not null,
  event_id     text not null,
  unique (base, seq)
);

-- Which entry stood at a path from which version on, and from which on no longer: every version can be listed from here.
create table knowledge_entries (
  base       text not null,
  path       text collate "C" not null,
  from_seq   bigint not null check (from_seq > 0),
  to_seq     bigint check (to_seq > from_seq), -- null: it still does in the newest
  fold       text collate "C" not null, -- of the path: the same for all that differ only in case
  entry      bytea not null check (octet_length(entry) = 32), -- its block
  blob       bytea not null check (octet_length(blob) = 32),
  size       bigint not null check (size >= 0),
  media_type text not null,
  primary key (base, path, from_seq)
);
create unique index knowledge_entries_newest on knowledge_entries (base, path) where to_seq is null;
create index knowledge_entries_fold on knowledge_entries (base, fold);
create index knowledge_entries_blob on knowledge_entries (blob);

-- Bytes that were uploaded for a base, so that its proposals may name them.
create table knowledge_documents (
  base        text not null references knowledge_bases (id),
  blob        bytea not null check (octet_length(blob) = 32),
  size        bigint not null check (size >= 0),
  uploaded_by text not null,
  uploaded_at timestamptz not null,
  primary key (base, blob)
);
create index knowledge_documents_blob on knowledge_documents (blob);

-- The words of a document, each with how often it stands there; of no document that is large or no text.
create table knowledge_words (
  blob   bytea primary key check (octet_length(blob) = 32),
  words  text[] not null,
  counts integer[] not null
);
create index knowledge_words_found on knowledge_words using gin (words);

create table knowledge_contributions (
  id              text primary key,
  base            text not null references knowledge_bases (id),
  proposer        text not null,
  account         text not null,
  closure         text[] not null, -- everybody who stands behind the proposer
  role            text,
  state           text not null check (state in
    ('in_review', 'changes_requested', 'accepted', 'rejected', 'withdrawn', 'expired')),
  revision        integer not null check (revision > 0),
  digest          text not null, -- of the revision
  base_version    text,
  policy_version  integer not null, -- when it was proposed
  confidence      double precision check (confidence between 0 and 1),
  reasons         text[] not null, -- why a human has to look at it
  sources         jsonb not null,
  signal          jsonb, -- of another workforce, that it answers
  revisions_left  integer not null,
  moves           bigint not null default 0, -- counts everything that happened to it
  proposed_at     timestamptz not null,
  revised_at      timestamptz not null,
  expires_at      timestamptz not null,
  last_event      text not null,
  resulting       text -- the version that came of it
);
create index contributions_open on knowledge_contributions (base, revised_at)
  where state in ('in_review', 'changes_requested');
create index contributions_of_base on knowledge_contributions (base, proposed_at);
create index contributions_of_proposer on knowledge_contributions (proposer);
create unique index contributions_of_signal
  on knowledge_contributions (base, (signal ->> 'workforce'), (signal ->> 'event_id'))
  where signal is not null and state in ('in_review', 'changes_requested', 'accepted');

create table knowledge_revisions (
  contribution text not null references knowledge_contributions (id),
  revision     integer not null check (revision > 0),
  digest       text not null,
  base_version text,
  changes      jsonb not null,
  summary      text not null,
  confidence   double precision,
  criteria     jsonb not null, -- [{key, met}]
  proposed_at  timestamptz not null,
  event_id     text not null,
  primary key (contribution, revision)
);

-- The newest verdict of each verifier on each revision; the events keep the others.
create table knowledge_verdicts (
  contribution text not null references knowledge_contributions (id),
  digest       text not null,
  verifier     text not null,
  account      text not null,
  verdict      text not null check (verdict in ('pass', 'fail', 'revise')),
  criteria     text[] not null,
  confidence   double precision,
  own          boolean not null, -- the verifier stands behind the proposer, or he behind it
  at           timestamptz not null,
  event_id     text not null,
  primary key (contribution, digest, verifier)
);

create table knowledge_evals (
  contribution text not null references knowledge_contributions (id),
  digest       text not null,
  suite        text not null,
  result       text not null check (result in ('pass', 'fail')),
  evidence     text,
  evaluator    text not null,
  at           timestamptz not null,
  event_id     text not null,
  primary key (contribution, digest, suite, evaluator)
);

create table knowledge_decisions (
  contribution text not null references knowledge_contributions (id),
  digest       text not null,
  actor        text not null,
  account      text not null,
  closure      text[] not null,
  role         text,
  decision     text not null check (decision in ('approve', 'accept', 'reject', 'request_changes')),
  reason_code  text,
  signature    text, -- envelope of the signed decision
  at           timestamptz not null,
  event_id     text not null,
  primary key (contribution, digest, actor)
);

create table knowledge_pointer_moves (
  base         text not null references knowledge_bases (id),
  generation   bigint not null check (generation > 0),
  from_version text,
  to_version   text not null,
  reason       text not null,
  rollback_of  text,
  justification text, -- what its author wrote; never in an event
  actor        text not null,
  at           timestamptz not null,
  event_id     text not null unique,
  primary key (base, generation)
);

-- Where events about knowledge are looked for; the event itself stands with all others.
create table knowledge_events (
  event_id     text primary key,
  base         text not null,
  contribution text,
  kind         text not null,
  actor        text not null,
  trace_id     text,
  causation    text,
  at           timestamptz not null
);
create index knowledge_events_of_base on knowledge_events (base, at, event_id);
create index knowledge_events_of_contribution on knowledge_events (contribution) where contribution is not null;
create index knowledge_events_of_trace on knowledge_events (trace_id) where trace_id is not null;

-- What was given out, so that it can be asked for again; the request is never in an event.
create table knowledge_retrievals (
  event_id text primary key,
  base     text not null,
  version  text not null,
  request  jsonb not null,
  hash     text not null
);

-- Content of a base that was destroyed, and by whose decision. The record comes first; then the bytes go.
create table knowledge_erasures (
  base      text not null references knowledge_bases (id),
  blob      bytea not null check (octet_length(blob) = 32),
  actor     text not null,
  authority text not null,
  reason_code text not null,
  at        timestamptz not null,
  event_id  text not null,
  destroyed boolean not null default false,
  primary key (base, blob)
);

-- Entries of an import on their way in; they become a version's together, or none of them does.
create table knowledge_imports (
  import     text not null,
  path       text collate "C" not null,
  fold       text collate "C" not null,
  entry      bytea not null check (octet_length(entry) = 32),
  blob       bytea not null check (octet_length(blob) = 32),
  size       bigint not null,
  media_type text not null,
  at         timestamptz not null,
  primary key (import, path)
);
