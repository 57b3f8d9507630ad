// Searches a version of a base by whole words: the same question finds the same, in the same order, for ever.
import type { Queryable } from '../../database/connect.ts';
import { type Fault, fault } from '../../protocol/faults.ts';
import { hashOfList } from '../../protocol/knowledge/retrieved.ts';
import { MAX_QUERY_WORDS, queryWords } from '../../protocol/knowledge/words.ts';
import { provePaths } from '../../protocol/merkle-tree/paths-proof.ts';
import type { BlockSource } from '../../protocol/merkle-tree/place.ts';
import { KNOWLEDGE_TREE } from '../../protocol/merkle-tree/profile.ts';
import { entryBlocks, type ProvenEntries, requireAgreement } from './entries.ts';
import type { Look, ReadVersion } from './retrieval.ts';
import { versionFor } from './retrieve.ts';
import { type Hit, type HitPlace, hitsAt } from './search-store.ts';

export type SearchRequest = {
  readonly kind: 'search';
  readonly q: string;
  /** `<score>:<path>` of the last hit of the page before; empty for the first page. */
  readonly after: string;
  readonly limit: number;
  readonly proof: boolean;
};

export interface GivenHits {
  readonly hits: readonly Hit[];
  readonly next: string | null;
  /** That each hit's entry stands where it says; not that there are no others. */
  readonly proof: ProvenEntries | undefined;
}

export interface SearchDeps {
  readonly db: Queryable;
  readonly blocks: BlockSource;
}

const wrong = (field: string, message: string): Fault => fault('validation_error', { field }, message);

const requireWords = (query: string): readonly string[] => {
  const words = queryWords(query);
  if (words === undefined) throw wrong('q', `A search has 1 to ${MAX_QUERY_WORDS} different words.`);
  return words;
};

const cursorOf = ({ score, path }: HitPlace): string => `${score}:${path}`;

const CURSOR = /^([1-9]\d{0,15}):(.+)$/s;

/** @throws Fault validation_error for a cursor that no page was answered with */
const placeOf = (after: string): HitPlace | undefined => {
  if (after === '') return undefined;
  const [, score, path] = CURSOR.exec(after) ?? [];
  if (path === undefined) throw wrong('after', 'Send the "next" of the page before.');
  return { score: Number(score), path };
};

const prove = async (the: SearchDeps, version: ReadVersion, hits: readonly Hit[]): Promise<ProvenEntries> => {
  const reader = { profile: KNOWLEDGE_TREE, blocks: the.blocks };
  const paths = hits.map(({ path }) => path);
  const { value, proof } = await provePaths(reader, version.content, paths);
  requireAgreement(
    version,
    hits,
    paths.map((path, at) => ({ path, value: value[at] })),
  );
  const entries = hits.map(({ entry }) => entry);
  return { nodes: proof, entries: await entryBlocks(the.blocks, entries) };
};

/** @throws Fault validation_error, version_not_found */
export const lookForWords =
  (the: SearchDeps): Look<SearchRequest, GivenHits> =>
  async (base, selector, request) => {
    const [words, after] = [requireWords(request.q), placeOf(request.after)];
    const version = await versionFor(the.db, base, selector);
    const { limit } = request;
    const found = await hitsAt(the.db, base, version.seq, words, { after, limit: limit + 1 });
    const hits = found.slice(0, limit);
    const last = hits.at(-1);
    const next = found.length > limit && last !== undefined ? cursorOf(last) : null;
    const proof = request.proof ? await prove(the, version, hits) : undefined;
    const given = { hits, next, proof };
    return { version, hash: hashOfList(hits), entries: hits.length, bytes: 0, given };
  };
