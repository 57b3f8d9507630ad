// Which public packs give an id to others: what the index says of nodes, chains, prompts, agents and the rest.
import type { Queryable } from '../database/connect.ts';
import type { Tree } from '../protocol/faults.ts';
import type { PackKind } from '../protocol/manifest/kind.ts';
import type { PackName, PackVersion } from '../protocol/pack-id.ts';

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
 * Every version that provides one of the ids, in either tree; unpublished ones and private packs are none of them.
 * @param most packs of each id; the first by name.
 */
export const providersOf = async (
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
