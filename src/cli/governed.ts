// What the options of trust mean where policies are in force: whatever they ask for may only be stricter.
import { equalBytes } from '../../keys/bytes.ts';
import { registryBase } from '../client/network/http-url.ts';
import type { OpenRegistryOptions } from '../client/open-registry.ts';
import type { SourcesOf } from '../client/policy/open-sources.ts';
import type { Policy, PolicyRegistry } from '../client/policy/policy.ts';
import { sourcesFor } from '../client/policy/sources.ts';
import { looseningsIn, withPolicies } from '../client/policy/with-policies.ts';
import type { VerifyPolicy } from '../client/verify.ts';
import type { Settings } from './command.ts';
import type { PolicyOptions } from './commands/trust-options.ts';
import { UsageError } from './failure.ts';
import { type GivenRoots, givenRoots, requireRoot } from './given-roots.ts';
import { type LoadedPolicies, loadPolicies } from './policy-files.ts';
import { policyOf, registryOptions } from './trust-policy.ts';

/** What a command goes by: the policies, what is asked of every version, and where names are looked for. */
export interface Governed {
  readonly policies: readonly Policy[];
  readonly verifyPolicy: VerifyPolicy;
  readonly sourcesOf: SourcesOf;
  /** The root to start from at that registry. */
  readonly rootFor: (base: string) => Uint8Array | undefined;
  /** What was named on the command line. */
  readonly given: GivenRoots;
}

const FLAGS = { allowUnsigned: '--allow-unsigned', allowRotatedKeys: '--allow-rotated-keys' } as const;

const requireStricter = (policies: readonly Policy[], options: PolicyOptions): void => {
  const [loose] = looseningsIn(policies, policyOf(options));
  if (loose === undefined) return;
  const { option, policy } = loose;
  throw new UsageError(
    `${FLAGS[option]} would loosen ${policy.file}#/mode (${policy.mode}); options may only be stricter than a policy.`,
  );
};

/** A root that is named beside one that a policy pins has to be that one. */
const rootsWith =
  ({ roots }: LoadedPolicies, given: GivenRoots) =>
  (base: string): Uint8Array | undefined => {
    const pinned = roots.get(base);
    if (pinned === undefined) return requireRoot(given, base);
    const named = given.find(base);
    if (named !== undefined && !equalBytes(pinned, named))
      throw new UsageError(`--root is another root than the policy pins for ${base}.`);
    return pinned;
  };

/** The one that was named, where one was; naming one that the policies do not admit is a mistake. */
const narrowed = (
  sources: readonly PolicyRegistry[],
  { url, urlGiven }: Settings,
  name: string,
): readonly PolicyRegistry[] => {
  if (urlGiven !== true) return sources;
  const found = sources.filter((each) => each.url === registryBase(url));
  if (found.length > 0) return found;
  const admitted = sources.map((each) => each.url).join(', ');
  throw new UsageError(`The policy takes ${name} from ${admitted}, not from ${url}; leave out --url.`);
};

/** A token is for one registry: the one that was named, the only one there is, or the one that a policy gives it to. */
const takesToken = (
  policies: readonly Policy[],
  { url, token }: PolicyRegistry,
  { urlGiven }: Settings,
): boolean => {
  const known = new Set(policies.flatMap(({ registries }) => registries.map((each) => each.url)));
  const given = policies.some(({ registries }) => registries.some((each) => each.url === url && each.token));
  return urlGiven === true || token || given || known.size === 1;
};

const requireOne = (
  sources: readonly PolicyRegistry[],
  { state }: PolicyOptions,
  { named, find }: GivenRoots,
): void => {
  if (sources.length < 2) return;
  const rootOfOne = !named && sources.some(({ url }) => find(url) !== undefined);
  if (rootOfOne)
    throw new UsageError('--root is about one registry: say with --url about which, or --root URL=FILE.');
  if (state !== undefined) throw new UsageError('--state is about one registry: say with --url about which.');
};

/** @throws UsageError for an option that would loosen a policy; PolicyInvalid */
export const governedBy = async (settings: Settings, options: PolicyOptions): Promise<Governed> => {
  const loaded = await loadPolicies(options.policy);
  const { policies } = loaded;
  requireStricter(policies, options);
  const given = await givenRoots(options);
  const rootFor = rootsWith(loaded, given);
  const plain = await registryOptions(settings, options);
  const sourceOf = (source: PolicyRegistry): OpenRegistryOptions => ({
    ...plain,
    url: source.url,
    token: takesToken(policies, source, settings) ? plain.token : undefined,
    pinnedRoot: rootFor(source.url),
  });
  const sourcesOf: SourcesOf = (name) => {
    const sources = sourcesFor(policies, name);
    if (sources === undefined) return [{ ...plain, pinnedRoot: rootFor(registryBase(plain.url)) }];
    const narrow = narrowed(sources, settings, name);
    requireOne(narrow, options, given);
    return narrow.map(sourceOf);
  };
  return { policies, verifyPolicy: withPolicies(policies, policyOf(options)), sourcesOf, rootFor, given };
};

/** Shown before everything else, and not only once. */
export const openModeLines = (policies: readonly Policy[]): readonly string[] =>
  policies
    .filter(({ mode }) => mode === 'open')
    .map(
      ({ file }) =>
        `WARNING: ${file} is in OPEN MODE: packs are taken that nobody signed. For development only.`,
    );
