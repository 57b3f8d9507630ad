// A log of a hundred thousand entries is audited in a few bundles of memory: its tree, and what is not a version, cost nothing.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { canonicalBytes } from '../../keys/canonical.ts';
import { createFacts } from '../../src/client/audit/facts.ts';
import { collectFindings } from '../../src/client/audit/findings.ts';
import { walkLog } from '../../src/client/audit/walk.ts';
import type { RegistryReader } from '../../src/client/registry-reader.ts';
import {
  appendLeaves,
  type Edge,
  EMPTY_EDGE,
  edgeRoot,
  partialTiles,
} from '../../src/protocol/growing-tree.ts';
import { hashLeaf } from '../../src/protocol/merkle.ts';
import { encodeEntries, entriesPath, parseTilePath, TILE_WIDTH, tilePath } from '../../src/protocol/tiles.ts';

const SIZE = 100_000;
const MB = 1024 * 1024;

/** An entry of a log that nobody keeps: it is made whenever it is asked for. */
const leafAt = (position: number): Uint8Array =>
  canonicalBytes({
    v: 1,
    id: `event-${position}`,
    kind: 'namespace.touched',
    at: '2026-05-01T00:00:00.000Z',
    actor: 'account:somebody',
    subject: `namespace:vendor.n${position}`,
    data: { text: 'x'.repeat(200) },
    causationId: null,
  });

const leavesOf = (index: number): readonly Uint8Array[] =>
  Array.from({ length: Math.min(TILE_WIDTH, SIZE - index * TILE_WIDTH) }, (_, at) =>
    leafAt(index * TILE_WIDTH + at),
  );

/** Its hashes are kept, three megabytes of them. */
const honestTiles = (): { readonly edge: Edge; readonly tiles: ReadonlyMap<string, Uint8Array> } => {
  const tiles = new Map<string, Uint8Array>();
  let edge = EMPTY_EDGE;
  for (let index = 0; index * TILE_WIDTH < SIZE; index += 1) {
    const grown = appendLeaves(edge, leavesOf(index).map(hashLeaf));
    for (const { tile, bytes } of grown.completed) tiles.set(tilePath(tile), bytes);
    edge = grown.edge;
  }
  for (const { tile, bytes } of partialTiles(edge)) tiles.set(tilePath(tile), bytes);
  return { edge, tiles };
};

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Bytes that are held by somebody. */
const held = (): number => {
  gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

describe('auditing a hundred thousand entries', { timeout: 120_000 }, () => {
  const { edge, tiles } = honestTiles();
  const sizes: number[] = [];

  it('keeps memory flat, and finds the root', async () => {
    const reader: RegistryReader = {
      base: 'https://log.example',
      document: async () => undefined,
      documentOr: async () => undefined,
      bytes: async (_question, path) => {
        const parsed = parseTilePath(path.slice(1));
        if (parsed?.kind === 'hashes') return tiles.get(path.slice(1));
        if (parsed === undefined) return undefined;
        const leaves = leavesOf(parsed.index);
        return leaves.length === parsed.width && entriesPath(parsed.index, parsed.width) === path.slice(1)
          ? encodeEntries(leaves)
          : undefined;
      },
    };
    const findings = collectFindings();
    const facts = createFacts(findings.report);
    const before = held();
    const found = await walkLog(
      {
        reader,
        tile: '/tile/{L}/{N}',
        report: findings.report,
        onEntries: (position, entries) => {
          for (const [at, entry] of entries.entries()) facts.take(position + at, entry);
        },
        onProgress: (done) => {
          if (done % (TILE_WIDTH * 40) === 0) sizes.push(held() - before);
        },
      },
      EMPTY_EDGE,
      SIZE,
    );
    expect(findings.all()).toEqual([]);
    expect(found && edgeRoot(found)).toEqual(edgeRoot(edge));
    expect(facts.kinds.get('namespace.touched')).toBe(SIZE);
    // The log itself has forty megabytes.
    expect(Math.max(...sizes)).toBeLessThan(12 * MB);
    expect((sizes.at(-1) ?? 0) - (sizes[1] ?? 0)).toBeLessThan(2 * MB);
  });

  it('remembers a version in a few hundred bytes', () => {
    const facts = createFacts(() => {
      throw new Error('nothing is wrong with it');
    });
    const before = held();
    const count = 20_000;
    for (let position = 0; position < count; position += 1) {
      const name = `vendor.acme.pack${position % 4_000}`;
      const version = `1.${position}.0`;
      const data = { name, version, tree: 'v1', sha256: 'ab'.repeat(32), size: 1_000, keyId: 'acme-1' };
      const signature = Buffer.alloc(64, position).toString('base64');
      const event = { v: 1, id: `e${position}`, kind: 'pack.published', subject: `pack:${name}@${version}` };
      facts.take(position, canonicalBytes({ ...event, data: { ...data, signature } }));
    }
    expect(facts.versions.count()).toBe(count);
    const each = (held() - before) / count;
    expect(each).toBeLessThan(400);
    expect(facts.versions.versionsOf('vendor.acme.pack7')).toHaveLength(5);
  });
});
