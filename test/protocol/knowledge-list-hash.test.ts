// A list too long to be held has the hash of the same list held whole, and small chunks are put together unchanged.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cidOf } from '../../src/protocol/cid.ts';
import { namedDigestOfCid } from '../../src/protocol/knowledge/changes.ts';
import { startListHash } from '../../src/protocol/knowledge/list-hash.ts';
import { hashOfList } from '../../src/protocol/knowledge/retrieved.ts';
import { inPieces } from '../../src/protocol/pieces.ts';

describe('the hash of a list that is fed entry by entry', () => {
  it('is that of the whole list, the empty one included', () => {
    const entry = fc.record({
      path: fc.string({ unit: 'grapheme', minLength: 1 }),
      blob: fc.uint8Array().map((bytes) => cidOf('raw', bytes)),
    });
    const same = (entries: readonly { path: string; blob: ReturnType<typeof cidOf> }[]) => {
      const list = startListHash();
      for (const { path, blob } of entries) list.add(path, namedDigestOfCid(blob));
      expect(list.finish()).toBe(hashOfList(entries));
    };
    same([]);
    fc.assert(fc.property(fc.array(entry, { maxLength: 20 }), same), { numRuns: 100, seed: 20_260_601 });
  });
});

describe('small chunks put together', () => {
  it.each([
    [[]],
    [[1, 2, 3]],
    [Array.from({ length: 5_000 }, () => 100)],
    [[1, 200_000, 1, 65_536, 65_535, 1, 0]],
  ])('are the same bytes in few pieces (case %#)', async (sizes) => {
    const chunks = sizes.map((size, at) => Buffer.alloc(size, at % 251));
    async function* source() {
      yield* chunks;
    }
    const pieces: Uint8Array[] = [];
    for await (const piece of inPieces(source())) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(Buffer.concat(chunks))).toBe(true);
    for (const piece of pieces.slice(0, -1)) expect(piece.length).toBeGreaterThanOrEqual(64 * 1024);
    expect(pieces.every((piece) => piece.length > 0)).toBe(true);
  });
});
