// Chooses the highest version of a range that the policies let, and says which higher ones were passed over and why.
import type { PackName, PackVersion } from '../../protocol/pack-id.ts';
import { compareVersions, parseRange } from '../../protocol/semver-range.ts';
import { refusal } from '../refusal.ts';
import type { OpenRegistry } from '../registry.ts';
import { fetchCandidate } from '../resolve/candidate.ts';
import { listVersions, type PackRequest, resolveRequest, type Wanted } from '../resolve.ts';
import type { VerifyPolicy } from '../verify.ts';
import { admitBy } from './admit.ts';
import { contextFor } from './require-policy.ts';

/** A higher version that the range admits, and the policy or what the version needs itself does not. */
export interface PassedOver {
  readonly version: string;
  /** The line of the policy, or `dependencies`. */
  readonly rule: string;
  readonly message: string;
}

export interface Chosen {
  readonly wanted: Wanted;
  /** From the highest down. */
  readonly passed: readonly PassedOver[];
}

/** Each costs a document or two, and a policy that passes over so many has said what it wants to say. */
const MAX_PASSED = 64;

/** Versions that the range admits and that were not yanked, the highest first. */
const fitting = async (
  registry: OpenRegistry,
  { name, range }: PackRequest,
  policy: VerifyPolicy,
): Promise<readonly PackVersion[]> => {
  const listed = await listVersions(registry, name, policy.tree);
  const yanked = new Set(listed.filter((each) => each.yanked).map((each) => each.version));
  const admits = parseRange(range)?.admits ?? (() => false);
  const versions = [...new Set(listed.map((each) => each.version))];
  const sound = versions.filter((version) => !yanked.has(version) && admits(version));
  return sound.sort((a, b) => compareVersions(b, a));
};

const noneAdmitted = (name: PackName, range: string, passed: readonly PassedOver[]) => {
  const [first] = passed;
  const evidence = { name, range, rule: first?.rule ?? null, passedOver: passed.slice(0, 20) };
  const message = `No version of ${name} that ${range} admits is admitted by the policy. ${first?.message ?? ''}`;
  return refusal('policy', 'policy_refused', evidence, message);
};

/**
 * The version that a request stands for under the policies. An exact version is not looked up: its verification judges
 * it.
 * @throws Refusal `policy_refused` where every version of the range is passed over; those of `resolveRequest`
 */
export const chooseVersion = async (
  registry: OpenRegistry,
  request: PackRequest,
  policy: VerifyPolicy = {},
): Promise<Chosen> => {
  const { rules = [], tree } = policy;
  if (rules.length === 0 || request.exact !== undefined)
    return { wanted: await resolveRequest(registry, request, tree), passed: [] };
  const { name, range } = request;
  const admit = admitBy(rules, await contextFor(registry, rules));
  // The log's time, where there is a log: so nothing is chosen that would be found too young.
  const timed = rules.some((each) => each.minimumAge !== undefined);
  const passed: PassedOver[] = [];
  for (const version of (await fitting(registry, request, policy)).slice(0, MAX_PASSED)) {
    const denial = admit(await fetchCandidate({ registry, name, version, tree, listed: undefined, timed }));
    if (denial === undefined) return { wanted: { name, version, asked: 'range' }, passed };
    passed.push({ version, ...denial });
  }
  if (passed.length > 0) throw noneAdmitted(name, range, passed);
  return { wanted: await resolveRequest(registry, request, tree), passed };
};
