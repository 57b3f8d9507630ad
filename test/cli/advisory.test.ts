// A publisher warns of versions, says it anew and takes it back, against a real registry.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newShell, type Shell } from '../world/cli.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
const acme = createPublisher();
const NAME = 'vendor.acme.tools';

beforeAll(async () => {
  registry = await startRegistry();
  await delegate(registry.call, acme, ['vendor.acme.*']);
  for (const version of ['1.0.0', '1.1.0'])
    await registry.call('PUT', addressOf(NAME, version), { body: await acme.pack({ name: NAME, version }) });
});
afterAll(() => registry.stop());

const openShell = (): Promise<Shell> =>
  newShell({ ATTESTRY_URL: registry.url, ATTESTRY_TOKEN: registry.adminToken });

const words = [
  '--severity',
  'high',
  '--summary',
  'leaks',
  '--affected',
  `${NAME}@<1.1.0`,
  '--fixed-in',
  '1.1.0',
];

describe('attestry advisory', { timeout: 120_000 }, () => {
  let id: string;

  it('publishes, and says what was yanked', async () => {
    const shell = await openShell();
    const said = await shell.run('advisory', 'publish', ...words);
    expect(said).toMatchObject({ code: 0, stderr: '' });
    expect(said.stdout).toMatch(/Published OPENWOP-\d{4}-\d{4}\.\nYanked: vendor\.acme\.tools@1\.0\.0/);
    const { document } = await shell.json('advisory', 'publish', ...words);
    id = document.advisory.id;
    expect(document.advisory.affected).toEqual([{ packName: NAME, versions: '<1.1.0', fixedIn: '1.1.0' }]);
  });

  it('changes it by a file, and lists what is in force', async () => {
    const shell = await openShell();
    const body = {
      severity: 'low',
      summary: 'leaks little',
      affected: [{ packName: NAME, versions: '1.1.0' }],
    };
    await writeFile(join(shell.folder, 'advisory.json'), JSON.stringify(body));
    const changed = await shell.run('advisory', 'change', id, 'advisory.json');
    expect(changed.stdout).toContain(`Yanked: ${NAME}@1.1.0`);
    expect(changed.stdout).toContain(`"attestry unyank" offers them again): ${NAME}@1.0.0`);
    const line = new RegExp(`${id} +low .*vendor\\.acme\\.tools@1\\.1\\.0 +leaks little`);
    expect((await shell.run('advisory', 'list')).stdout).toMatch(line);
    expect((await shell.run('advisory', 'list', '--all')).stdout).toMatch(line);
  });

  it('withdraws it, with a reason', async () => {
    const shell = await openShell();
    const refused = await shell.run('unyank', `${NAME}@1.1.0`);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('attestry advisory list')]);
    expect((await shell.run('advisory', 'withdraw', id)).code).toBe(2);
    const withdrawn = await shell.json('advisory', 'withdraw', id, '--reason', 'no leak');
    expect(withdrawn.document).toMatchObject({
      withdrawn: { reason: 'no leak' },
      released: [`${NAME}@1.1.0`],
    });
    expect((await shell.json('advisory', 'list')).document.advisories).toEqual([]);
    const all = (await shell.run('advisory', 'list', '--all')).stdout;
    expect(all).toMatch(new RegExp(`${id} +low .* \\d{4}-\\d\\d-\\d\\d: no leak`));
  });

  it('used wrongly ends with 2 and a sentence, and of what is not there with its cure', async () => {
    const shell = await openShell();
    const none = await shell.run('advisory', 'publish', '--severity', 'high');
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('--summary and --affected')]);
    const row = await shell.run('advisory', 'publish', ...words.slice(0, 4), '--affected', 'tools');
    expect([row.code, row.stderr]).toEqual([2, expect.stringContaining('vendor.acme.tools@<1.0.1')]);
    const both = await shell.run('advisory', 'publish', 'advisory.json', '--severity', 'high');
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('not by both')]);
    const absent = await shell.run('advisory', 'withdraw', 'OPENWOP-2026-7777', '--reason', 'x');
    expect([absent.code, absent.stderr]).toEqual([1, expect.stringContaining('attestry advisory list')]);
  });
});
