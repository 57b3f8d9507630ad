-- What search knows of a new version is made in batches right after it was published: whoever publishes waits for what
-- makes the version true, and for nothing else.

create table packs_to_list (
  tree text not null,
  name text collate "C" not null,
  primary key (tree, name)
);

-- What is too long to be indexed whole is found by its name: one pack must not keep others from being listed.
alter function found_by(text, jsonb) rename to found_by_all;
create function found_by(name text, facts jsonb) returns tsvector language plpgsql immutable parallel safe as $$
begin
  return found_by_all(name, facts);
exception when others then
  return found_by_all(name, jsonb_build_object('kind', facts -> 'kind', 'connector', facts -> 'connector'));
end $$;

-- New versions are held against the one that stands for their pack: what a publish costs does not grow with a pack.
create or replace function list_new_versions() returns trigger language plpgsql as $$
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

  with ranked as materialized (
    select tree, name collate "C" as name, name_key, version, yanked is not null as is_yanked,
      deprecated is not null as is_deprecated,
      version_rank(version, yanked is not null, deprecated is not null) collate "C" as rank
    from added where is_listed(name_key, unpublished)
  )
  insert into pack_latest as known (tree, name, name_key, version, rank, yanked, deprecated)
  select tree, name, name_key, version, rank, all_yanked, all_deprecated from (
    select tree, name, name_key, version, rank,
      row_number() over (partition by tree, name order by rank desc) as place,
      bool_and(is_yanked) over (partition by tree, name) as all_yanked,
      bool_and(is_deprecated) over (partition by tree, name) as all_deprecated
    from ranked
  ) as best
  where place = 1
  order by tree, name
  on conflict (tree, name) do update set
    version = case when known.rank is null or excluded.rank > known.rank then excluded.version else known.version end,
    rank = greatest(known.rank, excluded.rank),
    yanked = excluded.yanked and (known.yanked or known.version is null),
    deprecated = excluded.deprecated and (known.deprecated or known.version is null);

  -- Only after the rows above are held: see list_packs.
  insert into packs_to_list (tree, name)
  select distinct latest.tree, latest.name
  from pack_latest as latest join added on added.tree = latest.tree and added.name = latest.name
    and added.version = latest.version
  order by latest.tree, latest.name
  on conflict do nothing;
  return null;
end $$;

-- Enters what was made of packs. Rows and words always in one order, so that no two who do so wait for each other.
create function enter_found(
  trees text[], names text[], kinds text[], connectors boolean[], founds tsvector[]
) returns void language sql volatile as $$
  with listed as (
    insert into pack_search as known (tree, name, kind, connector, found)
    select tree, name collate "C", kind, connector, found
    from unnest(trees, names, kinds, connectors, founds) as made (tree, name, kind, connector, found)
    order by tree, name collate "C"
    on conflict (tree, name) do update
      set kind = excluded.kind, connector = excluded.connector, found = excluded.found
      where known.kind <> excluded.kind or known.connector <> excluded.connector or known.found <> excluded.found
    returning found
  )
  insert into pack_words (word, letters)
  select word, letters_of(word) from (select distinct unnest(tsvector_to_array(found)) as word from listed) as each
  where word !~ '^=|^[0-9]+$' and length(word) between 3 and 32
    and not exists (select from pack_words as known where known.word = each.word)
  order by word collate "C"
  on conflict do nothing
$$;

-- Lists packs by the version that stands for each now.
create or replace function index_packs(trees text[], names text[]) returns void language plpgsql as $$
#variable_conflict use_column
begin
  delete from pack_search using pack_latest as latest, unnest(trees, names) as wanted (in_tree, called)
  where latest.tree = in_tree and latest.name = called and latest.version is null
    and pack_search.tree = in_tree and pack_search.name = called;

  perform enter_found(array_agg(latest.tree), array_agg(latest.name::text), array_agg(coalesce(facts ->> 'kind', 'node')),
    array_agg(is_connector(facts)), array_agg(found_by(latest.name, facts)))
  from unnest(trees, names) as wanted (in_tree, called)
    join pack_latest as latest on latest.tree = in_tree and latest.name = called
    join versions using (name_key, version);
end $$;

-- Lists up to `most` of the packs that wait for it, and tells how many there were. What is written of a pack is made
-- before its row is held, since the log seals nothing while a transaction that has written goes on; where another
-- version stands for the pack by then it stays waiting. A pack leaves those who wait only while its row is held, and
-- joins them only by whoever holds it: so what is published meanwhile is not forgotten.
create function list_packs(most integer) returns integer language plpgsql as $$
#variable_conflict use_column
declare
  trees text[];
  names text[];
  versions_then text[];
  kinds text[];
  connectors boolean[];
  founds tsvector[];
  ready_trees text[];
  ready_names text[];
begin
  select array_agg(tree), array_agg(name), array_agg(version), array_agg(coalesce(facts ->> 'kind', 'node')),
    array_agg(is_connector(facts)), array_agg(found_by(name, facts))
  into trees, names, versions_then, kinds, connectors, founds
  from (
    select latest.tree, latest.name, latest.version, facts
    from (select tree, name from packs_to_list order by tree, name limit most) as waiting
      join pack_latest as latest using (tree, name)
      left join versions on versions.name_key = latest.name_key and versions.version = latest.version
    order by latest.tree, latest.name
  ) as made;
  if trees is null then return 0; end if;

  perform from pack_latest join unnest(trees, names) as wanted (in_tree, called) on tree = in_tree and name = called
  order by tree, name for update of pack_latest;

  with ready as (
    delete from packs_to_list
    using unnest(trees, names, versions_then) as wanted (in_tree, called, was)
      join pack_latest as latest on latest.tree = in_tree and latest.name = called and latest.version is not distinct from was
    where packs_to_list.tree = in_tree and packs_to_list.name = called
    returning packs_to_list.tree, packs_to_list.name, was
  )
  select array_agg(in_tree), array_agg(called), array_agg(kind), array_agg(connector), array_agg(found)
  into ready_trees, ready_names, kinds, connectors, founds
  from ready join unnest(trees, names, kinds, connectors, founds) as made (in_tree, called, kind, connector, found)
    on in_tree = tree and called = name
  where was is not null;
  perform enter_found(ready_trees, ready_names, kinds, connectors, founds);
  return cardinality(names);
end $$;
