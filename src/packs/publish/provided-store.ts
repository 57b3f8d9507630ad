// Whether public packs of other names give an id to others already.
import type { Queryable } from '../../database/connect.ts';
import { nameKey, type PackName } from '../../protocol/pack-id.ts';

/** For each of the ids one pack that has it: a look into the index, however many have. */
export const othersProviding = async (
  db: Queryable,
  ids: readonly string[],
  own: PackName,
): Promise<ReadonlyMap<string, string>> => {
  const rows = await db<{ id: string; name: string }[]>`
    select wanted.id, found.name from (select distinct unnest(${[...ids]}::text[]) as id) as wanted
    cross join lateral (
      select versions.name from provided_ids join versions using (name_key, version)
      where provided_ids.id = wanted.id and name_key <> ${nameKey(own)} and unpublished is null limit 1
    ) as found`;
  return new Map(rows.map(({ id, name }) => [id, name]));
};
