// A lockfile over several registries, taken over an air gap: each has a root of its own, and whoever types is told whose is missing.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { newShell, type Shell, shellIn } from '../world/cli.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

const [APP, LIB] = ['vendor.acme.app', 'vendor.other.lib'];
const OUT = 'packs.bundle';
const INSTALL = ['install', '--bundle', OUT, '--dir', 'packs'];

const carried: Record<string, Buffer> = {};
let [first, second, said] = ['', '', ''];

const publish = async (
  registry: TestRegistry,
  publisher: ReturnType<typeof createPublisher>,
  name: string,
  dependencies = {},
): Promise<void> => {
  const body = await publisher.pack({ name, version: '1.0.0', edits: { '/dependencies': dependencies } });
  expect((await registry.call('PUT', addressOf(name, '1.0.0'), { body })).status).toBe(201);
};

const rootOf = async (url: string): Promise<Buffer> =>
  Buffer.from(await (await fetch(`${url}/trust/root.json`)).arrayBuffer());

/** All that is carried over, and both registries are gone. */
beforeAll(async () => {
  const [own, other] = [await startRegistry(), await startRegistry()];
  [first, second] = [own.url, other.url];
  const [acme, others] = [createPublisher(), createPublisher('other-1')];
  await delegate(own.call, acme, ['vendor.acme.*']);
  await delegate(other.call, others, ['vendor.other.*']);
  await publish(other, others, LIB);
  await publish(own, acme, APP, { [LIB]: '^1.0.0' });
  const folder = await mkdtemp(join(tmpdir(), 'attestry-two-'));
  const shell = await shellIn(folder, { ATTESTRY_URL: first });
  expect(await shell.run('lock', APP, '--registry', second)).toMatchObject({ code: 0 });
  const later = await shellIn(folder);
  const made = await later.run('bundle', '--lock', 'pack-lock.json', '--out', OUT);
  expect(made).toMatchObject({ code: 0 });
  said = made.stdout;
  const policy = { attestryPolicy: 1, mode: 'verified', registries: [{ url: first }, { url: second }] };
  await writeFile(join(folder, 'order.json'), JSON.stringify(policy));
  const ordered = ['bundle', '--lock', 'pack-lock.json', '--policy', 'order.json', '--out', 'ordered.bundle'];
  expect(await later.run(...ordered)).toMatchObject({ code: 0 });
  carried['first.json'] = await rootOf(first);
  carried['second.json'] = await rootOf(second);
  for (const file of [OUT, 'ordered.bundle']) carried[file] = await readFile(join(folder, file));
  await own.stop();
  await other.stop();
  await rm(folder, { recursive: true, force: true });
}, 120_000);

const across = async (): Promise<Shell> => {
  const shell = await newShell();
  for (const [file, bytes] of Object.entries(carried)) await writeFile(join(shell.folder, file), bytes);
  return shell;
};

const withRoots = (...named: readonly (readonly [string, string])[]) => [
  ...INSTALL,
  ...named.flatMap(([url, file]) => ['--root', `${url}=${file}`]),
];

const usage = async (shell: Shell, args: readonly string[]): Promise<string> => {
  const { code, stderr } = await shell.run(...args);
  expect({ code, stderr }).toMatchObject({ code: 2 });
  expect(await readdir(shell.folder)).not.toContain('packs');
  return stderr;
};

const policyAt = (shell: Shell, registries: readonly object[]): Promise<void> =>
  writeFile(
    join(shell.folder, 'attestry.policy.json'),
    JSON.stringify({ attestryPolicy: 1, mode: 'verified', registries }),
  );

describe('attestry bundle --lock over two registries', () => {
  it('says what to type on the other side, with the address of each', () => {
    const roots = [first, second].sort().map((url) => `--root ${url}=ROOT`);
    expect(said).toContain(`attestry install --bundle ${OUT} ${roots.join(' ')} --dir DIR`);
  });
});

describe('attestry install --bundle over two registries', { timeout: 60_000 }, () => {
  it('takes a root for each', async () => {
    const shell = await across();
    const { code, stdout } = await shell.run(
      ...withRoots([`${first}/`, 'first.json'], [second, 'second.json']),
    );
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining(`Installed ${LIB}`) });
  });

  it('says what is missing and what to type, and takes no root for another’s', async () => {
    const shell = await across();
    expect(await usage(shell, INSTALL)).toMatch(
      /Nothing says which root .+ --root http\S+=ROOT-1\.json --root/s,
    );
    const one = await usage(shell, [...INSTALL, '--root', 'first.json']);
    expect(one).toContain(`${first}=ROOT`);
    expect(one).toContain(`${second}=ROOT`);
    const half = await usage(shell, withRoots([first, 'first.json']));
    expect(half).toContain(`add --root ${second}=FILE`);
    const strange = withRoots(
      [first, 'first.json'],
      [second, 'second.json'],
      ['https://evil.example', 'first.json'],
    );
    expect(await usage(shell, strange)).toContain('holds nothing of https://evil.example');
    expect(await usage(shell, withRoots([first, 'first.json'], [first, 'second.json']))).toContain(
      'two roots',
    );
    const state = [...withRoots([first, 'first.json'], [second, 'second.json']), '--state', 'state.json'];
    expect(await usage(shell, state)).toContain('--state is about one');
    const turned = await shell.json(...withRoots([first, 'second.json'], [second, 'first.json']));
    expect(turned).toMatchObject({ code: 1, document: { error: 'keyring_signature' } });
  });

  it('goes by a policy that pins both roots and binds each name to its registry', async () => {
    const shell = await across();
    await policyAt(shell, [
      { url: first, root: 'first.json', names: ['vendor.acme.*'] },
      { url: second, root: 'second.json', names: ['vendor.other.*'] },
    ]);
    const { code, document } = await shell.json(...INSTALL);
    expect({ code, document }).toMatchObject({ code: 0, document: { ok: true } });
    expect(JSON.stringify(document)).not.toContain('word of the bundle');
  });

  it('of a policy that only orders them says to bind the names, or warns of what nobody proves', async () => {
    const shell = await across();
    await policyAt(shell, [
      { url: first, root: 'first.json' },
      { url: second, root: 'second.json' },
    ]);
    const refused = await shell.json(...INSTALL);
    expect(refused).toMatchObject({ code: 1, document: { error: 'bundle_incomplete' } });
    expect(refused.document.message).toContain('Bind the name to its own registry');
    const taken = await shell.run('install', '--bundle', 'ordered.bundle', '--dir', 'packs');
    expect(taken).toMatchObject({ code: 0 });
    expect(taken.stdout).toContain(`has no ${LIB} is the word of the bundle alone`);
  });
});
