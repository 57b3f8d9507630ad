// Nothing a publisher can write makes the check throw or take long.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../keys/canonical.ts';
import { reservedTypeIds } from '../../../src/protocol/manifest/describe.ts';
import { checkManifest } from '../../../src/protocol/manifest/index.ts';
import { CONTENT } from '../../../src/protocol/manifest/kind.ts';
import { manifestOf, PACK_KINDS, TREES } from '../../world/manifests.ts';
import { mutated, randomFrom } from './mutate.ts';

const manifestLike = fc.record(
  {
    kind: fc.constantFrom(...PACK_KINDS),
    ...Object.fromEntries(
      Object.values(CONTENT)
        .flat()
        .map((name) => [name, fc.jsonValue()]),
    ),
    engines: fc.jsonValue(),
    peerDependencies: fc.jsonValue(),
    signing: fc.jsonValue(),
    connector: fc.jsonValue(),
  },
  { requiredKeys: [] },
);

/** Generous beside the milliseconds measured, far below the minutes of a backtracking pattern. */
const SLOWEST_MS = 3_000;
const TIMEOUT_MS = 60_000;

const timed = (manifest: JsonValue, tree: (typeof TREES)[number] = 'v1'): number => {
  const start = performance.now();
  checkManifest(manifest, tree);
  return performance.now() - start;
};

const withoutPrototypes = (value: JsonValue): JsonValue => {
  if (Array.isArray(value)) return value.map(withoutPrototypes);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, each]) => [name, withoutPrototypes(each)]);
  return Object.assign(Object.create(null), Object.fromEntries(entries));
};

const nested = (depth: number, wrap: (inner: JsonValue) => JsonValue): JsonValue => {
  let value: JsonValue = 1;
  for (let count = 0; count < depth; count++) value = wrap(value);
  return value;
};

describe.each(TREES)('in tree %s the check never throws', { timeout: TIMEOUT_MS }, (tree) => {
  it('on any JSON, and always says why it refuses', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), manifestLike), (value) => {
        expect(checkManifest(value as JsonValue, tree).violations.length).toBeGreaterThan(0);
      }),
      { numRuns: 3000 },
    );
  });

  it('on objects without a prototype, and judges them alike', () => {
    for (let seed = 0; seed < 1000; seed++) {
      const kind = PACK_KINDS[seed % PACK_KINDS.length] ?? 'node';
      const manifest = mutated(manifestOf(kind, tree), randomFrom(seed));
      expect(checkManifest(withoutPrototypes(manifest), tree)).toEqual(checkManifest(manifest, tree));
    }
  });

  it('on names that every object inherits', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const manifest: JsonValue = JSON.parse(`{"${name}":{"kind":"node"},"kind":"${name}"}`);
      expect(checkManifest(manifest, tree).stage).toBe('kind');
      const extra: JsonValue = JSON.parse(
        JSON.stringify(manifestOf('node', tree)).replace('{', `{"${name}":1,`),
      );
      expect(checkManifest(extra, tree).stage).toBe('schema');
    }
  });
});

describe('the check stays quick', { timeout: TIMEOUT_MS }, () => {
  it('in manifests that are wrong in a hundred thousand places', () => {
    const many = (length: number, value: JsonValue): JsonValue => Array.from({ length }, () => value);
    expect(timed(manifestOf('node', 'v1', { '/nodes': many(85_000, {}) }))).toBeLessThan(SLOWEST_MS);
    expect(timed(manifestOf('node', 'v1', { '/runtime/requires': many(85_000, 'x') }))).toBeLessThan(
      SLOWEST_MS,
    );
    expect(timed(manifestOf('card', 'v1', { '/cards': many(20_000, { cardTypeId: 1 }) }))).toBeLessThan(
      SLOWEST_MS,
    );
  });

  it('in manifests nested a hundred thousand deep', () => {
    const secrets = nested(100_000, (inner) => ({ secret: inner }));
    const lists = nested(100_000, (inner) => [inner]);
    expect(timed({ ...manifestOf('connection', 'v1'), provider: secrets })).toBeLessThan(SLOWEST_MS);
    expect(timed({ ...manifestOf('connection', 'v1'), provider: lists })).toBeLessThan(SLOWEST_MS);
    expect(timed({ ...manifestOf('card', 'v1'), cards: [lists, secrets] })).toBeLessThan(SLOWEST_MS);
  });

  it('in long rings and long rows of chains', () => {
    const chain = (index: number, next: number) => ({
      chainId: `c${index}`,
      version: '1.0.0',
      label: 'c',
      description: '',
      parameters: {},
      dag: { nodes: [{ id: 'a', typeId: 'a' }] },
      subChains: [{ ref: `c${next}` }],
    });
    const ring = Array.from({ length: 10_000 }, (_, index) => chain(index, (index + 1) % 10_000));
    const manifest = { ...manifestOf('workflow-chain', 'v1'), chains: ring };
    expect(checkManifest(manifest, 'v1').violations.map(({ code }) => code)).toEqual(['sub_chain_cycle']);
    expect(timed(manifest)).toBeLessThan(SLOWEST_MS);
  });

  it('on long texts at every place that has a pattern or a format', () => {
    const pieces = [
      'a',
      '-',
      '.',
      'a-',
      'a.',
      '1.',
      'x-host-a-',
      'vendor.a.',
      'a/',
      '%41',
      'a@',
      'prompt:a',
      '>=1 ',
      '0',
    ];
    const texts = pieces.flatMap((piece) => {
      const long = piece.repeat(120_000 / piece.length);
      return [`${long}!`, `core.a.${long}!`, `https://${long}^`, `1.0.0-${long}!`, `x-host-${long}!`];
    });
    for (const tree of TREES)
      for (const kind of PACK_KINDS)
        for (const where of leaves(manifestOf(kind, tree)))
          for (const text of [
            texts[(where.length * 7) % texts.length],
            texts[(where.length * 11 + 3) % texts.length],
          ])
            expect(timed(manifestOf(kind, tree, { [where]: text ?? '' }), tree)).toBeLessThan(SLOWEST_MS);
    for (const text of texts) {
      const fields = {
        '/nodes/0/requiredModelCapabilities': [text],
        '/homepage': text,
        '/name': text,
        '/version': text,
      };
      expect(timed(manifestOf('node', 'v1', fields))).toBeLessThan(SLOWEST_MS);
      expect(
        timed(manifestOf('artifact-type', 'v2', { '/artifactTypes/0/exportFormats': [text] }), 'v2'),
      ).toBeLessThan(SLOWEST_MS);
      expect(timed(manifestOf('connection', 'v1', { '/provider/apiHosts': [text] }))).toBeLessThan(
        SLOWEST_MS,
      );
      expect(timed(manifestOf('prompt', 'v1', { '/engines/openwop': text }))).toBeLessThan(SLOWEST_MS);
    }
  });

  it('and quotes only the beginning of what it refuses', () => {
    const long = 'x'.repeat(200_000);
    for (const edits of [
      { [`/${long}`]: 1 },
      { '/runtime/language': long },
      { '/peerDependencies': { [long]: '1' } },
    ]) {
      const { violations } = checkManifest(manifestOf('node', 'v2', edits), 'v2');
      expect(JSON.stringify(violations).length).toBeLessThan(2_000);
    }
    const reserved = manifestOf('node', 'v1', { '/nodes/0/typeId': `core.${long}` });
    expect(JSON.stringify(reservedTypeIds(reserved, 'vendor.a.b')).length).toBeLessThan(1_000);
  });
});

/** JSON pointers of all texts of a manifest. */
function leaves(value: JsonValue, where = ''): readonly string[] {
  if (typeof value === 'string') return [where];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) => leaves(each, `${where}/${name}`));
}
