// A publisher deprecates, unpublishes and looks back at versions, against a real registry.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newShell } from '../world/cli.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
let clock = 0;
const acme = createPublisher();
const NAME = 'vendor.acme.tools';

beforeAll(async () => {
  registry = await startRegistry({}, { now: () => new Date(Date.now() + clock) });
  await delegate(registry.call, acme, ['vendor.acme.*']);
  for (const version of ['1.0.0', '1.1.0', '1.2.0'])
    await registry.call('PUT', addressOf(NAME, version), { body: await acme.pack({ name: NAME, version }) });
});
afterAll(() => registry.stop());

const shellOf = () => newShell({ ATTESTRY_URL: registry.url, ATTESTRY_TOKEN: registry.adminToken });

describe('deprecate and undeprecate', { timeout: 60_000 }, () => {
  it('tell users what to take instead, and take that back', async () => {
    const shell = await shellOf();
    const grounds = ['--reason', 'old API', '--superseded-by', '1.1.0'];
    const told = await shell.run('deprecate', `${NAME}@1.0.0`, ...grounds);
    expect(told).toMatchObject({ code: 0, stderr: '' });
    expect(told.stdout).toContain(`Deprecated ${NAME}@1.0.0`);
    const verified = await shell.run('verify', `${NAME}@1.0.0`);
    expect(verified.stdout + verified.stderr).toContain('deprecated in favour of 1.1.0: old API');
    const again = await shell.run('deprecate', `${NAME}@1.0.0`, ...grounds);
    expect(again.stdout).toContain('was deprecated before, for the same reason: nothing changed');
    const { document } = await shell.json('undeprecate', `${NAME}@1.0.0`);
    expect(document).toMatchObject({ deprecation: false, receipt: { index: expect.any(Number) } });
    expect((await shell.run('undeprecate', `${NAME}@1.1.0`)).stdout).toContain('was not deprecated');
    const looked = await shell.run('lifecycle', `${NAME}@1.0.0`);
    expect(looked.stdout).toMatch(/SUPERSEDED BY\n[\s\S]*old API +1\.1\.0\n/);
  });

  it('warn of a successor that is not there, and take it', async () => {
    const shell = await shellOf();
    for (const [successor, warned] of [
      [
        '9.9.9',
        [`supersededBy names ${NAME}@9.9.9, which is not here: publish it, or deprecate with another.`],
      ],
      [`${NAME}@1.1.0`, undefined],
      ['private.other.secret@1.0.0', undefined],
    ] as const) {
      const grounds = ['--reason', 'old API', '--superseded-by', successor];
      const { document } = await shell.json('deprecate', `${NAME}@1.0.0`, ...grounds);
      expect(document).toMatchObject({ changed: true, deprecation: { supersededBy: successor } });
      expect(document.warnings).toEqual(warned);
    }
    const told = await shell.run('deprecate', `${NAME}@1.0.0`, '--reason', 'x', '--superseded-by', '9.9.9');
    expect(told.stdout).toContain(`warning: supersededBy names ${NAME}@9.9.9, which is not here`);
    await shell.run('undeprecate', `${NAME}@1.0.0`);
  });

  it('say what is wrong with a request', async () => {
    const shell = await shellOf();
    const { code, stderr } = await shell.run(
      'deprecate',
      `${NAME}@1.0.0`,
      '--reason',
      'x',
      '--superseded-by',
      '^2',
    );
    expect([code, stderr]).toEqual([1, expect.stringContaining('supersededBy must be a version')]);
    expect((await shell.run('deprecate', `${NAME}@^1`, '--reason', 'x')).code).toBe(2);
    expect((await shell.run('deprecate', `${NAME}@1.0.0`)).stderr).toContain("required option '--reason");
  });
});

describe('unpublish', { timeout: 60_000 }, () => {
  it('does nothing where nobody can be asked and nobody said yes', async () => {
    const shell = await shellOf();
    const { code, stderr } = await shell.run('unpublish', `${NAME}@1.2.0`);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--yes')]);
    expect((await registry.call('GET', `/v1/packs/${NAME}/-/1.2.0.json`)).status).toBe(200);
  });

  it('takes a version back for ever; verifying and looking back say so', async () => {
    const shell = await shellOf();
    const reason = ['--reason', 'by mistake', '--yes'];
    const { document } = await shell.json('unpublish', `${NAME}@1.2.0`, ...reason);
    expect(document).toMatchObject({ version: '1.2.0', unpublished: { reason: 'by mistake' } });
    const again = await shell.run('unpublish', `${NAME}@1.2.0`, '--reason', 'other', '--yes');
    expect(again.stdout).toContain('was unpublished before: nothing changed; the reason stays: by mistake');
    const verified = await shell.run('verify', `${NAME}@1.2.0`);
    expect(verified.code).toBe(1);
    expect(verified.stderr).toContain('was unpublished');
    expect(verified.stderr).toContain('Take another version');
    const looked = await shell.run('lifecycle', `${NAME}@1.2.0`);
    expect(looked).toMatchObject({ code: 0, stderr: '' });
    expect(looked.stdout).toMatch(
      /is unpublished\.[\s\S]*published[\s\S]*unpublished +operator +\d+ +by mistake/,
    );
    const history = await shell.json('lifecycle', `${NAME}@1.2.0`);
    expect(history.document.history).toHaveLength(2);
  });

  it('names the cure when the window is over', async () => {
    clock = 73 * 60 * 60 * 1_000;
    const { code, stderr } = await (await shellOf()).run('unpublish', `${NAME}@1.1.0`, '--yes');
    clock = 0;
    expect(code).toBe(1);
    expect(stderr).toContain('72 hours');
    expect(stderr).toContain('attestry yank');
  });
});
