// attestry install: puts verified packs into a directory, all or none.
import { installPacks } from '../client/install.ts';
import { planFromLock } from '../client/lock/frozen.ts';
import { parseRequest } from '../client/request.ts';
import { askedInstead, insteadJson, insteadLine } from './asked-instead.ts';
import { acting } from './command.ts';
import { LOCKFILE } from './commands/lockfile.ts';
import type { PolicyOptions } from './commands/trust-options.ts';
import { UsageError } from './failure.ts';
import { governedBy, openModeLines } from './governed.ts';
import { installBundled } from './install-bundle.ts';
import { type LockOnDisk, readLock, requireLock } from './lock-files.ts';
import { sourcesToInstall } from './lock-sources.ts';
import { installedJson, installedLines, progressLine, shownInstalls } from './shown-install.ts';
import { printNotes, printProgress } from './terminal.ts';
import { registryOptions } from './trust-policy.ts';
import { policiesJson } from './verify.ts';

interface InstallCommandOptions extends PolicyOptions {
  readonly dir: string;
  readonly lock?: string;
  readonly frozen?: boolean;
  readonly bundle?: string;
  readonly at?: Date;
  readonly from?: readonly string[];
  readonly json?: boolean;
}

/** A lockfile that is there goes before ranges (node-packs.md, Resolution rules). */
const lockFor = async ({ lock, frozen }: InstallCommandOptions): Promise<LockOnDisk | undefined> =>
  lock !== undefined || frozen === true ? requireLock(lock ?? LOCKFILE) : readLock(LOCKFILE);

const requireSomething = (requests: readonly string[], locked: LockOnDisk | undefined): void => {
  if (requests.length > 0 || locked !== undefined) return;
  throw new UsageError(`missing required argument 'name@range': there is no ${LOCKFILE} here to go by.`);
};

/** What a lockfile makes of the requests; nothing where there is none. */
const lockedOptions = (locked: LockOnDisk | undefined, requests: readonly string[]) =>
  locked && {
    planned: planFromLock(locked.lock, requests.map(parseRequest)),
    continues: locked.companion?.logs,
  };

/** Of a bundle, which only "--bundle" reads. */
const requireNetworkOptions = ({ at, from }: InstallCommandOptions): void => {
  if (at !== undefined) throw new UsageError('--at goes with --bundle.');
  if (from !== undefined) throw new UsageError('--from goes with --bundle.');
};

export const install = acting<InstallCommandOptions>(async (settings, options, ...requests) => {
  const { bundle } = options;
  if (bundle !== undefined) return installBundled(settings, { ...options, bundle }, requests);
  requireNetworkOptions(options);
  const locked = await lockFor(options);
  requireSomething(requests, locked);
  const { policies, verifyPolicy, sourcesOf } = await (locked === undefined
    ? governedBy(settings, options)
    : sourcesToInstall(settings, options, locked));
  const going = lockedOptions(locked, requests);
  const names = going?.planned.map(({ wanted }) => wanted.name);
  const instead = locked === undefined ? [] : askedInstead(locked, sourcesOf, names);
  if (options.json !== true) printNotes(instead.map(insteadLine));
  const installed = await installPacks({
    ...(await registryOptions(settings, options)),
    dir: options.dir,
    requests,
    ...going,
    policy: verifyPolicy,
    sourcesOf,
    onProgress: (progress) => printProgress(progressLine(progress)),
  });
  const shown = shownInstalls(installed, options.require);
  const by = locked === undefined ? [] : [`Going by ${locked.path}`];
  const lines = [...openModeLines(policies), ...by, ...shown.flatMap(installedLines)];
  const lockfile = locked === undefined ? {} : { lockfile: locked.path, ...insteadJson(instead) };
  return {
    lines,
    json: { ok: true, ...policiesJson(policies), ...lockfile, packs: shown.map(installedJson) },
  };
});
