// What ends things ends all of them, however many of those before would not.
import { expect, it } from 'vitest';
import { inOrder } from '../../storage/in-order.ts';

it('tries each, one after the other, and throws the first failure at the end', async () => {
  const done: string[] = [];
  const step =
    (name: string, fails = false) =>
    async () => {
      done.push(`${name} begins`);
      await Promise.resolve();
      done.push(`${name} ends`);
      if (fails) throw new Error(name);
    };
  await expect(inOrder([step('a'), step('b', true), step('c', true), step('d')])).rejects.toThrow(/^b$/);
  expect(done).toEqual(['a', 'b', 'c', 'd'].flatMap((name) => [`${name} begins`, `${name} ends`]));
  await expect(inOrder([step('e')])).resolves.toBeUndefined();
});
