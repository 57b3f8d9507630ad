// The log as documents that anybody may read (C2SP tlog-tiles): its checkpoint, its tiles, its entries.
import { type Document, KINDS, makeDocument } from '../http/document.ts';
import type { DocumentCache } from '../http/document-cache.ts';
import { fault } from '../protocol/faults.ts';
import { parseTilePath, type ReadTile, TILE_WIDTH, type TilePath } from '../protocol/tiles.ts';
import type { LogWatch } from './watch.ts';

export interface LogReadDeps {
  readonly cache: DocumentCache;
  readonly watch: LogWatch;
  readonly readTile: ReadTile;
  readonly readEntries: (index: number, width: number) => Promise<Uint8Array>;
  /** The checkpoint of a size with what witnesses have signed of it. */
  readonly withCosignatures: (size: number, checkpoint: string) => Promise<string>;
}

/** Changes with every seal. */
export const HEAD_TOPIC = 'log head';
/** Never changes. */
const TILE_TOPIC = 'log tiles';

export const readCheckpoint = (the: LogReadDeps) => (): Promise<Document> =>
  the.cache.load('/transparency/checkpoint', [HEAD_TOPIC], async () => {
    const head = the.watch.head();
    if (head === undefined) throw fault('unavailable');
    const note = await the.withCosignatures(head.size, head.checkpoint);
    return makeDocument(Buffer.from(note), KINDS.checkpoint);
  });

/** Whether a tree of `size` leaves holds all that this path names. */
const isCovered = (path: TilePath, size: number): boolean => {
  const { level, index, width } = path.kind === 'hashes' ? path.tile : { ...path, level: 0 };
  return (index * TILE_WIDTH + width) * TILE_WIDTH ** level <= size;
};

const requireCovered = async (the: LogReadDeps, path: TilePath, where: string): Promise<void> => {
  const known = the.watch.head()?.size ?? 0;
  if (isCovered(path, known)) return;
  const newest = (await the.watch.newestHead())?.size ?? 0;
  if (!isCovered(path, newest)) throw fault('not_found', { path: where, size: newest });
};

/** @throws Fault not_found for what is no tile, or one beyond the head */
export const readLogPath =
  (the: LogReadDeps) =>
  async (where: string): Promise<Document> => {
    const path = parseTilePath(where);
    if (path === undefined) throw fault('not_found', { path: where.slice(0, 200) });
    await requireCovered(the, path, where);
    return the.cache.load(`/transparency/${where}`, [TILE_TOPIC], async () => {
      const bytes =
        path.kind === 'hashes'
          ? await the.readTile(path.tile)
          : await the.readEntries(path.index, path.width);
      return makeDocument(bytes, KINDS.tile);
    });
  };
