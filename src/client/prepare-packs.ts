// Gets packs ready to be put in their places: each is believed, and lies unpacked beside its place or stands there already.
import { join } from 'node:path';
import { inLanes } from '../../storage/in-lanes.ts';
import { type Planned, requirePlanned } from './install-plan.ts';
import { type InstalledPack, loadInstalled, readMarker } from './installed.ts';
import { discard, requireReplaceable, type UnpackedPack, unpackBeside } from './placing.ts';
import type { Sources } from './policy/open-sources.ts';
import { requireRecordAdmitted } from './policy/recorded-facts.ts';
import { requireNameAllowed } from './policy/sources.ts';
import { recheckInstalled } from './recheck.ts';
import { Refusal, type RefusalCode } from './refusal.ts';
import type { Wanted } from './resolve.ts';
import { type Verified, type VerifyPolicy, verifyWanted } from './verify.ts';

export type InstallProgress =
  | { readonly doing: 'asking'; readonly registry: string }
  | { readonly doing: 'verifying'; readonly name: string; readonly version: string }
  /** All packs at once: `packs` says how many. */
  | { readonly doing: 'placing'; readonly packs: number };

/** Packs that are verified and unpacked at once. */
const AT_ONCE = 12;

export interface PrepareDeps {
  readonly dir: string;
  /** Each is opened at the first request that needs it. */
  readonly sources: Sources;
  readonly options: {
    readonly policy?: VerifyPolicy | undefined;
    readonly offline?: boolean | undefined;
    readonly now?: (() => Date) | undefined;
    readonly onProgress?: ((progress: InstallProgress) => void) | undefined;
  };
}

/** What was wrong with the files of that very version, which stood there: paths as the record or the disk has them. */
export interface Damage {
  readonly code: RefusalCode;
  readonly paths: readonly string[];
}

/** A request that needs nothing but to be put in place, or not even that. */
export type Prepared = { readonly planned: Planned } & (
  | { readonly present: InstalledPack; readonly warnings?: readonly string[] }
  | { readonly verified: Verified; readonly unpacked: UnpackedPack; readonly damage?: Damage | undefined }
);

const damageOf = ({ code, evidence }: Refusal): Damage => {
  const { path, paths = [path] } = evidence;
  return { code, paths: Array.isArray(paths) ? paths.filter((each) => typeof each === 'string') : [] };
};

interface Standing {
  readonly whole?: InstalledPack;
  readonly damage?: Damage;
}

/** That very version, whole, from one of those registries; damage is a reason to install again, and to say so. */
const standingOf = async (
  the: PrepareDeps,
  { name, version }: Wanted,
  bases: readonly string[],
): Promise<Standing> => {
  try {
    const marker = await readMarker(join(the.dir, name));
    if (marker?.version !== version || !bases.includes(marker.registry)) return {};
    return { whole: await loadInstalled(the.dir, name) };
  } catch (error) {
    if (error instanceof Refusal) return { damage: damageOf(error) };
    throw error;
  }
};

/** The version that is there already, where nobody need be asked about it. @throws Refusal `policy_refused` */
const presentOffline = async (the: PrepareDeps, wanted: Wanted): Promise<InstalledPack | undefined> => {
  const { offline, policy, now = () => new Date() } = the.options;
  if (offline !== true) return undefined;
  const { whole: present } = await standingOf(the, wanted, the.sources.basesFor(wanted.name));
  if (present !== undefined) requireRecordAdmitted(policy?.rules ?? [], present, now());
  return present;
};

const prepare = async (the: PrepareDeps, planned: Planned): Promise<Prepared> => {
  const { policy, onProgress } = the.options;
  const { wanted } = planned;
  requireNameAllowed(policy?.rules ?? [], wanted.name);
  const standing = await requireReplaceable(the.dir, wanted.name);
  const offline = standing ? await presentOffline(the, wanted) : undefined;
  if (offline !== undefined) requirePlanned(planned, offline.marker.integrity, offline);
  if (offline !== undefined) return { present: offline, planned };
  const registry = await the.sources.registryFor(wanted.name);
  onProgress?.({ doing: 'verifying', name: wanted.name, version: wanted.version });
  const bases = [registry.reader.base];
  const { whole: present, damage } = standing ? await standingOf(the, wanted, bases) : {};
  const warnings = present && (await recheckInstalled({ registry, policy }, wanted, present));
  if (present !== undefined && warnings !== undefined) {
    requirePlanned(planned, present.marker.integrity, present);
    return { present, planned, warnings };
  }
  const verified = await verifyWanted({ registry, policy }, wanted);
  requirePlanned(planned, verified.integrity, verified);
  return { verified, unpacked: await unpackBeside(the.dir, verified, registry.now), planned, damage };
};

export const unpackedOf = (prepared: readonly Prepared[]): readonly UnpackedPack[] =>
  prepared.flatMap((each) => ('unpacked' in each ? [each.unpacked] : []));

/** What was unpacked and not placed is of no use to anybody. */
export const discardPrepared = async (prepared: readonly Prepared[]): Promise<void> => {
  for (const { beside } of unpackedOf(prepared)) await discard(beside);
};

/** Several at once, with the outcome of one after the other: of those that fail, the first is the failure. */
export const preparePacks = async (
  the: PrepareDeps,
  planned: readonly Planned[],
): Promise<readonly Prepared[]> => {
  const prepared = new Map<number, Prepared>();
  const failures = new Map<number, unknown>();
  await inLanes(planned.entries(), AT_ONCE, async ([place, each]) => {
    // Each before it was begun before it, and ends before this is looked at.
    const note = (error: unknown): never => {
      failures.set(place, error);
      throw error;
    };
    prepared.set(place, await prepare(the, each).catch(note));
  }).catch(() => undefined);
  const inOrder = [...prepared].sort(([a], [b]) => a - b).map(([, each]) => each);
  if (failures.size === 0) return inOrder;
  await discardPrepared(inOrder);
  throw failures.get(Math.min(...failures.keys()));
};
