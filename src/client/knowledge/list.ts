// A page of a version's entries, proven to be all of them that stand there.
import type { Entry } from '../../protocol/knowledge/entry.ts';
import { hashOfList } from '../../protocol/knowledge/retrieved.ts';
import type { KnowledgePath } from '../../protocol/knowledge-path.ts';
import { textOf } from '../../protocol/manifest/read.ts';
import type { Page } from '../../protocol/merkle-tree/list.ts';
import { KNOWLEDGE_TREE } from '../../protocol/merkle-tree/profile.ts';
import { verifyRange } from '../../protocol/merkle-tree/range-proof.ts';
import type { Asked } from '../proven-event.ts';
import { type Answer, refusal, yes } from '../refusal.ts';
import { type KnowledgeDeps, queryOf, versionAddress } from './deps.ts';
import { requireSameHash } from './hash.ts';
import { blocksAt, pathAt, rowsAt, type ToldEntry, toldEntry } from './shape.ts';
import { entryOf } from './told.ts';
import { nodesOf, provenBy } from './tree.ts';
import { type BelievedVersion, requireVersion } from './version.ts';

export interface ListRange {
  /** What the paths begin with: any text, not only whole segments. */
  readonly prefix?: string | undefined;
  /** Only paths behind this one. */
  readonly after?: string | undefined;
  /** At most 1,000; 100 unless told. */
  readonly limit?: number | undefined;
}

export interface ListedPath {
  readonly path: KnowledgePath;
  readonly entry: Entry;
}

export interface EntryPage {
  readonly of: BelievedVersion;
  readonly entries: readonly ListedPath[];
  /** The `after` of the next page; undefined on the last. */
  readonly next: KnowledgePath | undefined;
  readonly checked: readonly Answer[];
}

const DEFAULT_LIMIT = 100;

/** Both ways: what the page leaves out, and what the version does not have. @throws Refusal `page_mismatch` */
const requireSame = ({ question, path }: Asked, { entries }: Page, told: readonly ToldEntry[]): void => {
  const lineOf = (at: string, entry: string): string => `${at} ${entry}`;
  const expected = entries.map((each) => lineOf(each.path, each.value));
  const found = told.map((each) => lineOf(each.path, each.entry));
  if (expected.length === found.length && expected.every((line, at) => line === found[at])) return;
  const withheld = expected.filter((line) => !found.includes(line));
  const surplus = found.filter((line) => !expected.includes(line));
  throw refusal(question, 'page_mismatch', { path, withheld, surplus });
};

/** @throws Refusal of `page` */
export const listDocuments =
  (the: KnowledgeDeps) =>
  async (of: BelievedVersion, range: ListRange = {}): Promise<EntryPage> => {
    const { prefix = '', after, limit = DEFAULT_LIMIT } = range;
    const query = queryOf({ prefix, after, limit, proof: 1 });
    const asked: Asked = { question: 'page', path: `${versionAddress(of)}/entries${query}` };
    const answer = await the.reader.json(asked);
    requireVersion(asked, of, textOf(answer['knowledge_base_version']));
    const blocks = blocksAt(asked, answer);
    const told = rowsAt(asked, answer, 'entries').map((row) => toldEntry(asked, row, pathAt(asked, row)));
    const nodes = nodesOf(blocks);
    const wanted = { prefix, limit, ...(after === undefined ? {} : { after }) };
    const page = await provenBy(asked, of, () =>
      verifyRange(KNOWLEDGE_TREE, of.manifest.content, wanted, nodes),
    );
    requireSame(asked, page, told);
    const entries: ListedPath[] = [];
    for (const row of told)
      entries.push({ path: row.path, entry: await entryOf(the, asked, of, row, blocks) });
    requireSameHash(asked, hashOfList(told), textOf(answer['retrieved_content_hash']));
    return { of, entries, next: page.next, checked: [...of.checked, yes('page')] };
  };
