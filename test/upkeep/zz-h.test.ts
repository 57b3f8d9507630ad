import { afterAll, beforeAll, expect, it } from 'vitest';
import { checked } from './corruption.ts';
import { type KnowledgeWorld, newKnowledgeWorld } from './knowledge-world.ts';

let world: KnowledgeWorld;
beforeAll(async () => {
  const t = Date.now();
  world = await newKnowledgeWorld();
  console.log('built', Date.now() - t);
});
afterAll(() => world.clear());
it('x', async () => {
  const t = Date.now();
  const { report } = await checked(world);
  console.log('checked', Date.now() - t, JSON.stringify(report.findings(), null, 1));
});
