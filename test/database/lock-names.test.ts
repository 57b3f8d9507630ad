// Every name that a transaction holds stands in the one list of them, which says in which order they are taken.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT, sourceFiles } from '../world/source.ts';

/** A whole name, or the kind that stands before what is held. */
const NAME = /(?:stop_use|hashtextextended)\((?:\$\{)?['`]([a-z. ]+)/g;

it('the list of locks with names is whole', () => {
  const list = readFileSync(join(ROOT, 'src/database/README.md'), 'utf8');
  const stores = sourceFiles().filter(({ path }) => /^src\/.*-store\.ts$/.test(path));
  const names = stores.flatMap(({ text }) => [...text.matchAll(NAME)].map(([, name = '']) => name));
  expect(names).toEqual(expect.arrayContaining(['advisories', 'attestry.trust', 'key', 'version', 'mirror']));
  expect(names.filter((name) => !list.includes(`\`${name}`))).toEqual([]);
});
