// Documents that end in a long list, put together without keeping anybody waiting.
import { setImmediate as breathe } from 'node:timers/promises';
import { startDigest } from '../../storage/digest.ts';
import { type Document, type DocumentKind, makeDocument } from './document.ts';

const END = '\n  ]\n}\n';
const FIRST = Buffer.from('\n    ');
const NEXT = Buffer.from(',\n    ');
/** About what is copied and hashed in a millisecond or two. */
const BYTES_AT_ONCE = 1024 * 1024;

/** Lets others have their turn whenever so many bytes were worked on. */
export const paced = (most = BYTES_AT_ONCE) => {
  let worked = 0;
  return async (bytes: number): Promise<void> => {
    worked += bytes;
    if (worked < most) return;
    worked = 0;
    await breathe();
  };
};

/** About what is made into JSON in a millisecond or two. */
export const MADE_AT_ONCE = 64 * 1024;

/** Each as a row of `listDocument`, with two spaces. */
export const listRows = async <T>(list: readonly T[], make: (each: T) => object): Promise<Buffer[]> => {
  const [pace, rows] = [paced(MADE_AT_ONCE), [] as Buffer[]];
  for (const each of list) {
    const row = Buffer.from(JSON.stringify(make(each), null, 2).replaceAll('\n', '\n    '));
    rows.push(row);
    await pace(row.length);
  }
  return rows;
};

const startOf = (head: object, member: string): string => {
  const before = Object.keys(head).length === 0 ? '{' : `${JSON.stringify(head, null, 2).slice(0, -2)},`;
  return `${before}\n  "${member}": [`;
};

function* pieces(head: object, member: string, rows: readonly Buffer[]): Generator<Buffer> {
  yield Buffer.from(startOf(head, member));
  for (const [place, row] of rows.entries()) {
    yield place === 0 ? FIRST : NEXT;
    yield row;
  }
  yield Buffer.from(rows.length === 0 ? END.trimStart() : END);
}

/** JSON with the members of `head`, and behind them a list that has these texts as its rows. */
export const listDocument = async (
  kind: DocumentKind,
  head: object,
  member: string,
  rows: readonly Buffer[],
): Promise<Document> => {
  const all = [...pieces(head, member, rows)];
  const bytes = Buffer.allocUnsafeSlow(all.reduce((size, piece) => size + piece.length, 0));
  const [pace, digest] = [paced(), startDigest()];
  let end = 0;
  for (const piece of all) {
    piece.copy(bytes, end);
    end += piece.length;
    await pace(piece.length);
  }
  for (let from = 0; from < bytes.length; from += BYTES_AT_ONCE) {
    digest.update(bytes.subarray(from, from + BYTES_AT_ONCE));
    await breathe();
  }
  return makeDocument(bytes, kind, digest.finish());
};
