// A host that loads an installed pack gets the bytes that were installed, or a refusal.
import { chmod, mkdir, readFile, rename, rm, symlink, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadInstalled, Refusal } from '../../src/client/index.ts';
import { requireSameSet } from '../../src/client/installed.ts';
import { makePack } from '../world/packs.ts';
import { acme, newHost, registryWith, TOOLS } from './host.ts';

const NAME = 'vendor.acme.tools';
/** A hole of that size costs no disk; reading it whole would cost the memory. */
const HUGE = 5 * 1024 ** 3;

const installed = async (): Promise<{ readonly dir: string; readonly pack: string }> => {
  const host = await newHost();
  await host.install(await registryWith([await makePack(acme)]), TOOLS);
  return { dir: host.dir, pack: join(host.dir, NAME) };
};

const refusalAfter = async (tamper: (pack: string) => Promise<unknown>): Promise<Refusal> => {
  const { dir, pack } = await installed();
  await tamper(pack);
  const outcome = await loadInstalled(dir, NAME).catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(Refusal);
  return outcome as Refusal;
};

describe('an installed pack', () => {
  const damages: readonly (readonly [string, (pack: string) => Promise<unknown>, string])[] = [
    ['a changed file', (pack) => writeFile(join(pack, 'index.mjs'), 'evil'), 'installed_file_changed'],
    ['a changed manifest', (pack) => writeFile(join(pack, 'pack.json'), '{}'), 'installed_file_changed'],
    ['a missing file', (pack) => unlink(join(pack, 'index.mjs')), 'installed_file_missing'],
    ['an added file', (pack) => writeFile(join(pack, 'schemas', 'x.mjs'), ''), 'installed_file_added'],
    ['an added folder with a file', (pack) => addFolder(pack), 'installed_file_added'],
    ['a file turned into a link', (pack) => linkInstead(pack), 'installed_file_changed'],
    ['a broken record', (pack) => writeFile(join(pack, '.attestry.json'), '{'), 'installed_marker_invalid'],
    [
      'a record of nonsense',
      (pack) => writeFile(join(pack, '.attestry.json'), 'null'),
      'installed_marker_invalid',
    ],
    ['no record', (pack) => unlink(join(pack, '.attestry.json')), 'install_target_foreign'],
    ['nothing at all', (pack) => rm(pack, { recursive: true }), 'not_installed'],
  ];
  it.each(damages)('is refused with %s', async (_name, tamper, code) => {
    expect(await refusalAfter(tamper)).toMatchObject({ code, question: 'installed' });
  });

  it('is refused where another pack’s folder stands in its place', async () => {
    const { dir, pack } = await installed();
    await rename(pack, join(dir, 'vendor.acme.other'));
    await expect(loadInstalled(dir, 'vendor.acme.other')).rejects.toMatchObject({
      code: 'install_target_foreign',
    });
  });

  it('says which file was changed, and both digests', async () => {
    const { evidence } = await refusalAfter(async (pack) => {
      const bytes = await readFile(join(pack, 'index.mjs'));
      await writeFile(join(pack, 'index.mjs'), Buffer.alloc(bytes.length, 0x20));
    });
    expect(evidence).toMatchObject({
      path: 'index.mjs',
      expected: expect.any(String),
      found: expect.any(String),
    });
    expect(evidence['expected']).not.toBe(evidence['found']);
  });

  it('is not read at all where the size of a file is not the one that was installed', async () => {
    const { dir, pack } = await installed();
    await truncate(join(pack, 'index.mjs'), HUGE);
    const found = { path: 'index.mjs', found: `${HUGE} bytes` };
    await expect(loadInstalled(dir, NAME)).rejects.toMatchObject({
      code: 'installed_file_changed',
      evidence: found,
    });
  });

  it('whose record holds no sizes is loaded too, but no file that is larger than any may be', async () => {
    const { dir, pack } = await installed();
    const { sizes, ...marker } = (await loadInstalled(dir, NAME)).marker;
    expect(Object.keys(sizes ?? {}).sort()).toEqual(Object.keys(marker.files).sort());
    await writeFile(join(pack, '.attestry.json'), JSON.stringify(marker));
    await expect(loadInstalled(dir, NAME)).resolves.toBeDefined();
    await truncate(join(pack, 'index.mjs'), HUGE);
    await expect(loadInstalled(dir, NAME)).rejects.toMatchObject({ code: 'installed_file_changed' });
  });

  it.each([
    ['that is no number', { 'index.mjs': '7' }],
    ['of no file', {}],
  ])('is refused where the record holds a size %s', async (_name, sizes) => {
    const { dir, pack } = await installed();
    const { marker } = await loadInstalled(dir, NAME);
    await writeFile(join(pack, '.attestry.json'), JSON.stringify({ ...marker, sizes }));
    await expect(loadInstalled(dir, NAME)).rejects.toMatchObject({ code: 'installed_marker_invalid' });
  });

  it('is refused without reading a record of a size that no install writes', async () => {
    const refused = await refusalAfter((pack) => truncate(join(pack, '.attestry.json'), HUGE));
    expect(refused.code).toBe('installed_marker_invalid');
  });

  it('is loaded from aside while a new version is taking its place', async () => {
    const { dir, pack } = await installed();
    await rename(pack, join(dir, `.attestry-old-${NAME}`));
    expect((await loadInstalled(dir, NAME)).marker.version).toBe('1.0.0');
  });

  it('is never looked for outside of the directory', async () => {
    const { dir } = await installed();
    for (const name of ['../packs', '..', '/etc', 'vendor.acme/../tools'])
      await expect(loadInstalled(dir, name)).rejects.toThrow('scope.org.name');
  });
});

it('very many files are compared with the record in a moment', () => {
  const names = Array.from({ length: 100_000 }, (_, index) => `f/${index}`);
  const before = performance.now();
  requireSameSet(names, names.toReversed());
  expect(performance.now() - before).toBeLessThan(1_000);
  const added = { code: 'installed_file_added', evidence: { paths: ['x'] } };
  expect(() => requireSameSet(names, [...names, 'x'])).toThrow(expect.objectContaining(added));
});

const addFolder = async (pack: string): Promise<void> => {
  await mkdir(join(pack, 'extra'));
  await writeFile(join(pack, 'extra', 'x.mjs'), '');
};

const linkInstead = async (pack: string): Promise<void> => {
  const bytes = await readFile(join(pack, 'index.mjs'));
  await writeFile(join(pack, '..', 'same-bytes'), bytes);
  await chmod(join(pack, '..', 'same-bytes'), 0o644);
  await unlink(join(pack, 'index.mjs'));
  await symlink('../same-bytes', join(pack, 'index.mjs'));
};
