// What the rows of a sound log make: every full tile and bundle, and the hashes above them, in the order of the log.
import type { Queryable } from '../database/connect.ts';
import { appendLeaves, type Edge, EMPTY_EDGE } from '../protocol/growing-tree.ts';
import { hashLeaf, rootOf } from '../protocol/merkle.ts';
import { encodeEntries, entriesPath, hashesOf, TILE_WIDTH, tilePath } from '../protocol/tiles.ts';
import { leavesBetween } from '../transparency/log-store.ts';
import type { LogObject } from '../transparency/log-tiles.ts';
import type { SubtreeRow } from './upkeep-store.ts';

/** What came to be when `size` leaves were there. */
export interface LogStep {
  /** Full ones, the bundle among them. */
  readonly objects: readonly LogObject[];
  /** Hashes of the tiles among them, by the level above. */
  readonly subtrees: readonly SubtreeRow[];
  readonly edge: Edge;
  /** The entries behind the last full bundle. */
  readonly bundle: readonly Uint8Array[];
}

/** What incomplete tiles and the incomplete bundle are made from. */
export type RightEdge = Pick<LogStep, 'edge' | 'bundle'>;

const fullBundle = (start: number, leaves: readonly Uint8Array[]): readonly LogObject[] =>
  leaves.length < TILE_WIDTH
    ? []
    : [{ path: entriesPath(start / TILE_WIDTH, TILE_WIDTH), bytes: encodeEntries(leaves) }];

/** Goes through the log window by window; the last step is the one that reaches `size`. */
export async function* logSteps(db: Queryable, size: number): AsyncGenerator<LogStep, void, undefined> {
  let edge = EMPTY_EDGE;
  for (let start = 0; start < size; start += TILE_WIDTH) {
    const leaves = await leavesBetween(db, start, Math.min(start + TILE_WIDTH, size));
    const grown = appendLeaves(edge, leaves.map(hashLeaf));
    edge = grown.edge;
    const tiles = grown.completed.map(({ tile, bytes }) => ({ path: tilePath(tile), bytes }));
    const subtrees = grown.completed.map(({ tile, bytes }) => ({
      level: tile.level + 1,
      position: tile.index,
      hash: rootOf(hashesOf(tile, bytes)),
    }));
    const full = fullBundle(start, leaves);
    yield { objects: [...full, ...tiles], subtrees, edge, bundle: full.length > 0 ? [] : leaves };
  }
}
