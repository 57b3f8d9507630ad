// Holds what a bundle has from where against the order in which policies have registries asked. Pure.
import type { InstalledVersion } from '../install.ts';
import { sourcesFor } from '../policy/sources.ts';
import { Refusal, refusal } from '../refusal.ts';
import type { VerifyPolicy } from '../verify.ts';
import type { LockBundleHead } from './format.ts';

type Asked = VerifyPolicy | undefined;

const admittedFor = (policy: Asked, name: string): readonly string[] | undefined =>
  sourcesFor(policy?.rules ?? [], name)?.map(({ url }) => url);

/** The registries that the policies put before the one that the bundle has a pack from. */
const earlierFor = ({ sources }: LockBundleHead, policy: Asked, name: string): readonly string[] => {
  const admitted = admittedFor(policy, name) ?? [];
  return admitted.slice(0, Math.max(admitted.indexOf(sources[name] ?? ''), 0));
};

const cureFor = (name: string, asked: string): string =>
  `The policy asks ${asked} for ${name} first, and the bundle does not hold its answer. Bind the name to its own registry ("names" of /registries), or make the bundle under this policy.`;

/**
 * Where policies say who may be asked, everybody whom they put before the one that had it has to have had it not.
 * @throws Refusal `bundle_incomplete`, `policy_refused`
 */
export const basesFor = (head: LockBundleHead, policy: Asked, name: string): readonly string[] => {
  const base = head.sources[name];
  if (base === undefined) throw refusal('registry', 'bundle_incomplete', { name });
  const admitted = admittedFor(policy, name);
  if (admitted === undefined) return [base];
  if (admitted.includes(base)) return [...earlierFor(head, policy, name), base];
  const message = `The policy takes ${name} from other registries than ${base}, which the bundle has it from.`;
  throw refusal('policy', 'policy_refused', { name, registry: base, admitted }, message);
};

/** What was not asked when the bundle was made cannot be asked now. */
export const withCure = (error: unknown, head: LockBundleHead, policy: Asked): unknown => {
  if (!(error instanceof Refusal) || error.code !== 'bundle_incomplete') return error;
  for (const { name } of head.lock.packs) {
    const [first] = earlierFor(head, policy, name);
    if (first === undefined) continue;
    const evidence = { ...error.evidence, name, asked: first };
    return refusal(error.question, error.code, evidence, cureFor(name, first), error);
  }
  return error;
};

/** Nobody signs that he does not have something: offline it is the word of whoever made the bundle. */
export const withDoubt = (head: LockBundleHead, policy: Asked, found: InstalledVersion): InstalledVersion => {
  const earlier = earlierFor(head, policy, found.name);
  if (earlier.length === 0) return found;
  const doubt = `that ${earlier.join(', ')} has no ${found.name} is the word of the bundle alone: bind the name to its registry ("names" of /registries)`;
  const { verified, warnings = [] } = found;
  if (verified === undefined) return { ...found, warnings: [...warnings, doubt] };
  return { ...found, verified: { ...verified, warnings: [...verified.warnings, doubt] } };
};
