// The bundle of a registry of plain files, which has no root to start from: taken only by whoever says that he knows.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { envelopeText } from '../../keys/envelope.ts';
import { publisher } from '../client/trusted.ts';
import { rootOf, signedRoot } from '../keys/trust-world.ts';
import { newShell } from '../world/cli.ts';
import { makePack } from '../world/packs.ts';
import { plainRegistry } from '../world/static-registry.ts';

const OUT = 'packs.bundle';
const INSTALL = ['install', '--bundle', OUT, '--dir', 'packs'];

describe('the bundle of a registry without a root document', { timeout: 60_000 }, () => {
  it('is installed where it is said that there is none, and nowhere else', async () => {
    const pack = await makePack(publisher);
    const registry = await plainRegistry([{ publisher }], [pack]);
    const maker = await newShell({ ATTESTRY_URL: registry.url });
    expect((await maker.run('lock', pack.name)).code).toBe(0);
    const made = await maker.run('bundle', '--lock', 'pack-lock.json', '--out', OUT);
    expect(made.stdout).toContain(`attestry install --bundle ${OUT} --from ${registry.url} --dir DIR`);
    const one = await maker.run('bundle', pack.name, '--out', 'one.json');
    expect(one.stdout).toMatch(/attestry verify --bundle one\.json$/m);
    await registry.close();

    const shell = await newShell();
    await writeFile(join(shell.folder, OUT), await readFile(join(maker.folder, OUT)));
    const { code, stderr } = await shell.run(...INSTALL);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('shows no root') });
    expect(stderr).toContain(`--from ${registry.url}`);
    expect(await readdir(shell.folder)).not.toContain('packs');
    const pins = {
      attestryPolicy: 1,
      mode: 'verified',
      registries: [{ url: registry.url, root: 'root.json' }],
    };
    await writeFile(join(shell.folder, 'pins.json'), JSON.stringify(pins));
    await writeFile(join(shell.folder, 'root.json'), envelopeText(await signedRoot(rootOf({}), 'root-a')));
    const pinned = await shell.run(...INSTALL, '--from', registry.url, '--policy', 'pins.json');
    expect(pinned).toMatchObject({ code: 2, stderr: expect.stringContaining('has one') });
    expect(await readdir(shell.folder)).not.toContain('packs');
    const installed = await shell.json(...INSTALL, '--from', registry.url);
    expect(installed).toMatchObject({ code: 0, document: { packs: [{ name: pack.name, installed: true }] } });
    expect((await shell.run('install', pack.name, '--from', registry.url, '--dir', 'x')).code).toBe(2);
  });
});
