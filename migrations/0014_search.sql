-- What is found how: one row for each public pack of a tree, kept by the statement that changes a version of it.
-- Everything here can be made again from `versions`; nothing of private packs ever stands here.

do $$
begin
  create extension if not exists pg_trgm;
exception when insufficient_privilege or undefined_file or feature_not_supported then
  raise exception 'the extension pg_trgm, by which search forgives typing errors, is not there and cannot be made (%). Have an administrator of this Postgres run "create extension pg_trgm" in this database, then start again', sqlerrm;
end $$;

-- An identifier of a version as a text whose order is that of semver: numbers before words, numbers as node-semver
-- reads them, so that what it takes for equal is equal here.
create function identifier_key(identifier text) returns text language sql immutable parallel safe as $$
  select case when identifier ~ '^[0-9]+$'
    then '1' || encode(float8send(identifier::float8), 'hex') else '2' || identifier end
$$;

create function identifier_keys(identifiers text) returns text[] language sql immutable parallel safe as $$
  select array_agg(identifier_key(each) order by place) || '0'::text
  from unnest(string_to_array(identifiers, '.')) with ordinality as listed (each, place)
$$;

-- Of the versions of a pack the one with the highest rank is `latest`: in good standing first, then not yanked, then
-- any, and among equals by the order of versions. Compared in collation "C".
create function version_rank(version text, yanked boolean, deprecated boolean) returns text[]
language sql immutable parallel safe as $$
  select array[case when yanked then '0' when deprecated or plain like '%-%' then '1' else '2' end]
    || array(select lpad(number, 15, '0') from unnest(string_to_array(split_part(plain, '-', 1), '.')) as number)
    || case when plain like '%-%' then identifier_keys(substr(plain, strpos(plain, '-') + 1)) else '{3}' end
    || case when version like '%+%' then identifier_keys(substr(version, strpos(version, '+') + 1)) else '{0}' end
    || array[lpad(length(version)::text, 2, '0'), version]
  from (select split_part(version, '+', 1) as plain) as parted
$$;

-- What stands between words is a blank: the parser must see neither hosts nor tags nor numbers with signs. Other
-- marks of ASCII are blanks to it already; of those beyond it every one would be a letter where the locale is C.
create function plain_text(said text) returns text language plpgsql immutable parallel safe as $$
declare
  plain text := lower(said);
begin
  if octet_length(plain) <> length(plain) then
    plain := translate(plain,
      U&'\2010\2011\2012\2013\2014\2015\2018\2019\201c\201d\201e\2026\00b7\2022\00a0\00ab\00bb\3000\3001\3002\ff0c\ff0e\feff',
      repeat(' ', 23));
  end if;
  return translate(plain, '.-_/:@+<>&~', '           ');
end $$;

-- `httpRequest` is found as it is written and by each of its words.
create function with_split_case(said text) returns text language plpgsql immutable parallel safe as $$
begin
  if said = lower(said) then return said; end if;
  return said || ' ' || regexp_replace(said, '([[:lower:][:digit:]])([[:upper:]])', '\1 \2', 'g');
end $$;

create function vector_of(said text) returns tsvector language plpgsql immutable parallel safe as $$
begin
  return to_tsvector('simple', plain_text(said));
end $$;

-- Words of a question, each once and in the order of their first appearance.
create function words_of(said text, most integer) returns text[] language sql immutable parallel safe as $$
  select array(select lexeme from unnest(vector_of(said)) order by positions[1], lexeme limit most)
$$;

create function texts_of(list jsonb, most integer) returns text[] language sql immutable parallel safe as $$
  select case when jsonb_typeof(list) = 'array' then array(
    select text from jsonb_array_elements_text(list) with ordinality as listed (text, place)
    where text <> '' order by place limit most
  ) else '{}' end
$$;

create function quoted_term(term text) returns text language sql immutable parallel safe as $$
  select '''' || replace(replace(term, '\', '\\'), '''', '''''') || ''''
$$;

-- What no word begins with marks the terms that are compared as a whole.
create function exact_term(family text, term text) returns text language sql immutable parallel safe as $$
  select '=' || family || ':' || left(lower(term), 255)
$$;

create function exactly(family text, term text) returns tsquery language sql immutable parallel safe as $$
  select quoted_term(exact_term(family, term))::tsquery
$$;

create function is_connector(facts jsonb) returns boolean language sql immutable parallel safe as $$
  select coalesce(facts -> 'connector' = 'true', false)
$$;

create function found_by(name text, facts jsonb) returns tsvector language plpgsql immutable parallel safe as $$
declare
  keywords text[] := texts_of(facts -> 'keywords', 100);
  ids text[] := texts_of(facts -> 'typeIds', 5000) || texts_of(facts -> 'agentIds', 5000);
  terms text[] := array[exact_term('kind', coalesce(facts ->> 'kind', 'node')),
    exact_term('space', split_part(name, '.', 1)),
    exact_term('space', split_part(name, '.', 1) || '.' || split_part(name, '.', 2))];
begin
  if is_connector(facts) then terms := terms || exact_term('kind', 'connector'); end if;
  terms := terms || array(select exact_term('word', keyword) from unnest(keywords) as keyword)
    || array(select distinct exact_term('id', id) from unnest(ids) as id);
  return setweight(vector_of(with_split_case(name)), 'A')
    || setweight(vector_of(with_split_case(array_to_string(keywords, ' '))), 'B')
    || setweight(vector_of(with_split_case(left(array_to_string(ids, ' '), 20000))), 'C')
    || setweight(vector_of(left(coalesce(facts ->> 'description', ''), 4000)), 'D')
    || array_to_tsvector(terms);
end $$;

-- Which version stands for a pack, and whether all of its versions are withdrawn. No version: nothing is left of it.
create table pack_latest (
  tree       text not null,
  name       text collate "C" not null,
  name_key   text not null,
  version    text,
  rank       text[] collate "C",
  yanked     boolean not null,
  deprecated boolean not null,
  primary key (tree, name)
);

create table pack_search (
  tree      text not null,
  name      text collate "C" not null,
  kind      text not null,
  connector boolean not null,
  found     tsvector not null,
  primary key (tree, name)
);
create index pack_search_found on pack_search using gin (found);

-- Every word that packs are found by, to find the one that was meant. `letters`: the same letters in another order.
create table pack_words (
  word    text collate "C" primary key,
  letters text collate "C" not null
);
create index pack_words_alike on pack_words using gin (word gin_trgm_ops);
create index pack_words_letters on pack_words (letters);

create function letters_of(word text) returns text language sql immutable parallel safe as $$
  select string_agg(letter, '' order by letter collate "C") from string_to_table(word, null) as letter
$$;

-- Which version gives which id to others: the index decides, never the name's prefix. Ids longer than any that a
-- manifest may have, which flawed ones of the past could hold, are left out.
create table provided_ids (
  id       text collate "C" not null,
  name_key text not null,
  version  text not null,
  is_agent boolean not null,
  primary key (id, name_key, version)
);
create index provided_ids_of_version on provided_ids (name_key, version);

create function add_provided_ids(wanted_key text, wanted_version text, facts jsonb) returns void language plpgsql as $$
begin
  insert into provided_ids (id, name_key, version, is_agent)
  select id, wanted_key, wanted_version, bool_or(is_agent) from (
    select unnest(texts_of(facts -> 'typeIds', 100000)) as id, false as is_agent
    union all select unnest(texts_of(facts -> 'agentIds', 100000)), true
  ) as listed
  where octet_length(id) <= 1024 group by id order by id on conflict do nothing;
end $$;

-- Lists packs by the version that stands for each now. Rows and words always in one order, so that no two who publish
-- wait for each other.
create function index_packs(trees text[], names text[]) returns void language plpgsql as $$
#variable_conflict use_column
begin
  delete from pack_search using pack_latest as latest, unnest(trees, names) as wanted (in_tree, called)
  where latest.tree = in_tree and latest.name = called and latest.version is null
    and pack_search.tree = in_tree and pack_search.name = called;

  with listed as (
    insert into pack_search as known (tree, name, kind, connector, found)
    select latest.tree, latest.name, coalesce(facts ->> 'kind', 'node'), is_connector(facts),
      found_by(latest.name, facts)
    from unnest(trees, names) as wanted (in_tree, called)
      join pack_latest as latest on latest.tree = in_tree and latest.name = called
      join versions using (name_key, version)
    order by latest.tree, latest.name
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
  on conflict do nothing;
end $$;

create function is_listed(name_key text, unpublished jsonb) returns boolean language sql immutable parallel safe as $$
  select unpublished is null and not starts_with(name_key, 'private.')
$$;

-- New versions are held against the one that stands for their pack: what a publish costs does not grow with a pack.
create function list_new_versions() returns trigger language plpgsql as $$
begin
  perform add_provided_ids(name_key, version, facts) from added
  where is_listed(name_key, unpublished) order by name_key, version;

  insert into pack_latest as known (tree, name, name_key, version, rank, yanked, deprecated)
  select tree, name, name_key, version, rank, all_yanked, all_deprecated from (
    select tree, name, name_key, version, rank,
      row_number() over (partition by tree, name order by rank collate "C" desc) as place,
      bool_and(is_yanked) over (partition by tree, name) as all_yanked,
      bool_and(is_deprecated) over (partition by tree, name) as all_deprecated
    from (
      select tree, name collate "C" as name, name_key, version, yanked is not null as is_yanked,
        deprecated is not null as is_deprecated,
        version_rank(version, yanked is not null, deprecated is not null) as rank
      from added where is_listed(name_key, unpublished)
    ) as ranked
  ) as best
  where place = 1
  order by tree, name
  on conflict (tree, name) do update set
    version = case when known.rank is null or excluded.rank > known.rank then excluded.version else known.version end,
    rank = greatest(known.rank, excluded.rank),
    yanked = excluded.yanked and (known.yanked or known.version is null),
    deprecated = excluded.deprecated and (known.deprecated or known.version is null);

  perform index_packs(array_agg(latest.tree), array_agg(latest.name))
  from pack_latest as latest join added on added.tree = latest.tree and added.name = latest.name
    and added.version = latest.version;
  return null;
end $$;

-- Each pack once, however many of its versions a statement changes.
create function list_changed_versions() returns trigger language plpgsql as $$
declare
  trees text[];
  names text[];
begin
  select array_agg(tree), array_agg(name) into trees, names from (
    select distinct known.tree, known.name
    from after_it as after join before_it as before using (name_key, version)
      join pack_latest as known on known.tree = after.tree and known.name = after.name
    where (before.yanked is null) <> (after.yanked is null)
      or (before.deprecated is null) <> (after.deprecated is null)
      or (before.unpublished is null) <> (after.unpublished is null)
  ) as changed;
  if trees is null then return null; end if;

  -- Whoever changes other versions of these packs just now is waited for, and then seen.
  perform from pack_latest join unnest(trees, names) as wanted (in_tree, called) on tree = in_tree and name = called
  order by tree, name for update of pack_latest;

  update pack_latest as known set version = best.version, rank = best.rank,
    yanked = coalesce(best.all_yanked, false), deprecated = coalesce(best.all_deprecated, false)
  from unnest(trees, names) as wanted (in_tree, called) left join lateral (
    select version, rank, bool_and(is_yanked) over () as all_yanked, bool_and(is_deprecated) over () as all_deprecated
    from (
      select version, yanked is not null as is_yanked, deprecated is not null as is_deprecated,
        version_rank(version, yanked is not null, deprecated is not null) as rank
      from versions
      where name_key = lower(called) and tree = in_tree and name = called and unpublished is null
    ) as ranked
    order by rank collate "C" desc limit 1
  ) as best on true
  where known.tree = in_tree and known.name = called;

  perform index_packs(trees, names);
  return null;
end $$;

-- What is published already, before anything is listed by itself. Whoever publishes meanwhile waits; reading goes on.
lock table versions in share row exclusive mode;
create function had_connector(manifest bytea) returns boolean language plpgsql immutable as $$
begin
  return convert_from(manifest, 'UTF8')::json -> 'connector' is not null;
exception when others then
  return false;
end $$;
update versions set facts = facts || '{"connector": true}' where facts ->> 'kind' = 'node' and had_connector(manifest);
drop function had_connector(bytea);

select add_provided_ids(name_key, version, facts) from versions where is_listed(name_key, unpublished);
insert into pack_latest (tree, name, name_key, version, rank, yanked, deprecated)
select distinct on (tree, name collate "C") tree, name, name_key, version,
  version_rank(version, yanked is not null, deprecated is not null),
  bool_and(yanked is not null) over (partition by tree, name),
  bool_and(deprecated is not null) over (partition by tree, name)
from versions where is_listed(name_key, unpublished)
order by tree, name collate "C", version_rank(version, yanked is not null, deprecated is not null) collate "C" desc;
select index_packs(array_agg(tree), array_agg(name)) from pack_latest;

create trigger versions_listed after insert on versions
  referencing new table as added for each statement execute function list_new_versions();
create trigger versions_listed_changed after update on versions
  referencing old table as before_it new table as after_it for each statement execute function list_changed_versions();

analyze pack_latest, pack_search, pack_words, provided_ids;
