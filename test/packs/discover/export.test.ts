// The export of agents: so many read it at once, each holds little, and who leaves makes room.
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { openExport } from '../../../src/packs/discover/export.ts';
import type { ReadManifest } from '../../../src/packs/discover/manifest-store.ts';

const agent = { agentId: 'a.one', persona: 'Helper', modelClass: 'general', systemPrompt: 'Help.' };
const PACKS = Array.from({ length: 30 }, (_, number) => ({
  name: `vendor.acme.p${String(number).padStart(2, '0')}`,
  version: '1.0.0',
  manifest: { agents: [agent] },
})) as unknown as readonly ReadManifest[];
const after = async (_tree: string, name: string, limit: number) =>
  PACKS.filter((pack) => pack.name > name).slice(0, limit);

it('has every agent once, read a few manifests at a time', async () => {
  const asked: number[] = [];
  const give = openExport((tree, name, limit) => {
    asked.push(limit);
    return after(tree, name, limit);
  });
  const found = JSON.parse(await text(await give('v1')));
  expect(found.total).toBe(30);
  expect(new Set(found.manifests.map(({ packName }: { packName: string }) => packName)).size).toBe(30);
  expect(Math.max(...asked)).toBeLessThanOrEqual(8);
});

it('tells the seventeenth to come back, and is there again when one of the others left or failed', async () => {
  let fails = false;
  const give = openExport((tree, name, limit) =>
    fails ? Promise.reject(new Error('the database is away')) : after(tree, name, limit),
  );
  const readers = await Promise.all(Array.from({ length: 16 }, () => give('v1')));
  await expect(give('v1')).rejects.toMatchObject({ code: 'busy' });
  const gone = new Promise((resolve) => readers[0]?.once('close', resolve));
  readers[0]?.destroy();
  await gone;
  fails = true;
  await expect(give('v1')).rejects.toThrow('away');
  fails = false;
  expect(JSON.parse(await text(await give('v1'))).total).toBe(30);
});
