// Entries and changes for property tests: few distinct paths, many layers, paths mined to stand far above the others.
import fc from 'fast-check';
import type { Cid } from '../../../src/protocol/cid.ts';
import type { KnowledgePath } from '../../../src/protocol/knowledge-path.ts';
import type { Change } from '../../../src/protocol/merkle-tree/edit.ts';
import { treeVectors, valueFor } from './tree-world.ts';

/** One bit for many layers, two as in the public vectors, four as in knowledge bases. */
export const someBits = fc.constantFrom(1, 2, 4);

// Paths far above all others come first, so that shrinking drops them last.
const MINED: readonly string[] = [
  ...new Set(treeVectors().trees.list.flatMap(({ paths = [] }) => paths)),
].filter((path) => path.startsWith('deep/'));

const plain = fc.nat(120).map((number) => `${'abc'[number % 3]}/${number}`);
const odd = fc
  .constantFrom('\uff5e', '\u{10000}', 'é', 'éa', 'ê', 'a', 'a/', 'deep/zz')
  .map((text) => (text.endsWith('/') ? `${text}b` : text));

export const somePath = fc
  .oneof(
    { weight: 12, arbitrary: plain },
    { weight: 2, arbitrary: odd },
    {
      weight: 2,
      arbitrary: fc.constantFrom(...MINED, ...treeVectors().depthInName.filter((path) => path[1] === '5')),
    },
  )
  .map((path) => path as KnowledgePath);

const someValue = fc.nat(3).map(valueFor);

export const entriesOf = (most: number): fc.Arbitrary<ReadonlyMap<KnowledgePath, Cid>> =>
  fc.array(fc.tuple(somePath, someValue), { maxLength: most }).map((pairs) => new Map(pairs));

export const changesOf = (most: number): fc.Arbitrary<readonly Change[]> =>
  fc.uniqueArray(fc.record({ path: somePath, value: fc.option(someValue, { nil: null }) }), {
    maxLength: most,
    selector: ({ path }) => path,
  });
