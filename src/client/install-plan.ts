// What an install is about: each pack that was asked for, and each that one of those needs, in one version.
import type { JsonObject } from '../../keys/canonical.ts';
import { type InstalledPack, loadInstalled } from './installed.ts';
import type { PassedOver } from './policy/choose.ts';
import type { Sources } from './policy/open-sources.ts';
import { Refusal, type RefusalCode, refusal } from './refusal.ts';
import { parseWanted } from './request.ts';
import { RequestInvalid } from './request-invalid.ts';
import { type GatherDeps, type Gathered, gather } from './resolve/gather.ts';
import { wishesOfManifest } from './resolve/manifest-wishes.ts';
import { wishesIn } from './resolve/passed-over.ts';
import { requireNeeds } from './resolve/require-needs.ts';
import type { Candidate, Wish } from './resolve/types.ts';
import { readRanges, versionKey, YOU } from './resolve/wishes.ts';
import type { PackRequest, Wanted } from './resolve.ts';
import { type VerifyPolicy, verifyWanted } from './verify.ts';

/** A pack as it was verified; `tarball` is undefined where it stood in its place already. */
export interface PlannedBytes {
  readonly manifest: JsonObject;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly tarball?: Uint8Array;
}

/** `integrity`: the only bytes that will do. `neededBy`: the packs that ask for it; empty where only you do. */
export interface Planned {
  readonly wanted: Wanted;
  readonly neededBy: readonly string[];
  readonly passed: readonly PassedOver[];
  readonly integrity?: string | undefined;
  /** Asked of it once it is believed, before it is put in place. @throws Refusal */
  readonly check?: ((found: PlannedBytes) => void) | undefined;
}

/** What was found has answered every question that its registry and its log were asked: the lockfile is what differs. */
const otherThanLocked = (name: string, version: string, expected: string, found: string) =>
  refusal(
    'registry',
    'pack_integrity_mismatch',
    { where: 'lockfile', name, version, expected, found },
    `The lockfile names other bytes for ${name}@${version} than its registry has.`,
  );

/** What was planned of a version has to be what was verified. @throws Refusal `pack_integrity_mismatch` */
export const requirePlanned = (
  { wanted, integrity, check }: Planned,
  found: string,
  pack: PlannedBytes,
): void => {
  const { name, version } = wanted;
  if (integrity !== undefined && integrity !== found) throw otherThanLocked(name, version, integrity, found);
  check?.(pack);
};

export const wishOf = ({ name, range }: PackRequest): Wish => ({ name, range, by: YOU });

/** Named by its number, a version may be installed although it was yanked. */
export const wantedOf = ({ name, version }: Candidate, wishes: readonly Wish[]): Wanted => ({
  ...parseWanted(name, version),
  asked: wishes.some(({ range }) => range === version) ? 'exact' : 'range',
});

/** What was asked for comes first, in the order in which it was asked for. */
const inOrder = (planned: readonly Planned[], requests: readonly PackRequest[]): readonly Planned[] => {
  const places = new Map<string, number>(requests.map(({ name }, place) => [name, place]));
  const placeOf = ({ wanted }: Planned): number => places.get(wanted.name) ?? places.size;
  return [...planned].sort((a, b) => placeOf(a) - placeOf(b));
};

const UNSOLVED: ReadonlySet<RefusalCode> = new Set([
  'pack_not_found',
  'no_version_satisfies',
  'pack_dependency_conflict',
  'pack_dependency_cycle',
]);

/** What a manifest needs is believed once the pack is: a "no" may rest on a lie about one that was asked for. */
const gatherOrAccuse = async (the: GatherDeps, requests: readonly PackRequest[]): Promise<Gathered> => {
  try {
    return await gather(the, requests.map(wishOf));
  } catch (error) {
    if (!(error instanceof Refusal && UNSOLVED.has(error.code))) throw error;
    for (const { name, exact } of requests) {
      const registry = exact && (await the.sources.registryFor(name));
      if (registry === undefined || exact === undefined) continue;
      await verifyWanted({ registry, policy: the.policy }, { name, version: exact, asked: 'exact' });
    }
    throw error;
  }
};

/** @throws Refusal as `gather` */
export const planFromRegistries = async (
  sources: Sources,
  policy: VerifyPolicy | undefined,
  requests: readonly PackRequest[],
): Promise<readonly Planned[]> => {
  const roots = requests.map(wishOf);
  const { packs, passed } = await gatherOrAccuse({ sources, policy }, requests);
  const wishes = wishesIn(roots, packs);
  const planned = packs.map((pack) => {
    const asked = wishes.get(pack.name) ?? [];
    const neededBy = asked.map(({ by }) => by).filter((by) => by !== YOU);
    return {
      wanted: wantedOf(pack, asked),
      neededBy,
      passed: passed.get(pack.name) ?? [],
      check: ({ manifest }: PlannedBytes) => requireNeeds(pack, manifest),
    };
  });
  return inOrder(planned, requests);
};

const wholeOrNothing = async (dir: string, name: string): Promise<InstalledPack | undefined> => {
  try {
    return await loadInstalled(dir, name);
  } catch (error) {
    if (error instanceof Refusal || error instanceof RequestInvalid) return undefined;
    throw error;
  }
};

/**
 * The same without asking anybody: what stands in the directory, whole, where that is all of it. Undefined where
 * something is missing or is another version than is asked for.
 */
export const planFromDirectory = async (
  dir: string,
  requests: readonly PackRequest[],
): Promise<readonly Planned[] | undefined> => {
  if (requests.some(({ exact }) => exact === undefined)) return undefined;
  const admits = readRanges();
  const found = new Map<string, InstalledPack>();
  const open: Wish[] = requests.map(wishOf);
  const asked: Wish[] = [];
  for (let wish = open.shift(); wish !== undefined; wish = open.shift()) {
    const pack = found.get(wish.name) ?? (await wholeOrNothing(dir, wish.name));
    if (pack === undefined || !admits(wish.range, pack.marker.version)) return undefined;
    asked.push(wish);
    if (found.has(wish.name)) continue;
    found.set(wish.name, pack);
    open.push(...wishesOfManifest(pack.manifest, versionKey(wish.name, pack.marker.version)));
  }
  const planned = [...found].map(([name, { marker }]) => ({
    wanted: parseWanted(name, marker.version),
    neededBy: asked.filter((each) => each.name === name && each.by !== YOU).map(({ by }) => by),
    passed: [],
  }));
  return inOrder(planned, requests);
};
