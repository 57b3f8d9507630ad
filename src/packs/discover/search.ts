// Searches the public packs of a tree: by words, and where nothing has those, by words that are spelt alike.
import type { Queryable } from '../../database/connect.ts';
import { cursorOf, type Match, type Question } from './question.ts';
import { type FoundPack, type FoundPage, findPacks } from './search-store.ts';

export interface Found extends FoundPage {
  readonly match: Match;
  readonly nextCursor: string | undefined;
}

const matchedBy = async (db: Queryable, question: Question, match: Match): Promise<Found> => {
  const found = await findPacks(db, question, match);
  const packs = found.packs.slice(0, question.limit);
  const last = packs.at(-1);
  const hasMore = found.packs.length > question.limit && last !== undefined;
  return { ...found, packs, match, nextCursor: hasMore ? cursorOf({ match, ...last }) : undefined };
};

/** A page that goes on from another is found in the same way. */
export const searchPacks = async (db: Queryable, question: Question): Promise<Found> => {
  if (question.after !== undefined) return matchedBy(db, question, question.after.match);
  const exact = await matchedBy(db, question, 'words');
  return exact.total > 0 || question.q === '' ? exact : matchedBy(db, question, 'near');
};

/** Counts of all that was found, whatever page is shown. */
export const facetsOf = ({ kinds, connectors }: Found) => ({ kind: kinds, connector: connectors });

export const rowOf = (pack: FoundPack) => ({
  name: pack.name,
  version: pack.version,
  kind: pack.kind,
  connector: pack.connector,
  description: pack.description,
  license: pack.license,
  keywords: pack.keywords,
  typeIdCount: pack.type_ids,
  agentCount: pack.agents,
  deprecated: pack.deprecated,
  yanked: pack.yanked,
});

export const searchAnswer = (question: Question, found: Found) => ({
  q: question.q,
  match: found.match,
  results: found.packs.map((pack) => ({ ...rowOf(pack), score: pack.score })),
  total: found.total,
  facets: facetsOf(found),
  ...(found.nextCursor === undefined ? {} : { nextCursor: found.nextCursor }),
});
