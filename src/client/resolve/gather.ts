// Fetches what the solver needs to know, round by round, until it has an answer.
import { inLanes } from '../../../storage/in-lanes.ts';
import { nameKey, parsePackName, parsePackVersion } from '../../protocol/pack-id.ts';
import { admitBy } from '../policy/admit.ts';
import type { PassedOver } from '../policy/choose.ts';
import type { Sources } from '../policy/open-sources.ts';
import { contextFor } from '../policy/require-policy.ts';
import { requireNameAllowed } from '../policy/sources.ts';
import { Refusal, type RefusalCode, refusal } from '../refusal.ts';
import type { OpenRegistry } from '../registry.ts';
import { listVersions } from '../resolve.ts';
import type { VerifyPolicy } from '../verify.ts';
import { fetchCandidate } from './candidate.ts';
import { effortOf } from './effort.ts';
import { passedOverIn } from './passed-over.ts';
import { refuseConflict } from './refuse-conflict.ts';
import { solve } from './solve.ts';
import type {
  Admit,
  Candidate,
  Conflict,
  Denial,
  Listed,
  Need,
  Solution,
  VersionName,
  Wish,
} from './types.ts';
import { versionKey } from './wishes.ts';

export interface GatherDeps {
  readonly sources: Sources;
  readonly policy?: VerifyPolicy | undefined;
  readonly overrides?: Readonly<Record<string, string>> | undefined;
  /** Lists every pack of the set, also those of which one version is named. */
  readonly listAll?: boolean | undefined;
  /** What a registry listed at another time; undefined: what it lists now. @throws Refusal `pack_not_found` */
  readonly listAt?: ((registry: OpenRegistry, name: string) => Promise<readonly Listed[]>) | undefined;
}

/** What a set was chosen from. */
export interface Gathered extends Solution {
  /** By name, where the pack was listed. */
  readonly listed: ReadonlyMap<string, readonly Listed[]>;
  /** Higher versions that everybody admits but the policies, or what they need themselves; by name. */
  readonly passed: ReadonlyMap<string, readonly PassedOver[]>;
}

const AT_ONCE = 24;
const MAX_NAMES = 1_000;
const MAX_MANIFESTS = 5_000;
const MAX_VERSIONS = 10_000;
/** Of all packs together. */
const MAX_LISTED = 400_000;

const ABSENT: ReadonlySet<RefusalCode> = new Set(['pack_not_found', 'pack_version_unpublished']);
const isAbsence = (error: unknown): error is Refusal => error instanceof Refusal && ABSENT.has(error.code);
const isNoName = (error: unknown): error is Refusal =>
  isAbsence(error) || (error instanceof Refusal && error.code === 'policy_refused');

/** Everything learned. */
interface Memory {
  readonly listed: Map<string, readonly Listed[]>;
  readonly candidates: Map<string, Candidate | undefined>;
  /** What the policies say, by the base of the registry they are asked with. */
  readonly admits: Map<string, Admit>;
  /** Why something is not there, in the words of whoever says so; by name or `name@version`. */
  readonly absences: Map<string, Refusal>;
  /** How many were listed. */
  versions: number;
}

const emptyMemory = (): Memory => ({
  listed: new Map(),
  candidates: new Map(),
  admits: new Map(),
  absences: new Map(),
  versions: 0,
});

/** A policy says the same of the same version, however often the search comes by. */
const once = (admit: Admit): Admit => {
  const said = new WeakMap<Candidate, { readonly denial: Denial | undefined }>();
  return (candidate) => {
    const known = said.get(candidate) ?? { denial: admit(candidate) };
    said.set(candidate, known);
    return known.denial;
  };
};

/** A version may be listed in both trees: yanked in one of them, it is yanked. */
const unique = (name: string, rows: readonly Listed[]): readonly Listed[] => {
  if (rows.length > MAX_VERSIONS)
    throw refusal('registry', 'reply_too_large', { name, versions: rows.length, most: MAX_VERSIONS });
  const byVersion = new Map<string, Listed>();
  for (const row of rows) {
    const before = byVersion.get(row.version);
    byVersion.set(
      row.version,
      before === undefined ? row : { ...before, yanked: before.yanked || row.yanked },
    );
  }
  return [...byVersion.values()];
};

/** A name that the policies let nobody be asked for, or that nobody has, may still not be needed in the end. */
const listName = async (the: GatherDeps, memory: Memory, name: string): Promise<void> => {
  memory.listed.set(name, []);
  const parsed = parsePackName(name);
  if (!parsed.ok) return;
  try {
    requireNameAllowed(the.policy?.rules ?? [], name);
    const registry = await the.sources.registryFor(parsed.value);
    const listed = the.listAt ?? ((from: OpenRegistry) => listVersions(from, parsed.value, the.policy?.tree));
    const rows = unique(name, await listed(registry, name));
    memory.versions += rows.length;
    if (memory.versions > MAX_LISTED)
      throw refusal('registry', 'reply_too_large', { name, versions: memory.versions, most: MAX_LISTED });
    memory.listed.set(name, rows);
  } catch (error) {
    if (!isNoName(error)) throw error;
    memory.absences.set(name, error);
  }
};

const noteAdmit = async (the: GatherDeps, memory: Memory, registry: OpenRegistry): Promise<void> => {
  const { rules = [] } = the.policy ?? {};
  const { base } = registry.reader;
  if (rules.length === 0 || memory.admits.has(base)) return;
  memory.admits.set(base, admitBy(rules, await contextFor(registry, rules)));
};

const fetchVersion = async (
  the: GatherDeps,
  memory: Memory,
  { name, version }: VersionName,
): Promise<void> => {
  const key = versionKey(name, version);
  memory.candidates.set(key, undefined);
  const [pack, exact] = [parsePackName(name), parsePackVersion(version)];
  if (!pack.ok || !exact.ok) return;
  try {
    requireNameAllowed(the.policy?.rules ?? [], name);
    const registry = await the.sources.registryFor(pack.value);
    await noteAdmit(the, memory, registry);
    const listed = memory.listed.get(name)?.find((each) => each.version === version);
    // What was published since is none of the versions of that time, whoever names it.
    if (the.listAt !== undefined && listed === undefined) return;
    const question = { registry, name: pack.value, version: exact.value, listed };
    const timed = memory.admits.size > 0;
    memory.candidates.set(key, await fetchCandidate({ ...question, tree: the.policy?.tree, timed }));
  } catch (error) {
    if (!isNoName(error)) throw error;
    memory.absences.set(key, error);
  }
};

/** Before anybody is asked: one manifest may name a thousand packs. */
const requireBounded = ({ listed, candidates }: Memory, need: Need): void => {
  const evidence = {
    packs: listed.size + need.names.length,
    versions: candidates.size + need.versions.length,
  };
  if (evidence.packs <= MAX_NAMES && evidence.versions <= MAX_MANIFESTS) return;
  const message = `The search was given up: more than ${MAX_NAMES} packs or ${MAX_MANIFESTS} manifests were needed.`;
  throw refusal('registry', 'resolution_gave_up', evidence, message);
};

const learn = async (the: GatherDeps, memory: Memory, need: Need): Promise<void> => {
  const { names, versions } = need;
  requireBounded(memory, need);
  const named = the.listAt === undefined ? [] : versions.map(({ name }) => name);
  const unlisted = new Set([...names, ...named.filter((name) => !memory.listed.has(name))]);
  await inLanes(unlisted, AT_ONCE, (name) => listName(the, memory, name));
  await inLanes(versions, AT_ONCE, (version) => fetchVersion(the, memory, version));
};

/** Names that differ only in case are one name, and one directory on many disks: a registry that has both is no sound one. */
const requireDistinct = (packs: readonly Candidate[]): void => {
  const names = new Map<string, string>();
  for (const { name } of packs) {
    const other = names.get(nameKey(name));
    names.set(nameKey(name), name);
    if (other === undefined) continue;
    const message = `${other} and ${name} differ only in case: they are one name, and one of them is asked for by mistake.`;
    throw refusal('registry', 'pack_dependency_conflict', { name, packName: name, other }, message);
  }
};

/** What you asked for and is not there, in the words of whoever said so; else who asked for what. */
const refuse = (memory: Memory, conflict: Conflict): Refusal => {
  const { name, wishes, code } = conflict;
  const [wish] = wishes;
  const said =
    memory.absences.get(versionKey(name, wish?.range ?? '')) ??
    (code === 'pack_not_found' ? memory.absences.get(name) : undefined);
  if (said !== undefined && (said.code === 'policy_refused' || (wishes.length === 1 && wish?.by === 'you')))
    return said;
  return refuseConflict(conflict, memory.listed.get(name) ?? []);
};

/**
 * One version of each pack that is asked for, and of all that those need.
 * @throws Refusal `pack_not_found`, `no_version_satisfies`, `pack_dependency_conflict`, `pack_dependency_cycle`,
 *   `policy_refused`, `resolution_gave_up`; those of a registry that cannot be asked
 */
export const gather = async (the: GatherDeps, wishes: readonly Wish[]): Promise<Gathered> => {
  const memory = emptyMemory();
  const admit = once((candidate) => memory.admits.get(candidate.registry)?.(candidate));
  const problem = { wishes, overrides: the.overrides, admit, effort: effortOf() };
  for (;;) {
    const outcome = solve(problem, memory);
    if ('solution' in outcome) {
      const { packs } = outcome.solution;
      requireDistinct(packs);
      const names = packs.map(({ name }) => name).filter((name) => the.listAll && !memory.listed.has(name));
      await learn(the, memory, { names, versions: [] });
      return { packs, listed: memory.listed, passed: passedOverIn(problem, memory, packs) };
    }
    if ('conflict' in outcome) throw refuse(memory, outcome.conflict);
    await learn(the, memory, outcome.need);
  }
};
