// Where belief in what a bundle holds begins: at a root that was named, pinned or remembered here, never at the bundle's own.
import { utf8 } from '../../keys/bytes.ts';
import { discover } from '../client/discovery.ts';
import { defaultStatePath, fileTrustStore } from '../client/file-trust-store.ts';
import type { OpenLockBundle } from '../client/lock-bundle/open-lock-bundle.ts';
import { answering } from '../client/lock-bundle/transports.ts';
import { registryReader } from '../client/registry-reader.ts';
import { UsageError } from './failure.ts';
import { givenAddress } from './given-address.ts';
import type { Governed } from './governed.ts';

interface RootOptions {
  readonly state?: string;
  readonly from?: readonly string[];
}

export interface Anchors {
  readonly rootFor: (base: string) => Uint8Array | undefined;
  /** Registries whose root is the one that an earlier look at them left here. */
  readonly remembered: readonly string[];
}

/** What to type, with the addresses filled in. */
export const rootsToGive = (registries: readonly string[]): string =>
  registries.length === 1
    ? '--root FILE'
    : registries.map((base, at) => `--root ${base}=ROOT-${at + 1}.json`).join(' ');

/** The root that this machine believed last; undefined where it never met the registry. */
export const rememberedRoot = async (base: string): Promise<Uint8Array | undefined> => {
  const seen = await fileTrustStore(defaultStatePath(base), base).recall();
  return seen && utf8(seen.root.envelope);
};

export const rememberedLines = (bases: readonly string[]): readonly string[] =>
  bases.map((base) => `Starting from the root of ${base} that is remembered here`);

const showsRoot = async (bundle: OpenLockBundle, base: string): Promise<boolean> =>
  (await discover(registryReader(answering(base, bundle.answer), base))).trust !== undefined;

const cureFor = async (bundle: OpenLockBundle, base: string): Promise<string> => {
  const nothing = `Nothing says which root of ${base} to start from, and a bundle cannot vouch for itself`;
  const { registries } = bundle.head;
  if (await showsRoot(bundle, base))
    return `${nothing}: ${rootsToGive(registries)}, the root in a policy, or --state FILE. Whoever has the network gets a root at ${base}/trust/root.json.`;
  return `${nothing}. As the bundle has it, ${base} shows no root document; if you know that it has none, say so with --from ${base}: then each pack rests on its own signature alone.`;
};

/** A registry that has a root is not made one without by whoever made the bundle, nor by whoever installs it. */
const requireRootless = async (bundle: OpenLockBundle, base: string, root: unknown): Promise<void> => {
  if (root !== undefined || (await showsRoot(bundle, base)))
    throw new UsageError(
      `--from is for registries without a root document, and ${base} has one: --root FILE.`,
    );
};

/** Whoever names the roots of the others need not name one for a registry that has none; what a policy pins stays pinned. */
const rootGiven = ({ given, rootFor }: Governed, base: string, rootless: boolean): Uint8Array | undefined => {
  try {
    return rootFor(base);
  } catch (error) {
    if (rootless && error instanceof UsageError && !given.bases.includes(base)) return undefined;
    throw error;
  }
};

/** A bundle that nobody pins a root for would vouch for itself. @throws UsageError */
export const anchorsFor = async (
  { state, from = [] }: RootOptions,
  governed: Governed,
  bundle: OpenLockBundle,
): Promise<Anchors> => {
  const { registries } = bundle.head;
  const named = from.map((url) => givenAddress('--from', url));
  const strange = named.find((base) => !registries.includes(base));
  if (strange !== undefined)
    throw new UsageError(`The bundle holds nothing of ${strange}; it is of ${registries.join(', ')}.`);
  const roots = new Map<string, Uint8Array>();
  const remembered: string[] = [];
  for (const base of registries) {
    const rootless = named.includes(base);
    const given = rootGiven(governed, base, rootless);
    const known = given === undefined && state === undefined ? await rememberedRoot(base) : undefined;
    const root = given ?? known;
    if (rootless) await requireRootless(bundle, base, root);
    else if (root === undefined && state === undefined) throw new UsageError(await cureFor(bundle, base));
    if (root !== undefined) roots.set(base, root);
    if (known !== undefined) remembered.push(base);
  }
  return { rootFor: (base) => roots.get(base), remembered };
};
