// The rows of one tree's index as this process knows them: read once, and then only those that changed.
import type { Tree } from '../../protocol/faults.ts';
import { rowText } from './index-document.ts';
import type { IndexedPack } from './index-store.ts';

export interface BookDeps {
  readonly tree: Tree;
  readonly indexedAfter: (tree: Tree, after: string, limit: number) => Promise<readonly IndexedPack[]>;
  readonly indexedOf: (tree: Tree, names: readonly string[]) => Promise<readonly IndexedPack[]>;
}

export interface IndexBook {
  /** Notes that a pack changed; what is read from now on knows it. */
  readonly changed: (name: string) => void;
  /** In the order of names, as of some moment after the call. */
  readonly read: () => Promise<IndexRows>;
}

export interface IndexRows {
  readonly names: readonly string[];
  readonly rows: readonly Buffer[];
}

const NOTHING: IndexRows = { names: [], rows: [] };
const ROWS_AT_ONCE = 1_000;
/** Beyond that it is cheaper to read all of them anew, and to remember none in the meantime. */
const MOST_CHANGED = 20_000;

const inOrder = (rows: ReadonlyMap<string, Buffer>): IndexRows => {
  const names = [...rows.keys()].sort();
  return { names, rows: names.map((name) => rows.get(name) as Buffer) };
};

const readAll = async (the: BookDeps): Promise<Map<string, Buffer>> => {
  const rows = new Map<string, Buffer>();
  let [page, after]: [readonly IndexedPack[], string] = [[], ''];
  do {
    page = await the.indexedAfter(the.tree, after, ROWS_AT_ONCE);
    for (const pack of page) rows.set(pack.name, rowText(pack));
    after = page.at(-1)?.name ?? after;
  } while (page.length === ROWS_AT_ONCE);
  return rows;
};

/** @returns whether the row of that name is another now. */
const replace = (rows: Map<string, Buffer>, name: string, pack: IndexedPack | undefined): boolean => {
  const known = rows.get(name);
  if (pack === undefined) return rows.delete(name);
  const row = rowText(pack);
  if (known?.equals(row) === true) return false;
  rows.set(name, row);
  return true;
};

/** A process hears of its own changes twice; what was known already changes nothing. */
const readChanged = async (
  the: BookDeps,
  rows: Map<string, Buffer>,
  names: readonly string[],
): Promise<boolean> => {
  let isOther = false;
  for (let from = 0; from < names.length; from += ROWS_AT_ONCE) {
    const some = names.slice(from, from + ROWS_AT_ONCE);
    const found = new Map((await the.indexedOf(the.tree, some)).map((pack) => [pack.name, pack]));
    for (const name of some) isOther = replace(rows, name, found.get(name)) || isOther;
  }
  return isOther;
};

export const indexBook = (the: BookDeps): IndexBook => {
  let known: Map<string, Buffer> | undefined;
  let shown: IndexRows | undefined;
  let [wanted, have] = [1, 0];
  let reading: Promise<void> | undefined;
  const dirty = new Set<string>();

  const readNow = async (): Promise<void> => {
    const seen = wanted;
    if (dirty.size > MOST_CHANGED) known = undefined;
    const names = [...dirty];
    dirty.clear();
    try {
      if (known === undefined) {
        known = await readAll(the);
        shown = inOrder(known);
      } else if (await readChanged(the, known, names)) shown = inOrder(known);
    } catch (error) {
      // What was replaced before it failed is not shown yet: the next reading starts from nothing.
      known = undefined;
      throw error;
    }
    have = seen;
  };

  const readOnce = (): Promise<void> => {
    reading ??= readNow().finally(() => {
      reading = undefined;
    });
    return reading;
  };

  return {
    changed: (name) => {
      wanted += 1;
      if (dirty.size <= MOST_CHANGED) dirty.add(name);
    },
    read: async () => {
      // A reading that was under way already may have missed what was noted since it began.
      for (const goal = wanted; have < goal; ) await readOnce();
      return shown ?? NOTHING;
    },
  };
};
