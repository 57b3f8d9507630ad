// The hits of a search in a version: each proven to stand there, in the order of their scores, the scores counted anew.
import type { JsonObject } from '../../../keys/canonical.ts';
import type { Entry } from '../../protocol/knowledge/entry.ts';
import { hashOfList } from '../../protocol/knowledge/retrieved.ts';
import { queryWords, scoreOf, searchableWords } from '../../protocol/knowledge/words.ts';
import { compareAsBytes, type KnowledgePath } from '../../protocol/knowledge-path.ts';
import { textOf } from '../../protocol/manifest/read.ts';
import { verifyPaths } from '../../protocol/merkle-tree/paths-proof.ts';
import { KNOWLEDGE_TREE } from '../../protocol/merkle-tree/profile.ts';
import type { Asked } from '../proven-event.ts';
import { type Answer, notChecked, refusal, yes } from '../refusal.ts';
import { RequestInvalid } from '../request-invalid.ts';
import { type KnowledgeDeps, queryOf, versionAddress } from './deps.ts';
import { fetchDocument } from './entry.ts';
import { requireSameHash } from './hash.ts';
import { type Blocks, blocksAt, countAt, pathAt, rowsAt, type ToldEntry, toldEntry } from './shape.ts';
import { entryOf } from './told.ts';
import { nodesOf, provenBy } from './tree.ts';
import { type BelievedVersion, requireVersion } from './version.ts';

export interface SearchRequest {
  /** 1 to 16 words, all of which a document must have. */
  readonly query: string;
  /** 20 unless told. */
  readonly limit?: number | undefined;
  /** The `next` of the page before. */
  readonly after?: string | undefined;
  /** Whether the documents are fetched, and their words counted. */
  readonly documents?: boolean | undefined;
}

export interface Hit {
  readonly path: KnowledgePath;
  readonly entry: Entry;
  /** How often the words stand in the document, together. */
  readonly score: number;
  /** Only where documents were asked for. */
  readonly bytes: Uint8Array | undefined;
}

export interface Hits {
  readonly of: BelievedVersion;
  readonly hits: readonly Hit[];
  readonly next: string | undefined;
  /** That nothing was left out is never among them: no tree proves which documents do not have a word. */
  readonly checked: readonly Answer[];
}

interface ToldHit extends ToldEntry {
  readonly score: number;
}

const DEFAULT_LIMIT = 20;
const NOT_COUNTED = 'the documents were not fetched';
const NOT_PROVABLE = 'a search can leave hits out, and nothing proves that it did not';

const toldHit = (asked: Asked, row: JsonObject): ToldHit => ({
  ...toldEntry(asked, row, pathAt(asked, row)),
  score: countAt(asked, row, 'score'),
});

const stands = (before: ToldHit, after: ToldHit): boolean =>
  before.score === after.score ? compareAsBytes(before.path, after.path) < 0 : before.score > after.score;

/** Totally ordered, so no hit can stand twice. @throws Refusal `hits_mismatch` */
const requireOrder = ({ question, path }: Asked, hits: readonly ToldHit[], limit: number): void => {
  const shown = ({ path: at, score }: ToldHit) => ({ path: at, score });
  if (hits.length > limit)
    throw refusal(question, 'hits_mismatch', { path, expected: limit, found: hits.length });
  const at = hits.findIndex((hit, index) => {
    const next = hits[index + 1];
    return hit.score === 0 || (next !== undefined && !stands(hit, next));
  });
  if (at >= 0) throw refusal(question, 'hits_mismatch', { path, found: hits.slice(at, at + 2).map(shown) });
};

/** @throws Refusal `entry_unproven` or `entry_mismatch` */
const requireStanding = async (
  asked: Asked,
  of: BelievedVersion,
  hits: readonly ToldHit[],
  blocks: Blocks,
): Promise<void> => {
  const paths = hits.map(({ path }) => path);
  const nodes = nodesOf(blocks);
  const { content } = of.manifest;
  const values = await provenBy(asked, of, () => verifyPaths(KNOWLEDGE_TREE, content, paths, nodes));
  const at = hits.findIndex(({ entry }, index) => entry !== values[index]);
  if (at < 0) return;
  const [expected, found] = [values[at] ?? null, hits[at]?.entry];
  throw refusal(asked.question, 'entry_mismatch', { path: asked.path, at: paths[at], expected, found });
};

/** @throws Refusal `score_mismatch` */
const requireScore = (
  { path }: Asked,
  words: readonly string[],
  hit: ToldHit,
  document: Uint8Array,
): void => {
  const counted = searchableWords(document);
  const expected = counted === undefined ? 0 : scoreOf(counted, words);
  if (expected !== hit.score)
    throw refusal('scores', 'score_mismatch', { path, at: hit.path, words, expected, found: hit.score });
};

const wordsOf = (query: string): readonly string[] => {
  const words = queryWords(query);
  if (words === undefined) throw new RequestInvalid('A search has 1 to 16 words.');
  return words;
};

/** @throws Refusal of `hits`, `scores` or `document`; RequestInvalid */
export const searchDocuments =
  (the: KnowledgeDeps) =>
  async (of: BelievedVersion, request: SearchRequest): Promise<Hits> => {
    const { query, limit = DEFAULT_LIMIT, after, documents = false } = request;
    const words = wordsOf(query);
    const address = `${versionAddress(of)}/search${queryOf({ q: query, limit, after, proof: 1 })}`;
    const asked: Asked = { question: 'hits', path: address };
    const answer = await the.reader.json(asked);
    requireVersion(asked, of, textOf(answer['knowledge_base_version']));
    const blocks = blocksAt(asked, answer);
    const told = rowsAt(asked, answer, 'hits').map((row) => toldHit(asked, row));
    requireOrder(asked, told, limit);
    await requireStanding(asked, of, told, blocks);
    const hits: Hit[] = [];
    for (const hit of told) {
      const entry = await entryOf(the, asked, of, hit, blocks);
      const bytes = documents ? (await fetchDocument(the)(of, hit.path, entry)).bytes : undefined;
      if (bytes !== undefined) requireScore(asked, words, hit, bytes);
      hits.push({ path: hit.path, entry, score: hit.score, bytes });
    }
    requireSameHash(asked, hashOfList(told), textOf(answer['retrieved_content_hash']));
    const scores = documents ? yes('scores') : notChecked('scores', NOT_COUNTED);
    const checked = [...of.checked, yes('hits'), scores, notChecked('page', NOT_PROVABLE)];
    return { of, hits, next: textOf(answer['next']), checked };
  };
