// The text of the registry index: one line for each pack, put together without keeping anybody waiting.
import { setImmediate as breathe } from 'node:timers/promises';
import { startDigest } from '../../../storage/digest.ts';
import { type Document, KINDS, makeDocument } from '../../http/document.ts';
import type { IndexedPack } from './index-store.ts';

/** A row as clients of the public registry read it: all of its members are always there. */
const indexEntry = ({ name, version, facts, yanked, deprecated }: IndexedPack) => ({
  name,
  kind: facts.kind,
  latestVersion: version,
  description: facts.description,
  license: facts.license,
  tags: facts.keywords,
  typeIds: facts.typeIds,
  nodeCount: facts.counts.nodeCount,
  agentCount: facts.counts.agentCount,
  deprecated,
  yanked,
});

export const rowText = (pack: IndexedPack): Buffer => Buffer.from(JSON.stringify(indexEntry(pack)));

export interface IndexHead {
  readonly generatedAt: Date;
  /** Of the whole index, whatever part of it is shown. */
  readonly packCount: number;
  readonly nextCursor?: string | undefined;
}

const headText = ({ generatedAt, packCount, nextCursor }: IndexHead): string => {
  const head = { registryVersion: '1.0.0', generatedAt: generatedAt.toISOString(), packCount, nextCursor };
  return `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "packs": [`;
};

const END = '\n  ]\n}\n';
const FIRST = Buffer.from('\n    ');
const NEXT = Buffer.from(',\n    ');
/** About what is copied and hashed in a millisecond or two. */
const BYTES_AT_ONCE = 1024 * 1024;

function* pieces(head: IndexHead, rows: readonly Buffer[]): Generator<Buffer> {
  yield Buffer.from(headText(head));
  for (const [place, row] of rows.entries()) {
    yield place === 0 ? FIRST : NEXT;
    yield row;
  }
  yield Buffer.from(rows.length === 0 ? END.trimStart() : END);
}

/** Lets others have their turn whenever so many bytes were worked on. */
const paced = () => {
  let worked = 0;
  return async (bytes: number): Promise<void> => {
    worked += bytes;
    if (worked < BYTES_AT_ONCE) return;
    worked = 0;
    await breathe();
  };
};

export const indexDocument = async (head: IndexHead, rows: readonly Buffer[]): Promise<Document> => {
  const all = [...pieces(head, rows)];
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
  return makeDocument(bytes, KINDS.json, digest.finish());
};
