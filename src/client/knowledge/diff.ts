// What differs between two versions of a base: all of it, proven by both their trees.
import type { JsonObject } from '../../../keys/canonical.ts';
import type { Cid } from '../../protocol/cid.ts';
import type { Entry } from '../../protocol/knowledge/entry.ts';
import { compareAsBytes, type KnowledgePath } from '../../protocol/knowledge-path.ts';
import { objectOf, textOf } from '../../protocol/manifest/read.ts';
import type { Difference } from '../../protocol/merkle-tree/diff.ts';
import { KNOWLEDGE_TREE } from '../../protocol/merkle-tree/profile.ts';
import { verifyDiff } from '../../protocol/merkle-tree/proof.ts';
import type { Asked } from '../proven-event.ts';
import { type Answer, refusal, yes } from '../refusal.ts';
import { RequestInvalid } from '../request-invalid.ts';
import { type KnowledgeDeps, queryOf, versionAddress } from './deps.ts';
import { type Blocks, blocksAt, pathAt, rowsAt, type ToldEntry, toldEntry } from './shape.ts';
import { entryOf } from './told.ts';
import { nodesOf, provenBy } from './tree.ts';
import { type BelievedVersion, requireVersion } from './version.ts';

export interface DocumentDifference {
  readonly path: KnowledgePath;
  /** Null where the older version has nothing at the path. */
  readonly before: Entry | null;
  /** Null where the newer version has nothing at the path. */
  readonly after: Entry | null;
}

export interface DiffRange {
  /** Only paths behind this one. */
  readonly after?: string | undefined;
  /** At most 1,000; 100 unless told. */
  readonly limit?: number | undefined;
}

export interface DifferencePage {
  readonly from: BelievedVersion;
  readonly to: BelievedVersion;
  readonly differences: readonly DocumentDifference[];
  /** The `after` of the next page; undefined on the last. */
  readonly next: KnowledgePath | undefined;
  readonly checked: readonly Answer[];
}

const DEFAULT_LIMIT = 100;

interface ToldDifference {
  readonly path: KnowledgePath;
  readonly before: ToldEntry | null;
  readonly after: ToldEntry | null;
}

const toldSide = (asked: Asked, row: JsonObject, name: string, path: KnowledgePath): ToldEntry | null => {
  const side = objectOf(row[name]);
  return side === undefined ? null : toldEntry(asked, side, path);
};

const toldDifference = (asked: Asked, row: JsonObject): ToldDifference => {
  const path = pathAt(asked, row);
  return { path, before: toldSide(asked, row, 'before', path), after: toldSide(asked, row, 'after', path) };
};

const lineOf = (path: string, before: Cid | null, after: Cid | null): string =>
  `${path} ${before ?? '-'} ${after ?? '-'}`;

/** @throws Refusal `difference_mismatch` */
const requireSame = (
  { question, path }: Asked,
  proven: readonly Difference[],
  told: readonly ToldDifference[],
): void => {
  const expected = proven.map((each) => lineOf(each.path, each.before, each.after));
  const found = told.map((each) => lineOf(each.path, each.before?.entry ?? null, each.after?.entry ?? null));
  if (expected.length === found.length && expected.every((line, at) => line === found[at])) return;
  const withheld = expected.filter((line) => !found.includes(line));
  const surplus = found.filter((line) => !expected.includes(line));
  throw refusal(question, 'difference_mismatch', { path, withheld, surplus });
};

const sideOf = (
  the: KnowledgeDeps,
  asked: Asked,
  of: BelievedVersion,
  told: ToldEntry | null,
  blocks: Blocks,
): Promise<Entry> | null => (told === null ? null : entryOf(the, asked, of, told, blocks));

const requireOneBase = (from: BelievedVersion, to: BelievedVersion): void => {
  if (from.base !== to.base) throw new RequestInvalid('Versions of two bases are not compared.');
};

/** @throws Refusal of `difference`; RequestInvalid */
export const diffVersions =
  (the: KnowledgeDeps) =>
  async (from: BelievedVersion, to: BelievedVersion, range: DiffRange = {}): Promise<DifferencePage> => {
    requireOneBase(from, to);
    const { after, limit = DEFAULT_LIMIT } = range;
    const query = queryOf({ after, limit, proof: 1 });
    const address = `${versionAddress(from)}/diff/${to.selector}${query}`;
    const asked: Asked = { question: 'difference', path: address };
    const answer = await the.reader.json(asked);
    requireVersion(asked, from, textOf(answer['from']));
    requireVersion(asked, to, textOf(answer['to']));
    const blocks = blocksAt(asked, answer);
    const told = rowsAt(asked, answer, 'differences').map((row) => toldDifference(asked, row));
    const [older, newer] = [from.manifest.content, to.manifest.content];
    const nodes = nodesOf(blocks);
    const all = await provenBy(asked, to, () => verifyDiff(KNOWLEDGE_TREE, older, newer, nodes));
    const left = all.filter(({ path }) => after === undefined || compareAsBytes(path, after) > 0);
    requireSame(asked, left.slice(0, limit), told);
    const differences: DocumentDifference[] = [];
    for (const { path, before, after: now } of told)
      differences.push({
        path,
        before: await sideOf(the, asked, from, before, blocks),
        after: await sideOf(the, asked, to, now, blocks),
      });
    const next = left.length > limit ? told.at(-1)?.path : undefined;
    return { from, to, differences, next, checked: [...from.checked, ...to.checked, yes('difference')] };
  };
