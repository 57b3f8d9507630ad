// attestry install --bundle: puts the packs of a bundled lockfile into a directory, all or none, and asks no network.
import { fileTrustStore } from '../client/file-trust-store.ts';
import { installLockBundle } from '../client/lock-bundle/install-lock-bundle.ts';
import { type OpenLockBundle, openLockBundle } from '../client/lock-bundle/open-lock-bundle.ts';
import { anchorsFor, rememberedLines, rootsToGive } from './bundle-roots.ts';
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
  readonly from?: readonly string[];
}

/** What was given for one of several, or for none of them, would not be what it seems. */
const requireClear = ({ state }: PolicyOptions, { given }: Governed, registries: readonly string[]): void => {
  const strange = given.bases.find((base) => !registries.includes(base));
  if (strange !== undefined)
    throw new UsageError(`The bundle holds nothing of ${strange}; it is of ${registries.join(', ')}.`);
  if (registries.length < 2) return;
  const whose = `The bundle is of ${registries.join(', ')}`;
  if (!given.named && registries.some((base) => given.find(base) !== undefined))
    throw new UsageError(
      `${whose}; say whose root each is: ${rootsToGive(registries)}, or pin each in a policy.`,
    );
  if (state !== undefined)
    throw new UsageError(`${whose}; --state is about one of them: ${rootsToGive(registries)} instead.`);
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
  const { policies, verifyPolicy: policy } = governed;
  requireTimeAllowed(governed, at);
  requireClear(options, governed, bundle.head.registries);
  const anchors = await anchorsFor(options, governed, bundle);
  const installed = await installLockBundle(bundle, {
    dir,
    requests,
    lock,
    policy,
    at,
    pinnedRootOf: anchors.rootFor,
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
      ...rememberedLines(anchors.remembered),
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
