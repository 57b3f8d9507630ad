// However many pages there are, each row comes once and in order, and no page is asked for before it is needed.
import { expect, it } from 'vitest';
import { rowsBehind } from '../../src/upkeep/pages.ts';

const rows = [1, 2, 3, 4, 5, 6, 7];

it.each([1, 2, 3, 7, 100])('gives every row once and in order, in pages of %i', async (width) => {
  const page = async (after: number) => rows.filter((row) => row > after).slice(0, width);
  const found: number[] = [];
  for await (const row of rowsBehind(0, page, (each) => each)) found.push(row);
  expect(found).toEqual(rows);
});

it('asks for a page only when the one before was taken', async () => {
  const asked: number[] = [];
  const page = async (after: number) => {
    asked.push(after);
    return rows.filter((row) => row > after).slice(0, 3);
  };
  for await (const row of rowsBehind(0, page, (each) => each)) if (row === 3) break;
  expect(asked).toEqual([0]);
});
