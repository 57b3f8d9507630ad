// The world of reads itself: what it writes is what a base holds.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entriesAt } from '../../../src/knowledge/versions/entry-store.ts';
import { getValue } from '../../../src/protocol/merkle-tree/merkle-tree.ts';
import { KNOWLEDGE_TREE } from '../../../src/protocol/merkle-tree/profile.ts';
import { type BaseWorld, startBaseWorld } from '../world/base-world.ts';

let world: BaseWorld;
beforeAll(async () => {
  world = await startBaseWorld({
    entries: { 'a.md': 'one', 'b/c.md': 'two' },
    versions: [{ 'a.md': 'three', 'd.md': 'four' }, { 'b/c.md': null }],
  });
});
afterAll(() => world.stop());

describe('a base that was written straight through the stores', () => {
  it('has its versions in the table and in the tree alike', async () => {
    for (const version of world.versions) {
      const listed = await entriesAt(world.sql, world.id, version.seq, { prefix: '', after: '', limit: 100 });
      const expected = [...world.contentsOf(version).keys()].sort();
      expect(listed.map(({ path }) => path)).toEqual(expected);
      const reader = { profile: KNOWLEDGE_TREE, blocks: world.blocks };
      for (const { path, entry } of listed) expect(await getValue(reader, version.content, path)).toBe(entry);
    }
    expect((await world.standing()).current).toBe(world.versions[2]?.id);
  });
});
