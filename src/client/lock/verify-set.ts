// Verifies every pack of a set before any of it is written down, and says what a lockfile has of each.
import { inLanes } from '../../../storage/in-lanes.ts';
import { addressOf } from '../discovery.ts';
import { wantedOf } from '../install-plan.ts';
import type { Sources } from '../policy/open-sources.ts';
import { refusal } from '../refusal.ts';
import type { OpenRegistry } from '../registry.ts';
import { parseWanted } from '../request.ts';
import { textsAt } from '../resolve/manifest-wishes.ts';
import { wishesIn } from '../resolve/passed-over.ts';
import { requireNeeds } from '../resolve/require-needs.ts';
import type { Candidate, Solution, Wish } from '../resolve/types.ts';
import { type Verified, type VerifyPolicy, verifyWanted } from '../verify.ts';
import type { LockedPack } from './lockfile.ts';

/** Without the bytes of the packs, of which there may be many. */
export type LockedVerdict = Omit<Verified, 'tarball' | 'files'>;

export interface VerifiedPack {
  readonly registry: OpenRegistry;
  readonly candidate: Candidate;
  readonly verdict: LockedVerdict;
}

export interface VerifySetDeps {
  readonly sources: Sources;
  readonly policy: VerifyPolicy | undefined;
  /** What was yanked since is taken, with a warning: the time that was asked about had it. */
  readonly past: boolean;
  readonly onVerifying: ((name: string, version: string) => void) | undefined;
}

const AT_ONCE = 4;
/** The schema of lockfiles admits texts of 1 to 64 characters as peers. */
const MAX_PEER = 64;

const requireSame = (candidate: Candidate, { integrity, manifest }: LockedVerdict): void => {
  const { name, version } = candidate;
  requireNeeds(candidate, manifest);
  if (integrity === candidate.integrity) return;
  const evidence = { name, version, expected: candidate.integrity, found: integrity };
  throw refusal('digest', 'pack_integrity_mismatch', evidence);
};

/** In the order of the set. @throws Refusal of the first question that one of them fails */
export const verifySet = async (
  the: VerifySetDeps,
  roots: readonly Wish[],
  { packs }: Solution,
): Promise<readonly VerifiedPack[]> => {
  const wishes = wishesIn(roots, packs);
  const found = new Map<string, VerifiedPack>();
  await inLanes(packs, AT_ONCE, async (candidate) => {
    const { name, version } = candidate;
    const wanted = the.past ? parseWanted(name, version) : wantedOf(candidate, wishes.get(name) ?? []);
    the.onVerifying?.(name, version);
    const registry = await the.sources.registryFor(wanted.name);
    const pack = await verifyWanted({ registry, policy: the.policy }, wanted);
    const { tarball: _tarball, files: _files, ...verdict } = pack;
    requireSame(candidate, verdict);
    found.set(name, { registry, candidate, verdict });
  });
  return packs.flatMap(({ name }) => found.get(name) ?? []);
};

const peersOf = ({ manifest }: LockedVerdict): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(textsAt(manifest, 'peerDependencies')).filter(
      ([, value]) => value.length > 0 && value.length <= MAX_PEER,
    ),
  );

/** `versions`: of every pack of the set, by name. */
export const lockedPackOf = (
  { registry, verdict }: VerifiedPack,
  versions: ReadonlyMap<string, string>,
): LockedPack => {
  const { name, version, tree, integrity, manifest } = verdict;
  const { reader, discovery } = registry;
  const path = addressOf(discovery.trees[tree]?.versionTarball ?? '', { name, version });
  const needs = Object.keys(textsAt(manifest, 'dependencies'));
  const peers = peersOf(verdict);
  return {
    name,
    version,
    resolved: reader.base + path,
    integrity,
    dependencies: Object.fromEntries(needs.map((each) => [each, versions.get(each) ?? ''])),
    ...(Object.keys(peers).length > 0 && { peerDependencies: peers }),
  };
};
