// What is remembered of the log's inner nodes: always the right hash, and never more than there is room for.
import { describe, expect, it } from 'vitest';
import { concatBytes, utf8 } from '../../keys/bytes.ts';
import { hashLeaf, rootOf } from '../../src/protocol/merkle.ts';
import { TILE_WIDTH, type Tile } from '../../src/protocol/tiles.ts';
import { createLogNodes } from '../../src/transparency/log-nodes.ts';

/** More than are kept. */
const TILES = 400;
const SIZE = TILES * TILE_WIDTH;
const leavesOf = (tile: number): readonly Uint8Array[] =>
  Array.from({ length: TILE_WIDTH }, (_, at) => hashLeaf(utf8(`${tile * TILE_WIDTH + at}`)));

const open = () => {
  const read: number[] = [];
  const nodes = createLogNodes(async ({ level, index }: Tile) => {
    expect(level).toBe(0);
    read.push(index);
    return concatBytes(...leavesOf(index));
  });
  return { nodes, read };
};

describe('the nodes of a log larger than what is remembered', () => {
  it('are those of the tree, whatever was asked before', async () => {
    const { nodes } = open();
    for (const index of [...Array(TILES).keys(), 0, 7, TILES - 1]) {
      const half = await nodes.hashOf({ level: 7, index: index * 2 + 1 }, SIZE);
      expect(Buffer.from(half).equals(rootOf(leavesOf(index).slice(TILE_WIDTH / 2)))).toBe(true);
    }
  });

  it('are read once while they are asked for, and anew after many others were', async () => {
    const { nodes, read } = open();
    for (const index of Array(TILES).keys()) {
      await nodes.hashOf({ level: 7, index: index * 2 }, SIZE);
      await nodes.hashOf({ level: 7, index: 0 }, SIZE);
      await nodes.hashOf({ level: 3, index: index * 32 + 5 }, SIZE);
    }
    expect(read).toHaveLength(TILES);
    await nodes.hashOf({ level: 7, index: 4 }, SIZE);
    expect(read.at(-1)).toBe(2);
  });

  it('are not read where the sealer has told of them', async () => {
    const { nodes, read } = open();
    nodes.remember(0, TILE_WIDTH, leavesOf(1));
    const found = await nodes.hashOf({ level: 7, index: 2 }, SIZE);
    expect(Buffer.from(found).equals(rootOf(leavesOf(1).slice(0, TILE_WIDTH / 2)))).toBe(true);
    expect(read).toEqual([]);
  });
});
