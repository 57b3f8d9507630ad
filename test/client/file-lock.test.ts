// A lock that cannot be given back changes nothing about what was done under it.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withFileLock } from '../../src/client/file-lock.ts';
import { loadInstalled } from '../../src/client/index.ts';
import { makePack } from '../world/packs.ts';
import { type DiskStep, onBrokenDisk } from './broken-disk.ts';
import { acme, newHost, registryWith, TOOLS, tempFolder } from './host.ts';

const givesBack = ({ what, path }: DiskStep): boolean => what === 'rm' && path.endsWith('lock');

it('work that failed fails for its own reason', async () => {
  const path = join(await tempFolder(), 'lock');
  const work = () => Promise.reject(new Error('the reason'));
  await onBrokenDisk(givesBack, () => expect(withFileLock(path, 0, work)).rejects.toThrow('the reason'));
});

it('work that was done is done', async () => {
  const path = join(await tempFolder(), 'lock');
  await onBrokenDisk(givesBack, async () => {
    expect(await withFileLock(path, 0, async () => 'done')).toBe('done');
  });
});

it('an install that was finished is finished', async () => {
  const [host, registry] = [await newHost(), await registryWith([await makePack(acme)])];
  await onBrokenDisk(givesBack, async () => {
    expect(await host.install(registry, TOOLS)).toMatchObject([{ installed: true }]);
  });
  await expect(loadInstalled(host.dir, 'vendor.acme.tools')).resolves.toBeDefined();
});

it('an install that was refused is refused for its own reason, also where nothing can be tidied up', async () => {
  const [host, registry] = [await newHost(), await registryWith([])];
  await onBrokenDisk(
    ({ what }) => what === 'rmdir',
    async () => {
      await expect(host.install(registry, TOOLS)).rejects.toMatchObject({ code: 'pack_not_found' });
    },
  );
});
