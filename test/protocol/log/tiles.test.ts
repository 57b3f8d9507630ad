// Tiles: one spelling for every path, one reading for every byte, and proofs out of tiles that are those of the tree.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, encodeHex, utf8 } from '../../../keys/bytes.ts';
import { hashLeaf } from '../../../src/protocol/merkle.ts';
import {
  decodeEntries,
  encodeEntries,
  entriesPath,
  nodeFromTile,
  parseTilePath,
  proveConsistency,
  proveInclusion,
  TILE_WIDTH,
  tileAt,
  tileOfNode,
  tilePath,
  treeRoot,
} from '../../../src/protocol/tiles.ts';
import { vectors } from '../../keys/trust-world.ts';
import { entriesOf, readerOf, refusedAs, tilesOf } from './log-world.ts';
import { naivePath, naiveProof, naiveTree } from './naive-tree.ts';

interface TileVectors {
  readonly paths: readonly { level: number | null; index: number; width: number; path: string }[];
  readonly noPaths: readonly string[];
  readonly cuts: readonly {
    readonly size: number;
    readonly tiles: readonly { level: number; full: number; partial: number }[];
  }[];
}

const published = vectors<TileVectors>('tiles');
const always = { numRuns: 300, seed: 20_260_601 };
const tiles = fc.record({
  level: fc.integer({ min: 0, max: 63 }),
  index: fc.oneof(fc.nat(2_000_000), fc.maxSafeInteger().map(Math.abs)),
  width: fc.integer({ min: 1, max: TILE_WIDTH }),
});

describe('the path of a tile', () => {
  it.each(published.paths)('$path is written and read', ({ level, index, width, path }) => {
    const tile = { level: level ?? 0, index, width };
    expect(level === null ? entriesPath(index, width) : tilePath(tile)).toBe(path);
    const read = level === null ? { kind: 'entries', index, width } : { kind: 'hashes', tile };
    expect(parseTilePath(path)).toEqual(read);
  });

  it.each(published.noPaths)('%j is none', (text) => {
    expect(parseTilePath(text)).toBeUndefined();
  });

  it('is read back whatever tile it is of', () => {
    const comesBack = (tile: { level: number; index: number; width: number }) => {
      const { index, width } = tile;
      expect(parseTilePath(tilePath(tile))).toEqual({ kind: 'hashes', tile });
      expect(parseTilePath(entriesPath(index, width))).toEqual({ kind: 'entries', index, width });
    };
    fc.assert(fc.property(tiles, comesBack), always);
  });

  it('has one spelling: whatever else is read is written back the same', () => {
    const parts = fc.constantFrom(
      'tile',
      '/',
      'x',
      '.p/',
      '0',
      '00',
      '000',
      '001',
      '67',
      '256',
      'entries',
      '9',
    );
    const texts = fc.array(parts, { maxLength: 9 }).map((each) => `tile/${each.join('')}`);
    const isOne = (text: string) => {
      const read = parseTilePath(text);
      if (read?.kind === 'hashes') expect(tilePath(read.tile)).toBe(text);
      if (read?.kind === 'entries') expect(entriesPath(read.index, read.width)).toBe(text);
    };
    fc.assert(fc.property(fc.oneof(texts, fc.string()), isOne), { ...always, numRuns: 3_000 });
  });
});

describe('a tile as it stands in a tree', () => {
  it.each(published.cuts)('of $size leaves is cut as published', ({ size, tiles: levels }) => {
    for (const { level, full, partial } of levels) {
      if (full > 0) expect(tileAt(level, full - 1, size)?.width).toBe(TILE_WIDTH);
      expect(tileAt(level, full, size)?.width ?? 0).toBe(partial);
      expect(tileAt(level, full + 1, size)).toBeUndefined();
    }
  });

  it('never is empty', () => {
    expect(tileAt(0, 0, 0)).toBeUndefined();
    expect(tileAt(0, 1, 256)).toBeUndefined();
    expect(tileAt(1, 0, 255)).toBeUndefined();
    expect(tileAt(63, 0, Number.MAX_SAFE_INTEGER)).toBeUndefined();
    expect(tileAt(1, 0, 256)).toEqual({ level: 1, index: 0, width: 1 });
  });

  it('holds no node that reaches beyond the tree', () => {
    expect(tileOfNode({ level: 2, index: 1 }, 8)).toEqual({ level: 0, index: 0, width: 8 });
    expect(() => tileOfNode({ level: 2, index: 1 }, 7)).toThrow(RangeError);
    expect(() => tileOfNode({ level: 8, index: 0 }, 255)).toThrow(RangeError);
  });

  it('gives no node out of bytes of another length, or of another tile', () => {
    const tile = { level: 0, index: 1, width: 3 };
    const node = { level: 1, index: 128 };
    const short = () => nodeFromTile(tile, new Uint8Array(95), node);
    expect(refusedAs(short)).toBe('tile_form');
    expect(refusedAs(() => nodeFromTile(tile, new Uint8Array(8192), node))).toBe('tile_form');
    expect(nodeFromTile(tile, new Uint8Array(96), node)).toHaveLength(32);
    for (const elsewhere of [
      { level: 1, index: 129 },
      { level: 0, index: 255 },
      { level: 8, index: 1 },
    ])
      expect(() => nodeFromTile(tile, new Uint8Array(96), elsewhere)).toThrow(RangeError);
  });
});

describe('a bundle of entries', () => {
  const entry = fc.oneof(
    { weight: 20, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 300 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(65_535, 256, 255).map((length) => new Uint8Array(length).fill(7)),
    },
  );

  it('is read back entry by entry', () => {
    const comesBack = (entries: readonly Uint8Array[]) => {
      const read = decodeEntries(encodeEntries(entries), entries.length);
      expect(read.map(encodeHex)).toEqual(entries.map(encodeHex));
    };
    fc.assert(fc.property(fc.array(entry, { maxLength: 20 }), comesBack), always);
  });

  it('puts the length before each entry, the high byte first', () => {
    const bytes = encodeEntries([new Uint8Array(258).fill(1), Uint8Array.of(2)]);
    expect([...bytes.slice(0, 3), ...bytes.slice(260)]).toEqual([1, 2, 1, 0, 1, 2]);
  });

  it('is refused with one byte or one entry more or less than it should have', () => {
    const bytes = encodeEntries(entriesOf(5));
    expect(decodeEntries(bytes, 5)).toEqual(entriesOf(5));
    for (const [altered, width] of [
      [bytes, 4],
      [bytes, 6],
      [bytes.subarray(1), 5],
      [bytes.subarray(0, -1), 5],
      [concatBytes(bytes, Uint8Array.of(0)), 5],
      [concatBytes(bytes, Uint8Array.of(0, 0)), 6],
      [Uint8Array.of(0), 1],
    ] as const)
      expect(refusedAs(() => decodeEntries(altered, width))).toBe('entries_form');
  });

  it('takes no entry that is empty or too large', () => {
    for (const length of [0, 65_536])
      expect(refusedAs(() => encodeEntries([utf8('a'), new Uint8Array(length)]))).toBe('entries_form');
  });

  it('of any bytes is read or refused, never anything else', () => {
    const bytes = fc
      .uint8Array({ maxLength: 40 })
      .map((each) => each.map((byte) => (byte < 128 ? 0 : byte % 5)));
    const answers = (each: Uint8Array, width: number) => {
      expect([undefined, 'entries_form']).toContain(refusedAs(() => decodeEntries(each, width)));
    };
    fc.assert(fc.property(bytes, fc.nat(256), answers), { ...always, numRuns: 2_000 });
  });
});

describe('proofs out of tiles', () => {
  const LARGEST = 70_000;
  const entries = entriesOf(LARGEST);
  const leafHashes = entries.map(hashLeaf);
  const naive = naiveTree(entries);

  it.each([1, 2, 255, 256, 257, 700, 65_535, 65_536, 65_537, LARGEST])(
    'of a tree of %d are those of the recursive definition',
    async (size) => {
      const read = readerOf(tilesOf(leafHashes.slice(0, size)));
      expect(await treeRoot(size, read)).toEqual(naive({ from: 0n, to: BigInt(size) }));
      for (const place of [0, 1, 255, 256, 511, Math.floor(size / 2), size - 2, size - 1]) {
        if (place < 0 || place >= size) continue;
        const path = naivePath(BigInt(place), { from: 0n, to: BigInt(size) }).map(naive);
        expect(await proveInclusion(place, size, read)).toEqual(path);
        const proof = place === 0 ? [] : naiveProof(BigInt(place), BigInt(size)).map(naive);
        expect(await proveConsistency(place, size, read)).toEqual(proof);
      }
    },
  );

  it('ask for each tile once, as it stands in the tree, and for all of them at once', async () => {
    const asked: string[] = [];
    const held = tilesOf(leafHashes);
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const reader = readerOf(held, asked);
    const proof = proveInclusion(65_540, LARGEST, async (tile) => {
      const bytes = reader(tile);
      await gate;
      return bytes;
    });
    await Promise.resolve();
    expect([...asked].sort()).toEqual([
      'tile/0/256',
      'tile/0/273.p/112',
      'tile/1/001.p/17',
      'tile/2/000.p/1',
    ]);
    open();
    expect(await proof).toHaveLength(14);
    expect(asked).toHaveLength(4);
  });

  it('are not made of tiles of another length, and not where there is no such leaf', async () => {
    const read = readerOf(tilesOf(leafHashes.slice(0, 300)));
    const cut = proveInclusion(5, 300, async (tile) => (await read(tile)).subarray(1));
    await expect(cut).rejects.toMatchObject({ code: 'tile_form' });
    await expect(proveInclusion(300, 300, read)).rejects.toThrow(RangeError);
    await expect(proveConsistency(301, 300, read)).rejects.toThrow(RangeError);
    await expect(treeRoot(400, read)).rejects.toThrow('no such tile');
  });
});
