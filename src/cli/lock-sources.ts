// Which registries a set of packs is looked for at: those of the policies, else those that were named or locked.
import { lockedBases } from '../client/lock/frozen.ts';
import { registryBase } from '../client/network/http-url.ts';
import type { OpenRegistryOptions } from '../client/open-registry.ts';
import type { SourcesOf } from '../client/policy/open-sources.ts';
import { sourcesFor } from '../client/policy/sources.ts';
import { isPrivateNamespace } from '../protocol/pack-id.ts';
import type { Settings } from './command.ts';
import type { PolicyOptions } from './commands/trust-options.ts';
import { type Governed, governedBy } from './governed.ts';
import type { LockOnDisk } from './lock-files.ts';
import { registryOptions } from './trust-policy.ts';

/** Token, memory and a root without an address are of the one registry that was named; another one gets none of them. */
const optionsAt = (
  plain: OpenRegistryOptions,
  base: string,
  only: boolean,
  { given, rootFor }: Governed,
): OpenRegistryOptions => {
  const pinnedRoot = given.named || only ? rootFor(base) : undefined;
  if (base === registryBase(plain.url)) return { ...plain, pinnedRoot: pinnedRoot ?? plain.pinnedRoot };
  return { ...plain, statePath: only ? plain.statePath : undefined, pinnedRoot, url: base, token: undefined };
};

const unique = (urls: readonly string[]): readonly string[] => [...new Set(urls.map(registryBase))];

type BasesOf = (name: string) => readonly string[];

/** A lockfile must not lead a token, or a name that a policy binds, to another registry. */
const governed = async (settings: Settings, options: PolicyOptions, basesOf: BasesOf): Promise<Governed> => {
  const its = await governedBy(settings, options);
  const plain = await registryOptions(settings, options);
  const sourcesOf: SourcesOf = (name) => {
    if (sourcesFor(its.policies, name) !== undefined) return its.sourcesOf(name);
    const bases = basesOf(name);
    return bases.map((base) => optionsAt(plain, base, bases.length === 1, its));
  };
  return { ...its, sourcesOf };
};

/**
 * To choose from: what is named now, else what the lockfile before was chosen from. A private name is asked for at the
 * first of them alone, unless a policy binds it to another: the others need not learn of it, nor answer in its place.
 */
export const sourcesToChoose = (
  settings: Settings,
  options: PolicyOptions & { readonly registry?: readonly string[] },
  before: LockOnDisk | undefined,
): Promise<Governed> => {
  const { registry, fallbackRegistries = [] } = before?.lock ?? {};
  const named = settings.urlGiven === true || options.registry !== undefined || registry === undefined;
  const bases = unique(
    named ? [settings.url, ...(options.registry ?? [])] : [registry, ...fallbackRegistries],
  );
  return governed(settings, options, (name) => (isPrivateNamespace(name) ? bases.slice(0, 1) : bases));
};

/** To install from: a registry that is named is asked first, as a mirror is, and then the ones that the lockfile names. */
export const sourcesToInstall = (
  settings: Settings,
  options: PolicyOptions,
  { lock, companion }: LockOnDisk,
): Promise<Governed> =>
  governed(settings, options, (name) => {
    const locked = lockedBases(lock, companion, name);
    return unique(settings.urlGiven === true || locked.length === 0 ? [settings.url, ...locked] : locked);
  });
