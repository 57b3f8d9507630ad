// Folders of the data directory: closed to others where we make them, untouched where somebody else did.
import { chmod, cp, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compose } from '../src/compose.ts';
import { type OwnDatabase, ownDatabase } from './world/database.ts';
import { testConfig } from './world/registry.ts';

let database: OwnDatabase;
let folder: string;
beforeAll(async () => {
  database = await ownDatabase();
  folder = await mkdtemp(join(tmpdir(), 'attestry-folders-'));
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o7777;

const startOnce = async (dataDir: string): Promise<void> => {
  const registry = await compose(testConfig(dataDir, database.url), pino({ level: 'silent' }));
  await registry.close();
};

describe.skipIf(process.platform === 'win32')('the data directory (POSIX modes only)', () => {
  it('that we make may be passed through but not read, and what it holds is ours alone', async () => {
    const dataDir = join(folder, 'made');
    await startOnce(dataDir);
    expect(await modeOf(dataDir)).toBe(0o711);
    for (const name of ['blobs', 'staging', 'keys'])
      expect(await modeOf(join(dataDir, name)), name).toBe(0o700);
  });

  it.each([0o700, 0o2775])('that was there with mode %o keeps it, at every start', async (mode) => {
    const dataDir = join(folder, `there-${mode}`);
    await mkdir(dataDir);
    await chmod(dataDir, mode);
    await cp(join(folder, 'made', 'keys'), join(dataDir, 'keys'), { recursive: true });
    await startOnce(dataDir);
    await startOnce(dataDir);
    expect(await modeOf(dataDir)).toBe(mode);
  });
});
