// A registry that is whole is found whole, across several tiles.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checked } from './corruption.ts';
import { newWorld, type UpkeepWorld } from './upkeep-world.ts';

let world: UpkeepWorld;
beforeAll(async () => {
  world = await newWorld(600);
});
afterAll(() => world.clear());

describe('a registry that is whole', () => {
  it('has no findings', async () => {
    const { report, sound, size } = await checked(world);
    expect(report.findings()).toEqual([]);
    expect({ sound, size }).toEqual({ sound: true, size: 613 });
  });
});
