// Lists packs with the agents they bring, a few manifests in memory at a time.
import type { Queryable } from '../../database/connect.ts';
import type { Tree } from '../../protocol/faults.ts';
import { type Agent, agentsOf } from './agents.ts';
import { manifestsOf, type VersionName } from './manifest-store.ts';
import type { Question } from './question.ts';
import { type Found, facetsOf, rowOf, searchPacks } from './search.ts';
import type { FoundPack } from './search-store.ts';

/** A manifest has at most a quarter of a megabyte. */
const MANIFESTS_AT_ONCE = 16;
/** A page ends before its time where its agents have more text than this. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** Stops behind the pack with which the agents grew too much. */
const agentsOfPacks = async (
  db: Queryable,
  tree: Tree,
  packs: readonly FoundPack[],
): Promise<{ readonly agents: ReadonlyMap<string, readonly Agent[]>; readonly upTo: number }> => {
  const agents = new Map<string, readonly Agent[]>();
  let bytes = 0;
  for (let from = 0; from < packs.length; from += MANIFESTS_AT_ONCE) {
    const some = packs.slice(from, from + MANIFESTS_AT_ONCE);
    const wanted = some.filter((pack) => pack.agents > 0) as unknown as VersionName[];
    for (const { name, manifest } of wanted.length === 0 ? [] : await manifestsOf(db, tree, wanted)) {
      const found = agentsOf(manifest);
      bytes += JSON.stringify(found).length;
      agents.set(name, found);
    }
    if (bytes > MAX_PAGE_BYTES) return { agents, upTo: from + some.length };
  }
  return { agents, upTo: packs.length };
};

const nextOf = (found: Found, shown: readonly FoundPack[]): string | undefined => {
  const last = shown.at(-1);
  return shown.length < found.packs.length ? `words:0:${last?.name}` : found.nextCursor;
};

/** `GET /v1/packs`: every pack of a tree by name, with the agents of those that bring some. */
export const listPacks = async (db: Queryable, question: Question) => {
  const found = await searchPacks(db, question);
  const { agents, upTo } = await agentsOfPacks(db, question.tree, found.packs);
  const shown = found.packs.slice(0, upTo);
  const nextCursor = nextOf(found, shown);
  return {
    packs: shown.map((pack) => ({ ...rowOf(pack), agents: agents.get(pack.name) ?? [] })),
    total: found.total,
    facets: facetsOf(found),
    ...(nextCursor === undefined ? {} : { nextCursor }),
  };
};
