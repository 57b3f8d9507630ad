// The same for each of many things, a few at a time: how many at once, and what becomes of the rest after a failure.
import { expect, it } from 'vitest';
import { inLanes } from '../../storage/in-lanes.ts';

const soon = () => new Promise((resolve) => setTimeout(resolve, 1));

async function* later<T>(...items: readonly T[]): AsyncGenerator<T, void, undefined> {
  for (const item of items) {
    await soon();
    yield item;
  }
}

const numbers = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

it.each([
  ['a list', () => numbers],
  ['a generator', () => numbers.values()],
  ['a slow source', () => later(...numbers)],
])('takes each of %s once, and never more at a time than there are lanes', async (_name, items) => {
  const taken: number[] = [];
  let [now, most] = [0, 0];
  await inLanes(items(), 3, async (item) => {
    taken.push(item);
    now += 1;
    most = Math.max(most, now);
    await soon();
    now -= 1;
  });
  expect(taken).toEqual(numbers);
  expect(most).toBeLessThanOrEqual(3);
});

it('does not take an item before there is room for it', async () => {
  let [asked, done] = [0, 0];
  const items = function* () {
    for (const item of numbers) {
      asked += 1;
      expect(asked - done).toBeLessThanOrEqual(2);
      yield item;
    }
  };
  await inLanes(items(), 2, async () => {
    await soon();
    done += 1;
  });
  expect({ asked, done }).toEqual({ asked: 10, done: 10 });
});

it('begins nothing after a failure, waits for what is under way, and throws the first failure', async () => {
  const [begun, ended]: [number[], number[]] = [[], []];
  const all = inLanes(numbers, 3, async (item) => {
    begun.push(item);
    if (item === 1) throw new Error('the first');
    await soon();
    ended.push(item);
    if (item === 2) throw new Error('the second');
  });
  await expect(all).rejects.toThrow('the first');
  expect(begun).toEqual([0, 1, 2]);
  expect(ended).toEqual([0, 2]);
});

it('throws a failure of the source, after what is under way', async () => {
  const ended: number[] = [];
  const items = async function* () {
    yield 0;
    throw new Error('no more');
  };
  const all = inLanes(items(), 3, async (item) => {
    await soon();
    ended.push(item);
  });
  await expect(all).rejects.toThrow('no more');
  expect(ended).toEqual([0]);
});

it('lets go of a source that it does not read to the end', async () => {
  let closed = false;
  const items = async function* () {
    try {
      yield* later(...numbers);
    } finally {
      closed = true;
    }
  };
  const all = inLanes(items(), 2, () => Promise.reject(new Error('killed')));
  await expect(all).rejects.toThrow('killed');
  expect(closed).toBe(true);
});
