// Packs found at the command line: by words, kinds, namespaces and ids, in both trees.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newShell, type Shell } from '../world/cli.ts';
import { rowOf, seedListed } from '../world/pack-rows.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
const node = (description: string, typeId: string) => ({
  manifest: { kind: 'node', description, nodes: [{ typeId }] },
});

beforeAll(async () => {
  registry = await startRegistry();
  await seedListed(registry.sql, [
    rowOf('vendor.acme.mail', node(`Sends mail. ${'Very long. '.repeat(20)}`, 'vendor.acme.send')),
    rowOf('vendor.beta.mail', { tree: 'v2', ...node('Sends mail, too.\u001b[2J', 'vendor.beta.send') }),
    rowOf('vendor.acme.files', { manifest: { kind: 'prompt', description: 'Reads files.' } }),
    rowOf('private.acme.mail', node('Sends mail in secret.', 'private.acme.send')),
  ]);
});
afterAll(() => registry.stop());

const shellOf = (): Promise<Shell> => newShell({ ATTESTRY_URL: registry.url });
const namesIn = ({ results }: { results: { name: string }[] }) => results.map(({ name }) => name).sort();

describe('attestry search', { timeout: 120_000 }, () => {
  it('shows packs of both trees as rows, and nothing that only some may see', async () => {
    const { code, stdout } = await (await shellOf()).run('search', 'send', 'mail');
    expect(code).toBe(0);
    expect(stdout).toMatch(/vendor\.acme\.mail +1\.0\.0 +node +v1 +Sends mail\./);
    expect(stdout).toMatch(/vendor\.beta\.mail +1\.0\.0 +node +v2/);
    expect(stdout).not.toContain('private');
    expect(stdout).not.toContain('\u001b');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThan(120);
  });

  it('narrows by kind, namespace, id and tree, and is one document for machines', async () => {
    const shell = await shellOf();
    for (const [args, names] of [
      [['--kind', 'prompt'], ['vendor.acme.files']],
      [['mail', '--namespace', 'vendor.beta'], ['vendor.beta.mail']],
      [['--type-id', 'vendor.acme.send'], ['vendor.acme.mail']],
      [['mail', '--tree', 'v2'], ['vendor.beta.mail']],
    ] as const) {
      const { code, document } = await shell.json('search', ...args);
      expect([code, namesIn(document)]).toEqual([0, names]);
    }
    const { document } = await shell.json('search', '--limit', '1');
    expect([document.results.length, document.total]).toEqual([1, 3]);
  });

  it('says where nothing is found, and what is wrong with a question', async () => {
    const shell = await shellOf();
    expect((await shell.run('search', 'zzzzzzzz')).stdout).toContain('No pack is found');
    expect((await shell.run('search', 'malil')).stdout).toContain('mail');
    const refused = await shell.run('search', '--kind', 'thing');
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('node, artifact-type')]);
    expect((await shell.run('search', '--limit', '201')).code).toBe(2);
  });
});
