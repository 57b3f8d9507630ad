// Finds in a host's document what a pack calls by name: a family, a facet of one, a surface, an extension. Pure.
import type { JsonObject, JsonValue } from '../../../keys/canonical.ts';
import { at, clipped, listOf, objectOf, textOf } from '../manifest/read.ts';
import { familyProblem, isFacet } from './claim.ts';
import { agentsBlocks, type HostView, placesOf, plain } from './host.ts';
import { ALIASES, FAMILIES, HOST_SURFACES, MEMORY, type Reading } from './tables.ts';

/** `why` says what the host has instead of it. */
export type Found = { readonly has: true; readonly values: readonly JsonValue[] } | NotFound;
export interface NotFound {
  readonly has: false;
  readonly why: string;
}

const missing = (why: string): NotFound => ({ has: false, why });

/** Deeper names than these nobody has. */
const MAX_PARTS = 8;
/** Of a list in a document. */
const MAX_WORDS = 1_000;

/** Where a v1 host may name it besides (host-capabilities.md §The contract pattern). */
const v1Values = (host: HostView, family: string): readonly (JsonValue | undefined)[] => [
  ...placesOf(host).map((place) => at(place, `host.${family}`)),
  ...(HOST_SURFACES.has(family) ? agentsBlocks(host).map((block) => at(block, family)) : []),
];

const present = (values: readonly (JsonValue | undefined)[]): readonly JsonValue[] =>
  values.filter((value) => value !== undefined);

/** In the order in which they are read: the root first (RFC 0073). */
const statedOf = (host: HostView, family: string): readonly JsonValue[] =>
  present([
    ...placesOf(host).map((place) => at(place, family)),
    ...(host.generation === 'v1' ? v1Values(host, family) : []),
  ]);

/** What stands at the root decides; a mirror of it elsewhere only adds to a claim, and so does an extension. */
const findFamily = (host: HostView, family: string): Found => {
  const stated = statedOf(host, family);
  const [first] = stated;
  const problem = first === undefined ? undefined : familyProblem(first, host.measure);
  if (problem !== undefined) return missing(problem);
  const claimed = stated.filter((each) => familyProblem(each, host.measure) === undefined);
  const values = [...claimed, ...(host.extensions.get(plain(family)) ?? [])];
  return values.length > 0 ? { has: true, values } : missing(`does not name ${clipped(family)}`);
};

const step = (values: readonly JsonValue[], name: string): readonly JsonValue[] =>
  values.flatMap((value) => {
    const next = at(value, name);
    return next !== undefined && isFacet(next) ? [next] : [];
  });

const walk = (found: Found, { family, path }: Reading): Found => {
  if (!found.has) return found;
  let { values } = found;
  for (const name of path) {
    values = step(values, name);
    if (values.length === 0)
      return missing(`has ${clipped(family)}, and not ${clipped(path.join('.'))} of it`);
  }
  return { has: true, values };
};

/** RFC 0070 §B: whoever has the runtime of agents has its floor. */
const isFloor = ({ family, path }: Reading): boolean => family === 'agents' && path[0] === 'manifestRuntime';

export const find = (host: HostView, reading: Reading): Found => {
  const found = walk(findFamily(host, reading.family), reading);
  if (found.has || !isFloor(reading) || reading.path.length > 1) return found;
  const whole = findFamily(host, 'agentRuntime');
  return whole.has ? whole : found;
};

/** A name of the v1 era as family and facets: `host.fs`, `openwop.agents.memoryBackends`, `aiProviders.imageGeneration`. */
export const readAlias = (key: string): Reading | undefined => {
  if (Object.hasOwn(ALIASES, key)) return ALIASES[key];
  const parts = key.replace(/^(?:host|openwop)\./, '').split('.');
  const [family = '', ...path] = parts;
  return FAMILIES.has(family) && parts.length <= MAX_PARTS ? { family, path } : undefined;
};

/** A name that no list has: as it stands, or as a path, or among the extensions. */
export const findLiteral = (host: HostView, key: string): Found => {
  const extensions = objectOf(at(host.root, 'extensions'));
  const places: readonly JsonObject[] = [
    ...placesOf(host),
    ...(extensions === undefined ? [] : [extensions]),
  ];
  const values = present(places.map((place) => at(place, key)));
  if (values.some((value) => familyProblem(value, host.measure) === undefined)) return { has: true, values };
  const [family = '', ...path] = key.split('.').slice(0, MAX_PARTS);
  return path.length === 0
    ? missing(`does not name ${clipped(key)}`)
    : walk(findFamily(host, family), { family, path });
};

const rung = (word: string): number => MEMORY.indexOf(plain(word));

/** `>=longTerm` of a list of kinds of memory, `>=2` of a version: a level that nobody claims is not there. */
export const reaches = (value: JsonValue, level: string): boolean => {
  const number = typeof value === 'number' ? value : at(value, 'version');
  if (/^\d{1,6}$/.test(level)) return typeof number === 'number' && number >= Number(level);
  const wanted = rung(level);
  return listOf(value)
    .slice(0, MAX_WORDS)
    .map((each) => textOf(each) ?? '')
    .some((word) => plain(word) === plain(level) || (wanted >= 0 && rung(word) >= wanted));
};
