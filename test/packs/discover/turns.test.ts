// Questions to the database take turns: few at a time, a line that has an end, and nobody is forgotten in it.
import { describe, expect, it } from 'vitest';
import { turns } from '../../../src/packs/discover/turns.ts';

const gate = () => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), opened };
};

describe('turns', () => {
  it('let so many work at once, the others in the order they came, and refuse whoever finds the line full', async () => {
    const take = turns(2, 2);
    const gates = Array.from({ length: 4 }, gate);
    const begun: number[] = [];
    const all = gates.map(({ opened }, number) =>
      take(async () => {
        begun.push(number);
        await opened;
        return number;
      }),
    );
    await expect(take(async () => 9)).rejects.toMatchObject({ code: 'busy' });
    expect(begun).toEqual([0, 1]);
    gates[1]?.open();
    await all[1];
    await Promise.resolve();
    expect(begun).toEqual([0, 1, 2]);
    for (const each of gates) each.open();
    expect(await Promise.all(all)).toEqual([0, 1, 2, 3]);
    expect(await take(async () => 9)).toBe(9);
  });

  it('go on after work that failed', async () => {
    const take = turns(1, 1);
    const failing = take(() => Promise.reject(new Error('broken')));
    const next = take(async () => 'done');
    await expect(failing).rejects.toThrow('broken');
    expect(await next).toBe('done');
  });
});
