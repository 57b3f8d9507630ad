// Which registries may be asked for a name, and in which order: a name that is bound to one is asked there alone. Pure.
import { isPrivateNamespace, patternCovers } from '../../protocol/pack-id.ts';
import { refusal } from '../refusal.ts';
import { nameFindings } from './modes.ts';
import type { Policy, PolicyRegistry } from './policy.ts';

/** How much of a name a pattern says; the registry that says the most has it. */
const precisionFor = ({ names }: PolicyRegistry, name: string): number =>
  Math.max(
    0,
    ...names.filter((each) => patternCovers(each, name)).map((each) => each.replace(/\*$/, '').length),
  );

/** An exact name says more than any prefix of it. */
const boundTo = ({ registries }: Policy, name: string): PolicyRegistry | undefined => {
  const [best] = registries
    .map((registry) => ({ registry, precision: precisionFor(registry, name) }))
    .filter(({ precision }) => precision > 0)
    .sort((a, b) => b.precision - a.precision);
  return best?.registry;
};

/**
 * Undefined where the policy names no registries. A private name that is bound to none is asked nowhere: whoever could
 * register it at a public registry would be installed in its place.
 */
export const sourcesIn = (policy: Policy, name: string): readonly PolicyRegistry[] | undefined => {
  if (policy.registries.length === 0) return undefined;
  const bound = boundTo(policy, name);
  if (bound !== undefined) return [bound];
  return isPrivateNamespace(name) ? [] : policy.registries;
};

const refuseName = (file: string, rule: string, name: string, message: string, cure: string) =>
  refusal('policy', 'policy_refused', { rule: `${file}#${rule}`, name, cure }, `${file}#${rule}: ${message}`);

/** Before any registry is asked. @throws Refusal `policy_refused` for a name that no registry need be asked for */
export const requireNameAllowed = (policies: readonly Policy[], name: string): void => {
  for (const policy of policies) {
    const [found] = nameFindings(policy, name);
    if (found !== undefined) throw refuseName(policy.file, found.rule, name, found.message, found.cure);
  }
};

const UNBOUND = 'Bind its prefix to one registry: "names" of that registry.';

/**
 * The registries to ask for a name, in order; undefined where no policy names any. Several policies: what all of them
 * admit, in the order of the first. Only a registry that has no such pack passes the question on to the next one.
 * @throws Refusal `policy_refused` where none is left
 */
export const sourcesFor = (
  policies: readonly Policy[],
  name: string,
): readonly PolicyRegistry[] | undefined => {
  let admitted: readonly PolicyRegistry[] | undefined;
  for (const policy of policies) {
    const sources = sourcesIn(policy, name);
    if (sources === undefined) continue;
    const urls = new Set(sources.map((each) => each.url));
    admitted = admitted === undefined ? sources : admitted.filter((each) => urls.has(each.url));
    if (admitted.length === 0)
      throw refuseName(policy.file, '/registries', name, `no registry may be asked for ${name}`, UNBOUND);
  }
  return admitted;
};
