// Work begun beforehand, handed over in order: never more of it than was said, and none of it forgotten.
import { describe, expect, it } from 'vitest';
import { ahead } from '../../storage/ahead.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const world = (count: number) => {
  const seen = { running: 0, most: 0, begun: 0, closed: false };
  async function* items() {
    try {
      for (let at = 0; at < count; at += 1) yield at;
    } finally {
      seen.closed = true;
    }
  }
  const act = async (at: number) => {
    seen.begun += 1;
    seen.running += 1;
    seen.most = Math.max(seen.most, seen.running);
    await pause((at * 7) % 5);
    seen.running -= 1;
    return at * 2;
  };
  return { seen, items, act };
};

const listed = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const each of source) all.push(each);
  return all;
};

describe('work begun ahead', () => {
  it.each([0, 1, 3, 50])('of %i things is handed over in their order, all of it', async (count) => {
    const { seen, items, act } = world(count);
    expect(await listed(ahead(items(), 4, act))).toEqual(Array.from({ length: count }, (_, at) => at * 2));
    expect(seen.most).toBeLessThanOrEqual(4);
    expect(seen).toMatchObject({ begun: count, running: 0, closed: true });
  });

  it('waits where nobody asks for more', async () => {
    const { seen, items, act } = world(50);
    const work = ahead(items(), 4, act);
    await work.next();
    await pause(30);
    expect(seen.begun).toBe(4);
    await work.return();
    expect(seen).toMatchObject({ begun: 4, running: 0, closed: true });
  });

  it('throws the first failure in its turn, after what came before it, and lets go of the rest', async () => {
    const { seen, items, act } = world(50);
    const got: number[] = [];
    const failing = async () => {
      for await (const each of ahead(items(), 4, async (at) => {
        if (at === 6) throw new Error('seven');
        return act(at);
      }))
        got.push(each);
    };
    await expect(failing()).rejects.toThrow('seven');
    expect(got).toEqual([0, 2, 4, 6, 8, 10]);
    await pause(10);
    expect(seen).toMatchObject({ running: 0, closed: true });
    expect(seen.begun).toBeLessThan(12);
  });

  it('throws what the source throws, once what was begun has ended', async () => {
    const { seen, act } = world(0);
    async function* source() {
      yield 1;
      throw new Error('dry');
    }
    await expect(listed(ahead(source(), 4, act))).rejects.toThrow('dry');
    expect(seen.running).toBe(0);
  });
});
