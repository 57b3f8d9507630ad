// What the command line says of itself, and how it answers when it is used wrongly.

import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newShell } from '../world/cli.ts';
import { helpOf, lastLineOf } from '../world/help.ts';
import { ROOT } from '../world/source.ts';

const COMMANDS = [
  'serve',
  'new',
  'keygen',
  'pack',
  'publish',
  'yank',
  'unyank',
  'search',
  'verify',
  'lock',
  'outdated',
  'install',
  'bundle',
  'policy check',
  'policy init',
  'log verify',
  'log watch',
  'root init',
  'root sign',
  'root rotate',
  'root show',
  'root publish',
  'fsck',
  'gc',
  'backup',
  'restore',
  'mirror add',
  'mirror list',
  'mirror remove',
  'mirror sync',
  'mirror export',
  'account create',
  'account list',
  'token create',
  'token list',
  'token revoke',
  'namespace claim',
  'namespace list',
  'keys add',
  'keys list',
  'keys revoke',
  'keys rotate',
  'keys compromise',
  'keychain',
  'advisory publish',
  'advisory change',
  'advisory withdraw',
  'advisory list',
];

describe('help', { timeout: 60_000 }, () => {
  it('lists the commands by who uses them, and ends with an example', async () => {
    const { code, stdout } = await (await newShell()).run('--help');
    expect(code).toBe(0);
    const order = ['Publishers:', 'publish', 'Hosts:', 'install', 'Operators:', 'serve'];
    expect(order.map((word) => stdout.indexOf(word))).toEqual(
      order.map((word) => stdout.indexOf(word)).sort((a, b) => a - b),
    );
    expect(stdout).toMatch(/Example:\n {2}attestry .+\n$/);
  });

  it.each(COMMANDS)('of "%s" ends with an example of it', (command) => {
    expect(lastLineOf(helpOf(command))).toContain(`attestry ${command}`);
  });

  it('of "token revoke" shows what the id of a token looks like', async () => {
    const { stdout } = await (await newShell()).run('token', 'revoke', '--help');
    expect(stdout).toMatch(/attestry token revoke tok_[0-9a-f]+\n$/);
  });

  it('has no colour when nobody looks', async () => {
    const shell = await newShell({ FORCE_COLOR: '1' });
    const { stderr } = await shell.run('verify', 'vendor.acme.tools@1.0.0', '--url', 'http://127.0.0.1:1');
    expect(stderr).not.toContain('\u001b');
  });
});

describe('wrong use ends with exit code 2 and a sentence:', { timeout: 30_000 }, () => {
  it.each([
    ['no command', [], 'Usage: attestry'],
    ['an unknown command', ['publsh'], 'publish'],
    ['an unknown option', ['verify', 'vendor.acme.tools', '--rot', 'x'], "unknown option '--rot'"],
    ['a missing argument', ['verify'], "missing required argument 'name@version'"],
    ['a missing option', ['install', 'vendor.acme.tools'], "required option '--dir <dir>'"],
    ['a name that is none', ['verify', 'tools@1.0.0'], 'scope.org.name'],
    ['a range that is none', ['verify', 'vendor.acme.tools@latest'], 'no version and no range'],
    ['a tree that is none', ['verify', 'vendor.acme.tools', '--tree', 'v3'], 'The trees are v1 and v2.'],
    [
      'an address that is none',
      ['verify', 'vendor.acme.tools', '--url', 'ftp://x'],
      'not an http or https URL',
    ],
    ['a pack without a key', ['pack', '.'], 'attestry keygen'],
    ['a new pack with a bad name', ['new', 'hello'], 'scope.org.name'],
  ])('%s', async (_name, args, sentence) => {
    const { code, stdout, stderr } = await (await newShell()).run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(sentence);
  });
});

describe('wrong use with --json prints one document and no sentence beside it:', { timeout: 30_000 }, () => {
  it.each([
    ['an unknown command', ['publsh'], 'unknown command'],
    ['an unknown option', ['verify', '--rot'], 'unknown option'],
    ['a missing option', ['install', 'vendor.acme.tools'], "required option '--dir"],
    ['a missing argument', ['publish'], 'missing required argument'],
    ['no command of a group', ['keys'], 'Name a command'],
    ['no name for a key', ['keygen', '--key-id', 'bad id'], 'A key id has'],
  ])('%s', async (_name, args, sentence) => {
    const { code, stdout, stderr } = await (await newShell()).run(...args, '--json');
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    const document = JSON.parse(stdout);
    const said = expect.stringContaining(sentence);
    expect(document).toEqual({ ok: false, error: 'usage', message: said, cure: said });
  });
});

describe('before everything is installed', { timeout: 30_000 }, () => {
  /** A clone with these packages in it, and no other. */
  const cloneWith = async (...packages: readonly string[]): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'attestry-bare-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    for (const room of ['package.json', 'src', 'keys', 'storage'])
      await cp(join(ROOT, room), join(folder, room), { recursive: true });
    await mkdir(join(folder, 'node_modules'));
    for (const name of packages)
      await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
    return join(folder, 'src/cli/attestry.cjs');
  };

  it.each([
    ['nothing is there', [], ['--help']],
    ['what the command needs is not there', ['esbuild', 'commander'], ['keygen', '--key-id', 'acme-1']],
  ])('it says what to run, without a stack, where %s', async (_name, packages, args) => {
    const launcher = await cloneWith(...packages);
    const { status, stderr } = spawnSync(process.execPath, [launcher, ...args]);
    expect(status).toBe(1);
    expect(String(stderr)).toMatch(/^Some packages .+"npm ci" or "npm start" first\.\n$/);
  });
});

describe('failures end with exit code 1 and name the cure:', { timeout: 30_000 }, () => {
  it.each([
    ['a registry that is not there', ['keys', 'list', '--url', 'http://127.0.0.1:1'], 'npm start'],
    ['a file that is not there', ['publish', 'nothing.tgz'], 'no such file or directory: nothing.tgz'],
    ['a file that is no pack', ['publish', 'package.json'], 'no such file'],
    [
      'a token file that is not there',
      ['account', 'list', '--token-file', 'token'],
      'no such file or directory: token',
    ],
  ])('%s', async (_name, args, sentence) => {
    const { code, stderr } = await (await newShell()).run(...args);
    expect(code).toBe(1);
    expect(stderr).toContain(sentence);
  });

  it('one JSON document on standard output, with the question and the evidence, when asked for JSON', async () => {
    const { code, document } = await (await newShell()).json(
      'verify',
      'vendor.acme.tools',
      '--url',
      'http://127.0.0.1:1',
    );
    expect(code).toBe(1);
    expect(document).toMatchObject({ ok: false, error: 'pack_registry_unreachable', question: 'registry' });
    expect(document.evidence).toMatchObject({ errno: 'ECONNREFUSED' });
  });
});
