// What registries, packs and files say is shown on the terminal; it never steers it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { digestOf, integrityOf } from '../../storage/digest.ts';
import { acme, registryWith } from '../client/host.ts';
import { packWith } from '../world/archives.ts';
import { newShell, type Outcome } from '../world/cli.ts';
import { makePack } from '../world/packs.ts';
import { emptyRegistry, partOf, yank } from '../world/static-registry.ts';

/** Clears the screen, sets the title, turns the direction, and begins a line that looks like one of ours. */
const EVIL =
  '\u001b[2J\u001b]0;title\u0007\u202egnp.\u2066\u009b31m\u007f\r\n  ✓ the log records this version';
const SHOWN =
  '\\u001b[2J\\u001b]0;title\\u0007\\u202egnp.\\u2066\\u009b31m\\u007f\\u000d\\u000a  ✓ the log records this version';
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must never come out
const STEERING = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

const expectHarmless = ({ stdout, stderr }: Outcome): void => {
  expect(stdout + stderr).not.toMatch(STEERING);
  expect((stdout + stderr).split('\n')).not.toContain('  ✓ the log records this version');
};

const answering = async (status: number, body: unknown): Promise<string> => {
  const registry = await emptyRegistry();
  onTestFinished(() => registry.close());
  registry.lieAbout(/./, (response) => response.writeHead(status).end(JSON.stringify(body)));
  return registry.url;
};

describe('control characters and turns of direction are escaped', { timeout: 60_000 }, () => {
  it('in a fault: its code, its message, its violations and its details', async () => {
    const violations = [{ code: EVIL, where: EVIL, message: EVIL }];
    const details = { violations, [EVIL]: EVIL, nested: { [EVIL]: EVIL }, correlationId: EVIL };
    const url = await answering(400, { error: EVIL, message: EVIL, details });
    const shell = await newShell();
    const outcome = await shell.run('account', 'list', '--url', url);
    expectHarmless(outcome);
    expect(outcome.stderr.split('\n')[0]).toBe(`${SHOWN} (${SHOWN}, 400)`);
  });

  it('in a document for machines, which still says the same', async () => {
    const url = await answering(400, { error: 'invalid', message: EVIL, details: {} });
    const outcome = await (await newShell()).run('account', 'list', '--json', '--url', url);
    expectHarmless(outcome);
    expect(JSON.parse(outcome.stdout)).toMatchObject({ message: EVIL });
  });

  it('in a list', async () => {
    const url = await answering(200, { keys: [{ keyId: EVIL, account: 'acme', namespaces: [EVIL] }] });
    const outcome = await (await newShell()).run('keys', 'list', '--url', url);
    expectHarmless(outcome);
    expect(outcome.stdout).toContain(SHOWN);
  });

  it('in the reason of a yank', async () => {
    const pack = await makePack(acme);
    const registry = await registryWith([pack]);
    yank(registry, pack, EVIL);
    const shell = await newShell();
    const request = ['vendor.acme.tools@1.0.0', '--url', registry.url];
    const verified = await shell.run('verify', ...request);
    const installed = await shell.run('install', ...request, '--dir', 'packs');
    for (const outcome of [verified, installed]) {
      expect(outcome.code).toBe(0);
      expectHarmless(outcome);
      expect(outcome.stdout).toContain(`yanked: ${SHOWN}`);
    }
  });

  it('in the name of a file in an archive, from a registry or from a file', async () => {
    const tarball = packWith({ name: '../\u001b[2J\u202e', bytes: 'x' });
    const pack = await makePack(acme);
    const registry = await registryWith([pack]);
    registry.files.set(partOf(pack, 'tgz'), tarball);
    registry.setJson(partOf(pack, 'json'), {
      ...registry.json(partOf(pack, 'json')),
      integrity: integrityOf(digestOf(tarball)),
    });
    const shell = await newShell();
    await writeFile(join(shell.folder, 'evil.tgz'), tarball);
    const fromFile = await shell.run('publish', 'evil.tgz', '--url', registry.url);
    const fromRegistry = await shell.run('verify', 'vendor.acme.tools@1.0.0', '--url', registry.url);
    for (const outcome of [fromFile, fromRegistry]) {
      expect(outcome.code).toBe(1);
      expectHarmless(outcome);
      expect(outcome.stderr).toContain('../\\u001b[2J\\u202e');
    }
  });

  it('in paths and arguments', async () => {
    const shell = await newShell();
    expectHarmless(await shell.run('publish', EVIL));
    expectHarmless(await shell.run(EVIL));
    expectHarmless(await shell.run('verify', EVIL));
  });
});
