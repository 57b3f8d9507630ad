-- What is looked up for many at once looks into an index for each, also while the tables are nearly empty or have grown
-- faster than anybody counted their rows: sessions keep plans, and a plan made for ten rows reads ten thousand from end
-- to end. None of it is worth compiling.

-- Nothing here is joined but what the statement itself brings, of which there may be much at once.
create or replace function list_new_versions() returns trigger language plpgsql set jit = off as $$
begin
  insert into provided_ids (id, name_key, version, is_agent)
  select id, name_key, version, bool_or(is_agent)
  from added cross join lateral (
    select unnest(texts_of(facts -> 'typeIds', 100000)) as id, false as is_agent
    union all select unnest(texts_of(facts -> 'agentIds', 100000)), true
  ) as given
  where is_listed(name_key, unpublished) and octet_length(id) <= 1024
  group by name_key, version, id
  on conflict do nothing;

  -- New versions are held against the one that stands for their pack: what a publish costs does not grow with a pack.
  -- A pack joins those who wait for search only after its row here is held: see list_packs.
  with ranked as materialized (
    select tree, name collate "C" as name, name_key, version, yanked is not null as is_yanked,
      deprecated is not null as is_deprecated,
      version_rank(version, yanked is not null, deprecated is not null) collate "C" as rank
    from added where is_listed(name_key, unpublished)
  ), best as materialized (
    select tree, name, name_key, version, rank, all_yanked, all_deprecated from (
      select tree, name, name_key, version, rank,
        row_number() over (partition by tree, name order by rank desc) as nth,
        bool_and(is_yanked) over (partition by tree, name) as all_yanked,
        bool_and(is_deprecated) over (partition by tree, name) as all_deprecated
      from ranked
    ) as in_turn
    where nth = 1
  ), held as (
    insert into pack_latest as known (tree, name, name_key, version, rank, yanked, deprecated)
    select tree, name, name_key, version, rank, all_yanked, all_deprecated from best
    order by tree, name
    on conflict (tree, name) do update set
      version = case when known.rank is null or excluded.rank > known.rank then excluded.version else known.version end,
      rank = greatest(known.rank, excluded.rank),
      yanked = excluded.yanked and (known.yanked or known.version is null),
      deprecated = excluded.deprecated and (known.deprecated or known.version is null)
    returning tree, name, version
  )
  insert into packs_to_list (tree, name)
  select tree, name from held join best using (tree, name)
  where held.version = best.version
  order by tree, name
  on conflict do nothing;
  return null;
end $$;

alter function list_packs(integer) set enable_seqscan = off;
alter function list_packs(integer) set enable_hashjoin = off;
alter function list_packs(integer) set enable_mergejoin = off;
alter function list_packs(integer) set jit = off;

-- For each id one pack of another name that has it: the first that is met from either side of the own name, so that
-- however many have it, few are looked at. Versions that were unpublished keep their ids, and are passed over.
create function others_providing(places integer[], ids text[], owns text[])
returns table (place integer, id text, name text) language plpgsql stable
set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
#variable_conflict use_column
begin
  return query
  select wanted.place, wanted.id, found.name
  from unnest(places, ids, owns) as wanted (place, id, own)
  cross join lateral (
    (select versions.name from provided_ids join versions using (name_key, version)
      where provided_ids.id = wanted.id and name_key < wanted.own and unpublished is null limit 1)
    union all
    (select versions.name from provided_ids join versions using (name_key, version)
      where provided_ids.id = wanted.id and name_key > wanted.own and unpublished is null limit 1)
    limit 1
  ) as found;
end $$;

-- What versions of bases have at paths, by what all paths that differ only in case have in common.
create function entries_with_folds(ats integer[], bases text[], seqs bigint[], folds text[])
returns table (at integer, path text, entry bytea, blob bytea, size bigint, media_type text) language plpgsql stable
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
#variable_conflict use_column
begin
  return query
  select wanted.at, found.path, found.entry, found.blob, found.size, found.media_type
  from unnest(ats, bases, seqs, folds) as wanted (at, base, seq, fold)
    join knowledge_entries as found on found.base = wanted.base and found.fold = wanted.fold
      and from_seq <= wanted.seq and (to_seq is null or to_seq > wanted.seq);
end $$;

-- Makes contributions the next versions of their bases, in one statement: for each base a chain of them, all of it or
-- nothing, and whatever becomes of one base, the others go on. Says of each contribution what kept its chain from it.
-- Whoever is not patient skips a base that somebody else holds. Few rows of large tables: they are always looked up, and
-- that is planned once.
create or replace function accept_contributions(
  chains json, -- the bases as they were when it was decided, and as they become
  links json, -- the contributions, who decides about each, and what becomes of it
  versions json, blocks json, entries json, moves json, revisions json, decisions json, outcomes json, records json,
  patient boolean
) returns json language plpgsql volatile
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  mine text[]; -- bases that nobody else changes until the transaction ends
  principals_ok jsonb;
  bindings_ok jsonb;
  tokens_ok jsonb;
  answers json;
  ready text[]; -- bases whose whole chain holds
begin
  if patient then
    perform stop_use('base:' || id)
      from (select id from json_to_recordset(chains) as each (id text) order by id) as wanted;
    perform stop_use('contribution:' || id)
      from (select contribution as id from json_to_recordset(links) as each (contribution text) order by 1) as wanted;
    mine := array(select id from json_to_recordset(chains) as each (id text));
  else
    mine := array(
      select id from (
        select id, pg_try_advisory_xact_lock(hashtextextended('base:' || id, 0)) as taken
        from (select id from json_to_recordset(chains) as each (id text) order by id) as wanted
      ) as tried where taken);
    mine := array(
      select base from (
        select base, pg_try_advisory_xact_lock(hashtextextended('contribution:' || contribution, 0)) as taken
        from (select base, contribution from json_to_recordset(links) as each (base text, contribution text)
          where base = any(mine) order by contribution) as wanted
      ) as tried group by base having bool_and(taken));
  end if;

  -- Before anything is written, and tokens last of all.
  select coalesce(jsonb_object_agg(principal || ' ' || coalesce(role, ''), principal_in_force(principal, role)), '{}')
    into principals_ok
    from (select distinct principal, role from json_to_recordset(links) as each (base text, principal text, role text)
      where base = any(mine) and principal is not null order by 1, 2) as wanted;
  select coalesce(jsonb_object_agg(binding, binding_in_force(binding, at)), '{}') into bindings_ok
    from (select binding, max(at) as at from json_to_recordset(links) as each (base text, binding text, at timestamptz)
      where base = any(mine) and binding is not null group by 1 order by 1) as wanted;
  select coalesce(jsonb_object_agg(token, token_in_force(token, at)), '{}') into tokens_ok
    from (select token, max(at) as at from json_to_recordset(links) as each (base text, token text, at timestamptz)
      where base = any(mine) and token is not null group by 1 order by 1) as wanted;

  -- The point behind which nothing of what was decided on can change any more: it is compared with what there is.
  answers := (
    select json_agg(json_build_object(
      'contribution', wanted.contribution, 'base', base, 'held', base = any(mine),
      'principal_ok', principal is null or coalesce((principals_ok -> (principal || ' ' || coalesce(role, '')))::boolean, true),
      'binding_ok', binding is null or coalesce((bindings_ok -> binding)::boolean, true),
      'token_ok', token is null or coalesce((tokens_ok -> token)::boolean, true),
      'same', exists (select from knowledge_contributions as found
          where found.id = wanted.contribution and found.moves = wanted.moves)
        and not exists (select from json_array_elements_text(documents) as named (digest)
          join knowledge_erasures as erasures on erasures.base = wanted.base and blob = decode(named.digest, 'base64'))))
    from json_to_recordset(links) as wanted (base text, contribution text, moves bigint, principal text, role text,
      binding text, token text, documents json));
  ready := array(
    select id from json_to_recordset(chains) as wanted (id text, generation bigint, last_seq bigint, policy_version integer)
    where id = any(mine)
      and exists (select from knowledge_bases as found
        where found.id = wanted.id and found.generation = wanted.generation and found.last_seq = wanted.last_seq
          and found.policy_version = wanted.policy_version and not paused and not held)
      and id <> all (array(select base from json_to_recordset(answers)
          as each (base text, same boolean, principal_ok boolean, binding_ok boolean, token_ok boolean)
        where not (same and principal_ok and binding_ok and token_ok))));

  if cardinality(ready) > 0 then
    insert into knowledge_versions (id, base, seq, parent, content, entries, bytes, manifest, signature, contribution,
      proposer, created_at, event_id)
    select id, base, seq, parent, content, entries, bytes, decode(manifest, 'base64'), signature, contribution, proposer,
      "createdAt", "eventId"
    from json_to_recordset(versions) as each (id text, base text, seq bigint, parent text, content text, entries bigint,
      bytes bigint, manifest text, signature text, contribution text, proposer text, "createdAt" timestamptz, "eventId" text)
    where base = any(ready);

    -- In the order given, which is the same for all who put blocks.
    insert into knowledge_blocks (digest, bytes)
    select decode(digest, 'base64'), decode(bytes, 'base64')
    from json_to_recordset(blocks) as each (base text, digest text, bytes text)
    where base = any(ready)
    on conflict do nothing;

    -- No two of a chain are about the same path, and nobody moves these rows while the base is held. A look into the
    -- index for each, since bases may be large.
    update knowledge_entries as newest set to_seq = held.seq
    from (
      select found.spot, each.seq from json_to_recordset(entries) as each (base text, seq bigint, path text)
      cross join lateral (select ctid as spot from knowledge_entries as known
        where known.base = each.base and known.path = each.path and known.to_seq is null limit 1) as found
      where each.base = any(ready)
    ) as held
    where newest.ctid = held.spot and newest.to_seq is null;
    insert into knowledge_entries (base, path, from_seq, fold, entry, blob, size, media_type)
    select base, path, seq, fold, decode(entry, 'base64'), decode(blob, 'base64'), size, media_type
    from json_to_recordset(entries) as each (base text, seq bigint, path text, fold text, entry text, blob text,
      size bigint, media_type text)
    where base = any(ready) and entry is not null;

    update knowledge_bases as bases set last_seq = wanted.to_seq, generation = wanted.to_generation,
      current = wanted.current, pointer_event = wanted.pointer_event
    from json_to_recordset(chains) as wanted (id text, to_seq bigint, to_generation bigint, current text,
      pointer_event text)
    where wanted.id = any(ready) and bases.id = wanted.id;

    insert into knowledge_pointer_moves (base, generation, from_version, to_version, reason, actor, at, event_id)
    select base, generation, "from", "to", reason, actor, at, "eventId"
    from json_to_recordset(moves) as each (base text, generation bigint, "from" text, "to" text, reason text, actor text,
      at timestamptz, "eventId" text)
    where base = any(ready);

    insert into knowledge_revisions (contribution, revision, digest, base_version, changes, summary, confidence, criteria,
      proposed_at, event_id)
    select contribution, revision, digest, "baseVersion", changes, summary, confidence, criteria, "proposedAt", "eventId"
    from json_to_recordset(revisions) as each (base text, contribution text, revision integer, digest text,
      "baseVersion" text, changes jsonb, summary text, confidence double precision, criteria jsonb,
      "proposedAt" timestamptz, "eventId" text)
    where base = any(ready);

    insert into knowledge_decisions (contribution, digest, actor, account, closure, role, decision, reason_code, signature,
      at, event_id)
    select contribution, digest, actor, account, closure, role, decision, "reasonCode", signature, at, "eventId"
    from json_to_recordset(decisions) as each (base text, contribution text, digest text, actor text, account text,
      closure text[], role text, decision text, "reasonCode" text, signature text, at timestamptz, "eventId" text)
    where base = any(ready)
    on conflict (contribution, digest, actor) do update set decision = excluded.decision, role = excluded.role,
      closure = excluded.closure, reason_code = excluded.reason_code, signature = excluded.signature, at = excluded.at,
      event_id = excluded.event_id;

    update knowledge_contributions as contributions set state = 'accepted', moves = contributions.moves + 1,
      resulting = wanted.resulting, revision = wanted.revision, digest = wanted.digest,
      base_version = wanted.base_version, last_event = wanted.last_event
    from json_to_recordset(links) as wanted (base text, contribution text, resulting text, revision integer, digest text,
      base_version text, last_event text)
    where wanted.base = any(ready) and contributions.id = wanted.contribution;

    insert into idempotency (account, key, request, status, outcome, event_id, at)
    select account, key, decode(request, 'base64'), status, outcome, event_id, at
    from json_to_recordset(outcomes) as each (base text, account text, key text, request text, status smallint,
      outcome jsonb, event_id text, at timestamptz)
    where base = any(ready);

    -- As append_event does, in the order given, which is the order in which the log will have them.
    insert into events (id, kind, subject, at, leaf, sealed)
    select event_id, event_kind, subject, at, decode(leaf, 'base64'), decode(sealed, 'base64')
    from json_to_recordset(records) as each (event_id text, event_kind text, subject text, at timestamptz, leaf text,
      sealed text, base text)
    where base = any(ready);
    insert into knowledge_events (event_id, base, contribution, kind, actor, trace_id, causation, at)
    select event_id, base, contribution, event_kind, actor, trace_id, causation, at
    from json_to_recordset(records) as each (event_id text, event_kind text, at timestamptz, base text, contribution text,
      actor text, trace_id text, causation text)
    where base = any(ready);
  end if;

  return (
    select json_agg(json_build_object('contribution', contribution, 'held', held, 'principal_ok', principal_ok,
      'binding_ok', binding_ok, 'token_ok', token_ok, 'done', base = any(ready)))
    from json_to_recordset(answers) as each (contribution text, base text, held boolean, principal_ok boolean,
      binding_ok boolean, token_ok boolean));
end;
$$;
