// Which public packs give an id to others: what the index says of nodes, chains, prompts, agents and the rest.
import type { Queryable, Sql } from '../database/connect.ts';
import { sharing } from '../database/share.ts';
import type { Tree } from '../protocol/faults.ts';
import type { PackKind } from '../protocol/manifest/kind.ts';
import { nameKey, type PackName, type PackVersion } from '../protocol/pack-id.ts';

/** One version that provides an id. */
export interface Provider {
  readonly id: string;
  readonly tree: Tree;
  readonly name: PackName;
  readonly version: PackVersion;
  readonly kind: PackKind;
  readonly is_agent: boolean;
  readonly yanked: boolean;
  readonly deprecated: boolean;
}

/**
 * Every version that provides an id, in either tree; unpublished ones and private packs are none of them.
 * @param most packs of each id; the first by name.
 */
export const versionsProviding = async (
  db: Queryable,
  ids: readonly string[],
  { tree, after = '', most }: { tree?: Tree | undefined; after?: string | undefined; most: number },
): Promise<readonly Provider[]> => db<Provider[]>`
  with wanted as (select distinct unnest(${[...ids]}::text[]) as id)
  select wanted.id, tree, name, version, coalesce(facts ->> 'kind', 'node') as kind, is_agent,
    yanked is not null as yanked, deprecated is not null as deprecated
  from wanted cross join lateral (
    select array(
      select distinct name collate "C" from provided_ids join versions using (name_key, version)
      where provided_ids.id = wanted.id and unpublished is null
        and (${tree ?? null}::text is null or tree = ${tree ?? null}) and name collate "C" > ${after}
      order by 1 limit ${most}
    ) as list
  ) as names
    join provided_ids on provided_ids.id = wanted.id join versions using (name_key, version)
  where name = any (names.list) and unpublished is null
    and (${tree ?? null}::text is null or tree = ${tree ?? null})
  order by wanted.id, name collate "C"`;

/** Of each id the first pack by name that provides it in a tree, by the newest of its versions that do. */
export const providersOf = async (
  db: Queryable,
  tree: Tree,
  ids: readonly string[],
): Promise<readonly Provider[]> => db<Provider[]>`
  select wanted.id, found.* from (select distinct unnest(${[...ids]}::text[]) as id) as wanted
  cross join lateral (
    select name_key, name from provided_ids join versions using (name_key, version)
    where provided_ids.id = wanted.id and unpublished is null and tree = ${tree}
    order by name collate "C" limit 1
  ) as pack
  -- The latest of the pack, where that has the id; else all that have it are held against each other.
  cross join lateral (
    select coalesce(
      (select version from pack_latest as latest join provided_ids using (name_key, version)
        where latest.tree = ${tree} and latest.name = pack.name and provided_ids.id = wanted.id),
      (select version from provided_ids join versions using (name_key, version)
        where provided_ids.id = wanted.id and name_key = pack.name_key and name = pack.name and unpublished is null
          and tree = ${tree}
        order by version_rank(version, yanked is not null, deprecated is not null) collate "C" desc limit 1)
    ) as version
  ) as newest
  cross join lateral (
    select tree, name, version, coalesce(facts ->> 'kind', 'node') as kind, is_agent, yanked is not null as yanked,
      deprecated is not null as deprecated
    from provided_ids join versions using (name_key, version)
    where provided_ids.id = wanted.id and name_key = pack.name_key and version = newest.version
  ) as found`;

/** The ids that one pack exports. */
export interface ExportedBy {
  readonly ids: readonly string[];
  readonly own: PackName;
}

/** For each of the ids one pack of another name that has it. */
export type OthersProviding = (asked: ExportedBy) => Promise<ReadonlyMap<string, string>>;

const othersOfAll =
  (sql: Sql) =>
  async (all: readonly ExportedBy[]): Promise<readonly ReadonlyMap<string, string>[]> => {
    const wanted = all.flatMap(({ ids, own }, place) => ids.map((id) => ({ id, own: nameKey(own), place })));
    const rows = await sql<{ place: number; id: string; name: string }[]>`
      select place, id, name from others_providing(${wanted.map(({ place }) => place)}::int[],
        ${wanted.map(({ id }) => id)}::text[], ${wanted.map(({ own }) => own)}::text[])`;
    const found = all.map(() => new Map<string, string>());
    for (const { place, id, name } of rows) found[place]?.set(id, name);
    return found;
  };

/** Ids that one statement asks for. */
const MOST_IDS = 2_000;

/** Those who publish at once ask together. */
export const othersProviding = (sql: Sql): OthersProviding =>
  sharing({ run: othersOfAll(sql), weigh: ({ ids }) => ids.length, most: MOST_IDS });
