// A part of a backup is on disk, and its name in its folder too, before anybody relies on it.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest';
import { only } from '../../storage/blob-store.ts';

/** Folders in the order in which they were synced: nothing else shows that a power cut would leave their names. */
const synced = vi.hoisted((): string[] => []);
vi.mock('../../storage/coalesce.ts', async (original) => {
  const { coalesce } = await original<typeof import('../../storage/coalesce.ts')>();
  return {
    coalesce: (act: (folder: string) => Promise<void>) =>
      coalesce(async (folder: string) => {
        await act(folder);
        synced.push(folder);
      }),
  };
});

// Other files may have loaded both already, and those after this one shall have them as they are.
vi.resetModules();
const { makeOwnFolder, replaceFile, writePart } = await import('../../src/upkeep/backup/parts.ts');
afterAll(() => {
  vi.doUnmock('../../storage/coalesce.ts');
  vi.resetModules();
});

let scratch: string;
let folder: string;
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'attestry-parts-'));
  folder = join(scratch, 'backups', 'mine');
});
afterEach(() => rm(scratch, { recursive: true, force: true }));

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

it('the folder of a backup is made for its owner alone, and every name on the way to it is synced', async () => {
  synced.length = 0;
  await makeOwnFolder(folder);
  expect(await modeOf(folder)).toBe(0o700);
  expect(synced).toEqual(expect.arrayContaining([scratch, join(scratch, 'backups')]));
});

it('a part is synced with all folders down to it, and last with its own name', async () => {
  await makeOwnFolder(folder);
  synced.length = 0;
  const part = await writePart(folder, 'snapshot/tables/events.gz', only(Buffer.from('rows')));
  const tables = join(folder, 'snapshot/tables');
  expect(part).toMatchObject({ path: 'snapshot/tables/events.gz', bytes: 4 });
  expect(synced).toEqual(expect.arrayContaining([folder, join(folder, 'snapshot')]));
  expect(synced.at(-1)).toBe(tables);
  expect(await modeOf(tables)).toBe(0o700);
  expect(await modeOf(join(tables, 'events.gz'))).toBe(0o600);
});

it('a part never replaces another one', async () => {
  await makeOwnFolder(folder);
  await writePart(folder, 'root.json', only(Buffer.from('one')));
  await expect(writePart(folder, 'root.json', only(Buffer.from('two')))).rejects.toMatchObject({
    code: 'EEXIST',
  });
});

it('a manifest takes the place of the last one, and its name is synced', async () => {
  await makeOwnFolder(folder);
  synced.length = 0;
  await replaceFile(folder, 'manifest.json', '{}');
  expect(synced.at(-1)).toBe(folder);
});
