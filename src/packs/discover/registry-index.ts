// Serves the registry index of each tree: whole and in pages, made anew when a pack of it changed and somebody asks.
import { type EncodedDocument, encodings } from '../../http/encoded.ts';
import type { Tree } from '../../protocol/faults.ts';
import { type IndexBook, type IndexRows, indexBook } from './index-book.ts';
import { indexDocument } from './index-document.ts';
import type { IndexedPack } from './index-store.ts';

export interface RegistryIndexDeps {
  readonly now: () => Date;
  readonly indexedAfter: (tree: Tree, after: string, limit: number) => Promise<readonly IndexedPack[]>;
  readonly indexedOf: (tree: Tree, names: readonly string[]) => Promise<readonly IndexedPack[]>;
}

export interface RegistryIndex {
  readonly whole: (tree: Tree) => Promise<EncodedDocument>;
  /** The packs behind a name; `nextCursor` where others follow. */
  readonly page: (tree: Tree, after: string, limit: number) => Promise<EncodedDocument>;
  /** Notes what an event of this subject changed. */
  readonly changed: (subject: string) => void;
}

interface Made {
  readonly of: IndexRows;
  readonly generatedAt: Date;
  /** Undefined until somebody asks for all of it. */
  whole?: Promise<EncodedDocument>;
}

/** The first place behind a name, by halves. */
const placeBehind = (names: readonly string[], after: string): number => {
  let [from, to] = [0, names.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((names[middle] ?? '') > after) to = middle;
    else from = middle + 1;
  }
  return from;
};

const wholeOf = async ({ of, generatedAt }: Made): Promise<EncodedDocument> =>
  encodings(await indexDocument({ generatedAt, packCount: of.names.length }, of.rows));

/** A page ends before its time where its rows have more text than this. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** Behind the row with which they grew too much. */
const endOf = (rows: readonly Buffer[], from: number, limit: number): number => {
  const most = Math.min(from + limit, rows.length);
  let [end, bytes] = [from, 0];
  for (; end < most && bytes <= MAX_PAGE_BYTES; end += 1) bytes += rows[end]?.length ?? 0;
  return end;
};

const pageOf = async ({ of, generatedAt }: Made, after: string, limit: number): Promise<EncodedDocument> => {
  const from = placeBehind(of.names, after);
  const end = endOf(of.rows, from, limit);
  const nextCursor = end < of.names.length ? of.names[end - 1] : undefined;
  const head = { generatedAt, packCount: of.names.length, nextCursor };
  return encodings(await indexDocument(head, of.rows.slice(from, end)));
};

const openTree = (the: RegistryIndexDeps, book: IndexBook) => {
  let made: Made | undefined;
  const current = async (): Promise<Made> => {
    const of = await book.read();
    if (made?.of !== of) made = { of, generatedAt: the.now() };
    return made;
  };
  const whole = async (): Promise<EncodedDocument> => {
    const making = await current();
    // One making for all who ask; one that failed is tried again.
    making.whole ??= wholeOf(making).catch((error: unknown) => {
      delete making.whole;
      throw error;
    });
    return making.whole;
  };
  return { whole, page: async (after: string, limit: number) => pageOf(await current(), after, limit) };
};

export const openRegistryIndex = (the: RegistryIndexDeps): RegistryIndex => {
  const books = { v1: indexBook({ ...the, tree: 'v1' }), v2: indexBook({ ...the, tree: 'v2' }) };
  const trees = { v1: openTree(the, books.v1), v2: openTree(the, books.v2) };
  return {
    whole: (tree) => trees[tree].whole(),
    page: (tree, after, limit) => trees[tree].page(after, limit),
    changed: (subject) => {
      const name = /^pack:([^@]+)@/.exec(subject)?.[1];
      if (name === undefined) return;
      books.v1.changed(name);
      books.v2.changed(name);
    },
  };
};
