// attestry install --bundle: puts the packs of a bundled lockfile into a directory, all or none, and asks no network.
import { fileTrustStore } from '../client/file-trust-store.ts';
import { installLockBundle } from '../client/lock-bundle/install-lock-bundle.ts';
import { type OpenLockBundle, openLockBundle } from '../client/lock-bundle/open-lock-bundle.ts';
import type { Result, Settings } from './command.ts';
import { LOCKFILE } from './commands/lockfile.ts';
import type { PolicyOptions } from './commands/trust-options.ts';
import { counted } from './count.ts';
import { UsageError } from './failure.ts';
import { type Governed, governedBy, openModeLines } from './governed.ts';
import { readLock, requireLock } from './lock-files.ts';
import { installedJson, installedLines, progressLine, shownInstalls } from './shown-install.ts';
import { printProgress } from './terminal.ts';
import { policiesJson, requireTimeAllowed } from './verify.ts';

interface InstallBundleOptions extends PolicyOptions {
  readonly dir: string;
  readonly bundle: string;
  readonly lock?: string;
  readonly frozen?: boolean;
  readonly at?: Date;
}

const severalRegistries = ({ root, state }: PolicyOptions, registries: readonly string[]): void => {
  if (registries.length < 2 || (root === undefined && state === undefined)) return;
  const option = root === undefined ? '--state' : '--root';
  throw new UsageError(
    `${option} is about one registry, and the bundle is of ${registries.join(', ')}: pin the root of each in a policy.`,
  );
};

/** A bundle that nobody pins a root for would vouch for itself. */
const requireAnchor = (options: PolicyOptions, { rootFor }: Governed, { head }: OpenLockBundle): void => {
  severalRegistries(options, head.registries);
  const loose = head.registries.find((base) => rootFor(base) === undefined);
  if (loose === undefined || options.state !== undefined) return;
  throw new UsageError(
    `Nothing says which root of ${loose} to start from, and a bundle cannot vouch for itself: --root FILE, the root in a policy, or --state FILE.`,
  );
};

const lockFor = ({ lock, frozen }: InstallBundleOptions) =>
  lock !== undefined || frozen === true ? requireLock(lock ?? LOCKFILE) : readLock(LOCKFILE);

/** What came after it cannot be in it, and nothing proves when it was made. */
const asOfLine = ({ head }: OpenLockBundle): string => {
  const logs = (head.companion?.logs ?? []).map(
    ({ origin, size }) => `, locked at ${counted(size, 'entry', 'entries')} of ${origin}`,
  );
  return `As of ${head.createdAt}${logs.join('')}, as the bundle says; later yanks and revocations are not in it`;
};

const installOpened = async (
  settings: Settings,
  options: InstallBundleOptions,
  bundle: OpenLockBundle,
  requests: readonly string[],
): Promise<Result> => {
  const { dir, at, state } = options;
  const lock = await lockFor(options);
  const governed = await governedBy({ ...settings, urlGiven: false }, options);
  const { policies, verifyPolicy: policy, rootFor } = governed;
  requireTimeAllowed(governed, at);
  requireAnchor(options, governed, bundle);
  const installed = await installLockBundle(bundle, {
    dir,
    requests,
    lock,
    policy,
    at,
    pinnedRootOf: rootFor,
    ...(state === undefined ? {} : { storeOf: (base) => fileTrustStore(state, base) }),
    onProgress: (progress) => {
      if (progress.doing !== 'asking') printProgress(progressLine(progress));
    },
  });
  const shown = shownInstalls(installed, options.require);
  const { createdAt } = bundle.head;
  const lockfile = lock === undefined ? {} : { lockfile: lock.path };
  return {
    lines: [
      ...openModeLines(policies),
      `Going by ${options.bundle}`,
      ...shown.flatMap(installedLines),
      asOfLine(bundle),
    ],
    json: {
      ok: true,
      ...policiesJson(policies),
      ...lockfile,
      bundle: { createdAt },
      packs: shown.map(installedJson),
    },
  };
};

export const installBundled = async (
  settings: Settings,
  options: InstallBundleOptions,
  requests: readonly string[],
): Promise<Result> => {
  const bundle = await openLockBundle(options.bundle);
  try {
    return await installOpened(settings, options, bundle, requests);
  } finally {
    await bundle.close();
  }
};
