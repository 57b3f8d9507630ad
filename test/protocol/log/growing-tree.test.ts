// A tree grown by batches is the tree built at once: same root, same tiles, same edge, whatever the batches.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  appendLeaves,
  type Edge,
  EMPTY_EDGE,
  edgeFrom,
  edgeRoot,
  partialTiles,
  type TileBytes,
} from '../../../src/protocol/growing-tree.ts';
import { EMPTY_ROOT, hashLeaf, rootOf } from '../../../src/protocol/merkle.ts';
import { TILE_WIDTH, tilePath } from '../../../src/protocol/tiles.ts';
import { digestsOf, entriesOf, readerOf, tilesOf } from './log-world.ts';

const LARGEST = 70_000;
const leafHashes = entriesOf(LARGEST).map(hashLeaf);
const always = { numRuns: 60, seed: 20_260_601 };

interface Grown {
  readonly edge: Edge;
  readonly tiles: ReadonlyMap<string, Uint8Array>;
}

/** Grows a tree by batches of these lengths and keeps every tile that was completed, refusing one made twice. */
const grownBy = (lengths: readonly number[]): Grown => {
  const tiles = new Map<string, Uint8Array>();
  let edge = EMPTY_EDGE;
  for (const length of lengths) {
    const growth = appendLeaves(edge, leafHashes.slice(edge.size, edge.size + length));
    for (const { tile, bytes } of growth.completed) {
      expect(tile.width).toBe(TILE_WIDTH);
      expect(tiles.has(tilePath(tile))).toBe(false);
      tiles.set(tilePath(tile), bytes);
    }
    edge = growth.edge;
  }
  return { edge, tiles };
};

const byPath = (list: readonly TileBytes[]) =>
  list.map(({ tile, bytes }) => [tilePath(tile), bytes] as const);

const batches = fc.array(fc.oneof(fc.nat(5), fc.nat(600), fc.constantFrom(0, 1, 255, 256, 257, 512)), {
  maxLength: 12,
});

describe('a tree grown by batches', () => {
  it('has the root and the tiles of the tree built at once', () => {
    const isWhole = (lengths: readonly number[]) => {
      const { edge, tiles } = grownBy(lengths);
      const whole = leafHashes.slice(0, edge.size);
      expect(edge.size).toBe(lengths.reduce((sum, length) => sum + length, 0));
      expect(edgeRoot(edge)).toEqual(rootOf(whole));
      expect(digestsOf([...tiles, ...byPath(partialTiles(edge))])).toEqual(digestsOf(tilesOf(whole)));
    };
    fc.assert(fc.property(batches, isWhole), always);
  });

  it('is the same value as its edge read back from its tiles', async () => {
    const isSame = async (lengths: readonly number[]) => {
      const { edge, tiles } = grownBy(lengths);
      const served = new Map([...tiles, ...byPath(partialTiles(edge))]);
      expect(await edgeFrom(edge.size, readerOf(served))).toEqual(edge);
    };
    await fc.assert(fc.asyncProperty(batches, isSame), always);
  });

  it('stays the same leaf by leaf, at every size', () => {
    let edge = EMPTY_EDGE;
    for (let size = 0; size <= 600; size += 1) {
      expect(edgeRoot(edge)).toEqual(rootOf(leafHashes.slice(0, size)));
      edge = appendLeaves(edge, leafHashes.slice(size, size + 1)).edge;
    }
  });

  it.each([65_535, 65_536, 65_537, LARGEST])('reaches the third level of tiles: %d leaves', async (size) => {
    const { edge, tiles } = grownBy([1_000, size - 1_001, 1]);
    const served = new Map([...tiles, ...byPath(partialTiles(edge))]);
    expect(edgeRoot(edge)).toEqual(rootOf(leafHashes.slice(0, size)));
    expect(digestsOf(served)).toEqual(digestsOf(tilesOf(leafHashes.slice(0, size))));
    expect(await edgeFrom(size, readerOf(served))).toEqual(edge);
  });

  it('hands over completed tiles of lower levels first, each level in order', () => {
    const { completed } = appendLeaves(EMPTY_EDGE, leafHashes.slice(0, 65_536));
    const places = completed.map(({ tile }) => tile.level * 1_000 + tile.index);
    expect(places).toEqual([...Array(256).keys(), 1_000]);
  });

  it('holds less than a tile on every level', () => {
    const { edge } = grownBy([LARGEST]);
    expect(edge.levels.map((hashes) => hashes.length)).toEqual([112, 17, 1]);
  });
});

describe('an edge', () => {
  it('is a value: growing makes another and leaves it as it was', () => {
    const before = appendLeaves(EMPTY_EDGE, leafHashes.slice(0, 300)).edge;
    const root = edgeRoot(before);
    const [once, again] = [1, 2].map(() => appendLeaves(before, leafHashes.slice(300, 900)));
    expect(once).toEqual(again);
    expect(edgeRoot(before)).toEqual(root);
    expect(before.size).toBe(300);
  });

  it('of nothing has the empty root and no tiles, and nothing added changes nothing', async () => {
    expect(edgeRoot(EMPTY_EDGE)).toEqual(EMPTY_ROOT);
    expect(partialTiles(EMPTY_EDGE)).toEqual([]);
    expect(appendLeaves(EMPTY_EDGE, [])).toEqual({ edge: EMPTY_EDGE, completed: [] });
    expect(await edgeFrom(0, readerOf(new Map()))).toEqual(EMPTY_EDGE);
  });

  it('reads only the incomplete tiles, and none of another length', async () => {
    const asked: string[] = [];
    const read = readerOf(tilesOf(leafHashes), asked);
    await edgeFrom(LARGEST, read);
    expect(asked).toEqual(['tile/0/273.p/112', 'tile/1/001.p/17', 'tile/2/000.p/1']);
    const cut = edgeFrom(LARGEST, async (tile) => (await read(tile)).subarray(32));
    await expect(cut).rejects.toMatchObject({ code: 'tile_form' });
  });
});
