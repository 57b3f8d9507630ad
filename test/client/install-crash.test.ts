// An install that is killed at any step leaves the old version or the new one, whole.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { installPacks, loadInstalled, Refusal } from '../../src/client/index.ts';
import { bundled } from '../world/bundled.ts';
import { makePack } from '../world/packs.ts';
import { ROOT } from '../world/source.ts';
import { acme, registryWith, tempFolder } from './host.ts';

const CHILD = fileURLToPath(new URL('./crash-child.ts', import.meta.url));
const NAME = 'vendor.acme.tools';
const AT_ONCE = 2;

/** True when the install came to its end before it was to be killed. */
const installInChild = async (order: object): Promise<boolean> => {
  const child = spawn(process.execPath, [await bundled(CHILD), JSON.stringify(order)], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (code === 0) return true;
  expect(signal).toBe('SIGKILL');
  return false;
};

const standing = async (dir: string): Promise<string | undefined> => {
  const found = await loadInstalled(dir, NAME).catch((error: unknown) => {
    if (error instanceof Refusal && error.code === 'not_installed') return undefined;
    throw error;
  });
  return found?.marker.version;
};

/** Kills an install at its first step, its second, and so on, and looks each time at what is left. */
const killEverywhere = async (before: string | undefined) => {
  const packs = await Promise.all(
    ['1.0.0', '2.0.0'].map((version) => makePack(acme, { kind: 'prompt', version })),
  );
  const { url } = await registryWith(packs);
  const folder = await tempFolder();
  const statePath = join(folder, 'state.json');
  const template = join(folder, 'template');
  await mkdir(template);
  if (before !== undefined)
    await installPacks({ url, dir: template, statePath, requests: [`${NAME}@${before}`] });
  const found: (string | undefined)[] = [];
  let next = 1;
  let ended = false;
  const work = async (): Promise<void> => {
    while (!ended) {
      const killAt = next;
      next += 1;
      const dir = join(folder, `dir-${killAt}`);
      await cp(template, dir, { recursive: true });
      const done = await installInChild({ url, dir, statePath, request: `${NAME}@2.0.0`, killAt });
      found[killAt] = await standing(dir);
      await installPacks({ url, dir, statePath, requests: [`${NAME}@2.0.0`] });
      expect(await standing(dir)).toBe('2.0.0');
      expect(await readdir(dir)).toEqual([NAME]);
      await rm(dir, { recursive: true });
      if (done) ended = true;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found.slice(1);
};

it('a first install killed at any step leaves nothing or the whole version', {
  timeout: 240_000,
}, async () => {
  const found = await killEverywhere(undefined);
  expect(found.length).toBeGreaterThan(20);
  expect(new Set(found)).toEqual(new Set([undefined, '2.0.0']));
  expect(found.indexOf('2.0.0')).toBe(found.lastIndexOf(undefined) + 1);
});

it('an upgrade killed at any step leaves the old version or the new one', { timeout: 240_000 }, async () => {
  const found = await killEverywhere('1.0.0');
  expect(found.length).toBeGreaterThan(20);
  expect(new Set(found)).toEqual(new Set(['1.0.0', '2.0.0']));
  expect(found.indexOf('2.0.0')).toBe(found.lastIndexOf('1.0.0') + 1);
});
