// The entries of a tree in the order of their paths: those with a prefix, after a cursor, a page at a time. Pure.
import type { Cid } from '../cid.ts';
import { ContentError } from '../content-errors.ts';
import { compareAsBytes, type KnowledgePath } from '../knowledge-path.ts';
import type { TreeEntry } from './node.ts';
import { type Gap, isPlace, itemsOf, type Place, readNode, rootPlace, type TreeReader } from './place.ts';

export interface Range {
  /** What the paths begin with: any text, not only whole segments; everything unless told. */
  readonly prefix?: string;
  /** Only paths that stand after this one, whether it is in the tree or not. */
  readonly after?: string;
}

const isIn = ({ prefix = '', after }: Range, path: string): boolean =>
  path.startsWith(prefix) && (after === undefined || compareAsBytes(path, after) > 0);

/** Whether a gap can hold a path of the range: not if all of it stands before, nor if all of it stands behind. */
const mayHold = ({ prefix = '', after = '' }: Range, gap: Gap): boolean => {
  const ends = gap.before;
  if (ends !== undefined && (compareAsBytes(ends, prefix) <= 0 || compareAsBytes(ends, after) <= 0))
    return false;
  return gap.after === undefined || compareAsBytes(gap.after, prefix) <= 0 || gap.after.startsWith(prefix);
};

async function* walk(reader: TreeReader, place: Place, range: Range): AsyncGenerator<TreeEntry, void, void> {
  for (const item of itemsOf(await readNode(reader, place))) {
    if (item.kind === 'entry') {
      const { path, value } = item.entry;
      if (isIn(range, path)) yield { path, value };
    } else if (isPlace(item.gap) && mayHold(range, item.gap)) yield* walk(reader, item.gap, range);
  }
}

/**
 * The entries of a range, read from the tree only as they are asked for.
 * Throws as `readNode` does.
 */
export const walkEntries = (
  reader: TreeReader,
  root: Cid,
  range: Range = {},
): AsyncGenerator<TreeEntry, void, void> => walk(reader, rootPlace(root), range);

export interface Page {
  readonly entries: readonly TreeEntry[];
  /** The `after` of the next page; undefined on the last. */
  readonly next: KnowledgePath | undefined;
}

/**
 * The first `limit` entries of a range, and where the next page begins.
 * Rejects with ContentError `page_limit` unless `limit` is at least 1, and as `readNode` does.
 */
export const listEntries = async (
  reader: TreeReader,
  root: Cid,
  { limit, ...range }: Range & { readonly limit: number },
): Promise<Page> => {
  if (!Number.isSafeInteger(limit) || limit < 1) throw new ContentError('page_limit', { found: limit });
  const entries: TreeEntry[] = [];
  for await (const entry of walkEntries(reader, root, range)) {
    if (entries.length === limit) return { entries, next: entries.at(-1)?.path };
    entries.push(entry);
  }
  return { entries, next: undefined };
};
