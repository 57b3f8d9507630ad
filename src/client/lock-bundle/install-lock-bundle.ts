// Installs a lockfile out of its bundle: the same questions as over a network, and nobody is asked but the file.
import { type InstalledVersion, type InstallProgress, installPacks } from '../install.ts';
import type { Companion } from '../lock/companion.ts';
import { planFromLock } from '../lock/frozen.ts';
import { type Lockfile, lockfileText } from '../lock/lockfile.ts';
import type { OpenRegistryOptions } from '../open-registry.ts';
import { refusal } from '../refusal.ts';
import { parseRequest } from '../request.ts';
import { memoryTrustStore, type TrustStore } from '../trust-state.ts';
import type { VerifyPolicy } from '../verify.ts';
import { requireMade, withAge } from '../verify-bundle.ts';
import type { OpenLockBundle } from './open-lock-bundle.ts';
import { basesFor, withCure, withDoubt } from './order-asked.ts';
import { answering } from './transports.ts';

export interface InstallBundleOptions {
  /** Directory under which each pack gets a directory of its name; made where it is not there. */
  readonly dir: string;
  /** Of the locked packs only these and what they need; default: all. */
  readonly requests?: readonly string[] | undefined;
  /** The lockfile that has to be the one in the bundle, and what stands beside it. */
  readonly lock?: { readonly lock: Lockfile; readonly companion: Companion | undefined } | undefined;
  readonly policy?: VerifyPolicy | undefined;
  /** The root document to start from at that registry; without one the bundle's own is believed, with a warning. */
  readonly pinnedRootOf?: ((base: string) => Uint8Array | undefined) | undefined;
  /** What was seen of that registry before; default: nothing. */
  readonly storeOf?: ((base: string) => TrustStore) | undefined;
  /** As of when; default: now. What has expired since is refused. */
  readonly at?: Date | undefined;
  readonly onProgress?: ((progress: InstallProgress) => void) | undefined;
}

/** @throws Refusal `bundle_mismatch` */
const requireSameLock = ({ head }: OpenLockBundle, { lock }: InstallBundleOptions): void => {
  if (lock === undefined || lockfileText(lock.lock) === lockfileText(head.lock)) return;
  const names = ({ packs }: Lockfile) => packs.map(({ name, version }) => `${name}@${version}`);
  throw refusal(
    'registry',
    'bundle_mismatch',
    {
      expected: names(lock.lock).slice(0, 50),
      found: names(head.lock).slice(0, 50),
      createdAt: head.createdAt,
    },
    'The bundle was made for another lockfile.',
  );
};

const registriesOf = (bundle: OpenLockBundle, options: InstallBundleOptions, at: Date) => {
  const { storeOf = () => memoryTrustStore(), pinnedRootOf } = options;
  const stores = new Map<string, TrustStore>();
  return (base: string): OpenRegistryOptions => {
    const store = stores.get(base) ?? storeOf(base);
    stores.set(base, store);
    const transport = answering(base, bundle.answer);
    return { url: base, transport, store, pinnedRoot: pinnedRootOf?.(base), now: () => at };
  };
};

/** All or none, as `installPacks`. @throws Refusal of the first question answered with "no" */
export const installLockBundle = async (
  bundle: OpenLockBundle,
  options: InstallBundleOptions,
): Promise<readonly InstalledVersion[]> => {
  const { dir, requests = [], lock, policy, at = new Date(), onProgress } = options;
  const { head } = bundle;
  requireMade(head, at);
  requireSameLock(bundle, options);
  const registryAt = registriesOf(bundle, options, at);
  try {
    const installed = await installPacks({
      ...registryAt(head.registries[0] ?? ''),
      dir,
      requests,
      planned: planFromLock(head.lock, requests.map(parseRequest)),
      continues: [...(lock?.companion?.logs ?? []), ...(head.companion?.logs ?? [])],
      policy,
      sourcesOf: (name) => basesFor(bundle.head, policy, name).map(registryAt),
      onProgress,
    });
    return installed.map((each) => withDoubt(head, policy, each));
  } catch (error) {
    throw withCure(withAge(error, head), head, policy);
  }
};
