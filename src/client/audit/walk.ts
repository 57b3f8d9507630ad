// Walks over every entry of a log, makes its whole tree anew, and compares each served hash with the one it made.
import { equalBytes } from '../../../keys/bytes.ts';
import { inLanes } from '../../../storage/in-lanes.ts';
import { appendLeaves, type Edge, partialTiles, type TileBytes } from '../../protocol/growing-tree.ts';
import { HASH_BYTES, hashLeaf } from '../../protocol/merkle.ts';
import { entriesPath, TILE_WIDTH, tilePath } from '../../protocol/tiles.ts';
import type { RegistryReader } from '../registry-reader.ts';
import { AT_ONCE, fetchEntries, fetchTile, inOrder } from './fetch.ts';
import type { Report } from './findings.ts';

export interface WalkDeps {
  readonly reader: RegistryReader;
  /** With `{L}` and `{N}`. */
  readonly tile: string;
  readonly report: Report;
  /** Called with all entries, each once and in the order of the log, and the edge of the tree that they end in. */
  readonly onEntries: (position: number, entries: readonly Uint8Array[], edge: Edge) => void;
  readonly onProgress?: ((done: number, size: number) => void) | undefined;
}

interface WholeBundle {
  readonly index: number;
  readonly width: number;
  readonly entries: readonly Uint8Array[];
}

type Bundle = WholeBundle | (Omit<WholeBundle, 'entries'> & { readonly entries: 'malformed' | undefined });

/** The first position that a hash of the tile speaks for. */
const positionOf = ({ level, index }: TileBytes['tile'], at: number): number =>
  (index * TILE_WIDTH + at) * TILE_WIDTH ** level;

/** Which hash is the first to differ; the number of them where one tile only ends earlier. */
const firstDifference = (made: Uint8Array, served: Uint8Array): number => {
  const [here, there] = [Buffer.from(made), Buffer.from(served)];
  const same = (at: number) =>
    here.compare(there, at * HASH_BYTES, (at + 1) * HASH_BYTES, at * HASH_BYTES, (at + 1) * HASH_BYTES) === 0;
  const count = Math.floor(Math.min(made.length, served.length) / HASH_BYTES);
  for (let at = 0; at < count; at += 1) if (!same(at)) return at;
  return count;
};

const compareTile =
  (the: WalkDeps) =>
  async ({ tile, bytes }: TileBytes): Promise<void> => {
    const path = tilePath(tile);
    const served = await fetchTile(the.reader, the.tile, tile);
    if (served === undefined) return the.report('tile_missing', path, {}, positionOf(tile, 0));
    if (equalBytes(served, bytes)) return;
    const evidence = { expectedBytes: bytes.length, foundBytes: served.length };
    the.report('tile_mismatch', path, evidence, positionOf(tile, firstDifference(bytes, served)));
  };

/** False where the log cannot be followed any further. */
const isWhole = (the: WalkDeps, bundle: Bundle): bundle is WholeBundle => {
  const { index, width, entries } = bundle;
  if (entries !== undefined && entries !== 'malformed') return true;
  const code = entries === undefined ? 'entries_missing' : 'entries_malformed';
  the.report(code, entriesPath(index, width), {}, index * TILE_WIDTH);
  return false;
};

/**
 * Goes on from an edge to a tree of `size` leaves, with no more in memory than a few bundles. Undefined where entries
 * are missing, which is reported. Rejects with a Refusal where the registry does not answer: what was handed over up to
 * then was handed over together with its edge.
 */
export const walkLog = async (the: WalkDeps, from: Edge, size: number): Promise<Edge | undefined> => {
  const first = Math.floor(from.size / TILE_WIDTH);
  const fetch = async (at: number): Promise<Bundle> => {
    const index = first + at;
    const width = Math.min(size - index * TILE_WIDTH, TILE_WIDTH);
    const entries = await fetchEntries(the.reader, the.tile, index, width);
    return { index, width, entries } as Bundle;
  };
  let edge = from;
  if (from.size >= size) return edge;
  for await (const bundle of inOrder(Math.ceil(size / TILE_WIDTH) - first, fetch)) {
    if (!isWhole(the, bundle)) return undefined;
    const entries = bundle.entries.slice(edge.size - bundle.index * TILE_WIDTH);
    const grown = appendLeaves(edge, entries.map(hashLeaf));
    await inLanes(grown.completed, AT_ONCE, compareTile(the));
    the.onEntries(edge.size, entries, grown.edge);
    edge = grown.edge;
    the.onProgress?.(edge.size, size);
  }
  await inLanes(partialTiles(edge), AT_ONCE, compareTile(the));
  return edge;
};
