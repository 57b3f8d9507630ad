// What a command is at: said to people who look on, to nobody else.
import { describe, expect, it } from 'vitest';
import { acme, registryWith } from '../client/host.ts';
import { newShell } from '../world/cli.ts';
import { makePack } from '../world/packs.ts';

const LOOKED_AT = 'process.stderr.isTTY=true;process.stderr.hasColors=()=>false';
const NODE_OPTIONS = `--import=data:text/javascript,${LOOKED_AT}`;
const REQUESTS = ['vendor.acme.aa@1.0.0', 'vendor.acme.bb@^1'];

const registry = async () =>
  registryWith([
    await makePack(acme, { name: 'vendor.acme.aa' }),
    await makePack(acme, { name: 'vendor.acme.bb', version: '1.2.0' }),
  ]);

describe('progress', { timeout: 60_000 }, () => {
  it('of an install is told on a terminal, and the document on standard output stays one', async () => {
    const { url } = await registry();
    const shell = await newShell({ NODE_OPTIONS, ATTESTRY_URL: url });
    const { stdout, stderr } = await shell.run('install', ...REQUESTS, '--dir', 'packs', '--json');
    expect(stderr.trimEnd().split('\n')).toEqual([
      `Asking ${url} …`,
      'Verifying vendor.acme.aa@1.0.0 …',
      'Verifying vendor.acme.bb@1.2.0 …',
      'Placing 2 packs …',
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true });
  });

  it('of a verification is told on a terminal', async () => {
    const { url } = await registry();
    const shell = await newShell({ NODE_OPTIONS, ATTESTRY_URL: url });
    const { stderr } = await shell.run('verify', 'vendor.acme.bb');
    expect(stderr.trimEnd().split('\n')).toEqual([`Asking ${url} …`, 'Verifying vendor.acme.bb@1.2.0 …']);
  });

  it('is not told where nobody looks', async () => {
    const shell = await newShell({ ATTESTRY_URL: (await registry()).url });
    expect((await shell.run('verify', 'vendor.acme.bb')).stderr).toBe('');
    expect((await shell.run('install', ...REQUESTS, '--dir', 'packs')).stderr).toBe('');
  });
});
