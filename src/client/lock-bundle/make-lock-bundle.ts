// Makes one file out of a lockfile: every pack of it is verified, and everything that was answered on the way is kept.
import { utf8 } from '../../../keys/bytes.ts';
import { requirePlanned } from '../install-plan.ts';
import type { Companion } from '../lock/companion.ts';
import { continuing } from '../lock/continuity.ts';
import { planFromLock } from '../lock/frozen.ts';
import type { Lockfile } from '../lock/lockfile.ts';
import type { LockedVerdict } from '../lock/verify-set.ts';
import { recordRoots } from '../make-bundle.ts';
import { registryBase } from '../network/http-url.ts';
import { type OpenRegistryOptions, storeOf, transportOf } from '../open-registry.ts';
import { partOf, placeNewFile, requireFree } from '../part-files.ts';
import { advisoriesOf } from '../policy/advisory-list.ts';
import { openSources, type SourcesOf } from '../policy/open-sources.ts';
import { memoryTrustStore, type TrustStore } from '../trust-state.ts';
import { type VerifyPolicy, verifyWanted } from '../verify.ts';
import { type AnswerSpool, createSpool } from './answer-spool.ts';
import { keeping } from './transports.ts';

export interface LockBundleOptions {
  readonly lock: Lockfile;
  /** What stands beside the lockfile; the logs in it have to go on. */
  readonly companion?: Companion | undefined;
  /** How to open the registries that may be asked for a name, in order. */
  readonly sourcesOf: SourcesOf;
  readonly policy?: VerifyPolicy | undefined;
  readonly now?: (() => Date) | undefined;
  readonly onOpen?: ((base: string) => void) | undefined;
  readonly onVerifying?: ((name: string, version: string) => void) | undefined;
}

export interface MadeLockBundle {
  readonly answers: number;
  readonly bytes: number;
  readonly createdAt: string;
  /** Base addresses of those that were asked, sorted: whoever installs needs the root of each. */
  readonly registries: readonly string[];
  /** Those of them that show no root document: what is from there rests on nothing but its own signatures. */
  readonly rootless: readonly string[];
  readonly packs: readonly LockedVerdict[];
}

type StoreFor = (options: OpenRegistryOptions) => TrustStore;

/** One store for each registry, however many names it is asked for. */
const oncePerBase = (make: StoreFor) => {
  const stores = new Map<string, TrustStore>();
  const of: StoreFor = (options) => {
    const base = registryBase(options.url);
    const store = stores.get(base) ?? make(options);
    stores.set(base, store);
    return store;
  };
  return { of, stores };
};

/** Verifies all of it, one after the other: the order decides what is asked, and one pack at a time is in memory. */
const verifyAll = async (
  options: LockBundleOptions,
  sourcesOf: SourcesOf,
): Promise<{ packs: readonly LockedVerdict[]; sources: Readonly<Record<string, string>> }> => {
  const { lock, companion, policy, onOpen } = options;
  const sources = continuing(openSources({ sourcesOf, tree: policy?.tree, onOpen }), companion?.logs ?? []);
  const packs: LockedVerdict[] = [];
  for (const planned of planFromLock(lock, [])) {
    const { wanted } = planned;
    options.onVerifying?.(wanted.name, wanted.version);
    const registry = await sources.registryFor(wanted.name);
    const { tarball, files, ...verdict } = await verifyWanted({ registry, policy }, wanted);
    requirePlanned(planned, verdict.integrity, { ...verdict, tarball, files });
    await recordRoots(registry);
    // Whoever installs may have a policy about advisories, though whoever bundles has none.
    await advisoriesOf(registry);
    packs.push(verdict);
  }
  return { packs, sources: Object.fromEntries(packs.map(({ name, registry }) => [name, registry])) };
};

const envelopeOf = async (store: TrustStore | undefined): Promise<Uint8Array | undefined> => {
  const envelope = (await store?.recall())?.root.envelope;
  return envelope === undefined ? undefined : utf8(envelope);
};

/** Once with all that is remembered here, and once with nothing but the roots that ended at, as whoever gets it will. */
const recordAll = async (options: LockBundleOptions, createdAt: Date, spool: AnswerSpool) => {
  const over =
    (storeFor: StoreFor): SourcesOf =>
    (name) =>
      options.sourcesOf(name).map((each) => ({
        ...each,
        transport: keeping(transportOf(each), registryBase(each.url), spool),
        store: storeFor(each),
        now: () => createdAt,
      }));
  const remembered = oncePerBase(storeOf);
  const found = await verifyAll(options, over(remembered.of));
  const roots = new Map<string, Uint8Array | undefined>();
  for (const [base, store] of remembered.stores) roots.set(base, await envelopeOf(store));
  const blank = oncePerBase(memoryTrustStore);
  const pinned: SourcesOf = (name) =>
    over(blank.of)(name).map((each) => ({ ...each, pinnedRoot: roots.get(registryBase(each.url)) }));
  await verifyAll({ ...options, onOpen: undefined, onVerifying: undefined }, pinned);
  const rootless = [...roots].flatMap(([base, root]) => (root === undefined ? [base] : [])).sort();
  return { ...found, rootless };
};

/**
 * Writes the file whole or not at all, and never over another one. The same answers at the same time are the same bytes.
 * @throws Refusal of the first question that one of the packs fails; of `checkpoint` where a log does not go on
 */
export const makeLockBundle = async (options: LockBundleOptions, out: string): Promise<MadeLockBundle> => {
  await requireFree(out);
  const now = (options.now ?? (() => new Date()))();
  const spool = await createSpool(partOf(out, 'answers'));
  try {
    const { packs, sources, rootless } = await recordAll(options, now, spool);
    const { lock, companion } = options;
    const createdAt = now.toISOString();
    const registries = spool.registries();
    const head = { createdAt, lock, companion, registries, sources };
    const written = await placeNewFile(out, (file) => spool.writeTo(file, head));
    return { ...written, createdAt, registries, rootless, packs };
  } finally {
    await spool.remove();
  }
};
