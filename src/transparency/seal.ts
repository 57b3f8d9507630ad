// Seals events into the log: one batch, from rows without a place to a signed head that covers them.
import { appendLeaves, type Edge, edgeRoot, type TileBytes } from '../protocol/growing-tree.ts';
import { hashLeaf, rootOf } from '../protocol/merkle.ts';
import { encodeEntries, entriesPath, hashesOf, TILE_WIDTH, tilePath } from '../protocol/tiles.ts';
import {
  type Head,
  type HeadMove,
  HeadMoved,
  type Subtree,
  type Unsealed,
  type UnsealedEvent,
} from './log-store.ts';
import type { LogObject } from './log-tiles.ts';

/** A batch never waits to fill up: whatever came while the last one was sealed is the next one. */
export const MAX_BATCH = TILE_WIDTH;

export interface SealDeps {
  readonly now: () => Date;
  readonly nextUnsealed: (head: Head, limit: number) => Promise<Unsealed>;
  readonly putObject: (object: LogObject) => Promise<void>;
  /** The signed note of a checkpoint. */
  readonly sign: (size: number, root: Uint8Array) => Promise<string>;
  /** False where the head is no longer the one it is moved from. */
  readonly moveHead: (move: HeadMove) => Promise<boolean>;
  /** Tells all who wait that these events stand in the log, from the position on that the old head had as its size. */
  readonly announce: (batch: SealedBatch) => void;
}

/** All that sealing goes on from: the head, the tree's right edge, and the entries of the incomplete bundle. */
export interface SealState {
  readonly head: Head;
  readonly edge: Edge;
  readonly bundle: readonly Uint8Array[];
}

export interface SealedBatch {
  readonly from: Head;
  readonly to: Head;
  readonly ids: readonly string[];
  readonly leafHashes: readonly Uint8Array[];
}

export interface SealOutcome {
  readonly state: SealState;
  readonly sealed: number;
  /** Events are there that cannot be sealed yet, since a running transaction may still come before them. */
  readonly waiting: boolean;
}

export const sealBatch =
  (the: SealDeps) =>
  async (state: SealState): Promise<SealOutcome> => {
    const { events, waiting } = await the.nextUnsealed(state.head, MAX_BATCH);
    const last = events.at(-1);
    if (last === undefined) return { state, sealed: 0, waiting };
    const grown = grow(state, events);
    await Promise.all(grown.objects.map(the.putObject));
    const { size } = grown.edge;
    const root = edgeRoot(grown.edge);
    const checkpoint = await the.sign(size, root);
    const to: Head = { size, root, checkpoint, last, sealedAt: the.now() };
    // The point of no return: before it nothing of this batch is in the log, and what was put follows from the events
    // again; after it the head covers them, and everything served is made from these rows and objects.
    const move = { from: state.head, to, events, subtrees: grown.subtrees };
    if (!(await the.moveHead(move))) throw new HeadMoved('The head of the log was moved by another sealer.');
    const ids = events.map(({ id }) => id);
    the.announce({ from: state.head, to, ids, leafHashes: grown.leafHashes });
    return { state: { head: to, edge: grown.edge, bundle: grown.bundle }, sealed: events.length, waiting };
  };

interface Grown {
  readonly edge: Edge;
  readonly bundle: readonly Uint8Array[];
  readonly leafHashes: readonly Uint8Array[];
  readonly objects: readonly LogObject[];
  readonly subtrees: readonly Subtree[];
}

const grow = (state: SealState, events: readonly UnsealedEvent[]): Grown => {
  const leaves = events.map(({ leaf }) => leaf);
  const leafHashes = leaves.map(hashLeaf);
  const { edge, completed } = appendLeaves(state.edge, leafHashes);
  const { bundles, rest } = fillBundles(state, leaves);
  const tiles = completed.map(({ tile, bytes }) => ({ path: tilePath(tile), bytes }));
  return {
    edge,
    bundle: rest,
    leafHashes,
    objects: [...bundles, ...tiles],
    subtrees: completed.map(subtreeOf),
  };
};

const fillBundles = ({ head, bundle }: SealState, leaves: readonly Uint8Array[]) => {
  const entries = [...bundle, ...leaves];
  const first = Math.floor(head.size / TILE_WIDTH);
  const bundles = Array.from({ length: Math.floor(entries.length / TILE_WIDTH) }, (_, at) => ({
    path: entriesPath(first + at, TILE_WIDTH),
    bytes: encodeEntries(entries.slice(at * TILE_WIDTH, (at + 1) * TILE_WIDTH)),
  }));
  return { bundles, rest: entries.slice(bundles.length * TILE_WIDTH) };
};

const subtreeOf = ({ tile, bytes }: TileBytes): Subtree => ({
  level: tile.level + 1,
  position: tile.index,
  hash: rootOf(hashesOf(tile, bytes)),
});
