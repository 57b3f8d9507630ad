// Several packs in one install: all of them are put in place, or the directory stays as it was.
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installPacks, loadInstalled, memoryTrustStore, Refusal } from '../../src/client/index.ts';
import { makePack } from '../world/packs.ts';
import { type DiskStep, onBrokenDisk } from './broken-disk.ts';
import { acme, registryWith, tempFolder } from './host.ts';

const [A, B, C] = ['vendor.acme.aa', 'vendor.acme.bb', 'vendor.acme.cc'];
const NAMES = [A, B, C];
const OLD = ['1.0.0', '1.0.0', undefined];
const NEW = ['2.0.0', '2.0.0', '2.0.0'];

const theRename =
  (...failing: readonly number[]) =>
  ({ what, renames }: DiskStep): boolean =>
    what === 'rename' && failing.includes(renames);

const standing = (dir: string): Promise<readonly (string | undefined)[]> =>
  Promise.all(
    NAMES.map(async (name) => {
      const found = await loadInstalled(dir, name).catch((error: unknown) => {
        if (error instanceof Refusal && error.code === 'not_installed') return undefined;
        throw error;
      });
      return found?.marker.version;
    }),
  );

/** Directories with A and B in version 1.0.0, and an install that makes them 2.0.0 and brings C along. */
const upgrade = async () => {
  const made = NAMES.flatMap((name) =>
    ['1.0.0', '2.0.0'].map((version) => makePack(acme, { kind: 'prompt', name, version })),
  );
  const registry = await registryWith(await Promise.all(made));
  const store = memoryTrustStore();
  const folder = await tempFolder();
  const template = join(folder, 'template');
  const run = (dir: string, requests: readonly string[]) =>
    installPacks({ url: registry.url, dir, store, requests });
  await run(template, [`${A}@1.0.0`, `${B}@1.0.0`]);
  let copies = 0;
  const copy = async (): Promise<string> => {
    copies += 1;
    const dir = join(folder, `copy-${copies}`);
    await cp(template, dir, { recursive: true });
    return dir;
  };
  return { registry, copy, install: (dir: string) => run(dir, [`${A}@2`, `${B}@2`, `${C}@2`]) };
};

describe('an install of several packs', () => {
  it('puts back what it placed where a later place turns out to be taken', async () => {
    const { registry, copy, install } = await upgrade();
    const dir = await copy();
    registry.lieAbout(/cc\/-\/2\.0\.0\.tgz$/, async (response, honest) => {
      await mkdir(join(dir, C, 'mine'), { recursive: true });
      response.end(honest);
    });
    await expect(install(dir)).rejects.toMatchObject({ code: 'install_target_foreign' });
    expect(await readdir(join(dir, C))).toEqual(['mine']);
    expect((await readdir(dir)).sort()).toEqual([A, B, C]);
    await rm(join(dir, C), { recursive: true });
    expect(await standing(dir)).toEqual(OLD);
  });

  it('leaves the directory as it was, whichever rename fails', async () => {
    const { copy, install } = await upgrade();
    for (let failRename = 1; failRename <= 5; failRename += 1) {
      const dir = await copy();
      await onBrokenDisk(theRename(failRename), () => expect(install(dir)).rejects.toThrow('EIO'));
      expect({ failRename, standing: await standing(dir) }).toEqual({ failRename, standing: OLD });
      expect((await readdir(dir)).sort()).toEqual([A, B]);
    }
    const dir = await copy();
    await onBrokenDisk(theRename(6), () => install(dir));
    expect(await standing(dir)).toEqual(NEW);
  });

  it('succeeds although an old version cannot be taken away, and the next one takes it', async () => {
    const { copy, install } = await upgrade();
    const dir = await copy();
    const removesOld = ({ what, path }: DiskStep) => what === 'rm' && path.includes('.attestry-old-');
    await onBrokenDisk(removesOld, () => install(dir));
    expect(await standing(dir)).toEqual(NEW);
    expect(await readdir(dir)).toContain(`.attestry-old-${A}`);
    await install(dir);
    expect((await readdir(dir)).sort()).toEqual(NAMES);
  });

  const expectWholeAfter = async (
    { copy, install }: Awaited<ReturnType<typeof upgrade>>,
    refuses: (step: DiskStep) => boolean,
  ): Promise<number> => {
    const dir = await copy();
    const steps = await onBrokenDisk(refuses, () => install(dir).catch(() => undefined));
    const left = await standing(dir);
    for (const [index, version] of left.entries()) expect([OLD[index], NEW[index]]).toContain(version);
    // Nobody died really, so the lock of this very process is still there.
    await rm(join(dir, '.attestry-lock'), { force: true });
    await install(dir);
    expect(await standing(dir)).toEqual(NEW);
    expect((await readdir(dir)).sort()).toEqual(NAMES);
    return steps;
  };

  it.each([undefined, 2, 3, 4, 5])(
    'that dies at any step while placing, or while undoing after rename %s failed, leaves each pack old or new, whole',
    {
      timeout: 60_000,
    },
    async (failRename) => {
      const world = await upgrade();
      const failing = theRename(...(failRename === undefined ? [] : [failRename]));
      for (let deadFrom = 1; ; deadFrom += 1) {
        const refuses = (step: DiskStep) => step.steps >= deadFrom || failing(step);
        if ((await expectWholeAfter(world, refuses)) < deadFrom) return;
      }
    },
  );

  it.each([
    ['a new version that will not go', [3, 4], ['2.0.0', '1.0.0', undefined]],
    ['an old version that will not come back', [3, 5], OLD],
  ])('names what it could not put back: %s', async (_name, failing, left) => {
    const { copy, install } = await upgrade();
    const dir = await copy();
    await onBrokenDisk(theRename(...failing), () =>
      expect(install(dir)).rejects.toMatchObject({
        code: 'install_incomplete',
        evidence: { paths: expect.arrayContaining([expect.stringContaining(A)]), reason: expect.any(String) },
      }),
    );
    expect(await standing(dir)).toEqual(left);
    await install(dir);
    expect(await standing(dir)).toEqual(NEW);
    expect((await readdir(dir)).sort()).toEqual(NAMES);
  });
});
