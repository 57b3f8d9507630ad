// Changes a manifest in one small way after another: deterministic, so that a failure names its seed.
import type { JsonObject, JsonValue } from '../../../keys/canonical.ts';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Holder = Json[] | { [name: string]: Json };

export type Random = () => number;

/** Mulberry32: small, seedable, good enough to pick with. */
export const randomFrom = (seed: number): Random => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
};

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;

const LENGTHS = [0, 1, 2, 3, 64, 65, 100, 101, 128, 129, 200, 201, 255, 256, 257, 300, 301];
const LONG = [500, 501, 1000, 1001, 1024, 1025, 2000, 2001, 65_536, 65_537];
const TEXTS = [
  ...[
    '',
    ' ',
    'a',
    'A',
    '-',
    'x-',
    'x-a',
    '__proto__',
    'constructor',
    'node',
    'remote',
    'cobol',
    'typescript',
  ],
  ...[
    'core.a.b',
    'core.a',
    'Core.a.b',
    'core.a.B',
    'core.A.b',
    'local.a.b',
    'core.a.b.',
    'vendor.a_1.b-2.cD',
  ],
  ...[
    '1.0.0',
    '01.0.0',
    '1.0',
    'v1.0.0',
    '1.0.0-rc.1',
    '1.0.0+b',
    '1.0.0-',
    '>=1.0.0',
    '>=2.0.0',
    '*',
    'latest',
  ],
  ...['<1.0.0', '^1.0.0 || ^2.0.0', '>=1.0.0 <3.0.0', '1.x', '>=1 <2', 'supported', 'manual', 'sigstore'],
  ...[
    'https://a.example',
    'http://a.example',
    'HTTPS://a',
    'https://',
    'urn:a:b',
    '/a',
    'a b',
    'https://a b',
  ],
  ...[
    'http://[::1]',
    'https://a/%zz',
    'a.example',
    'A.example',
    '127.0.0.1',
    '*.a.example',
    'a.example:8',
    'a',
  ],
  ...[
    'a..b',
    '-a.example',
    'a-.example',
    'a.1',
    'a.b1',
    `${'a'.repeat(64)}.example`,
    'a.example.',
    'é.example',
  ],
  ...[
    '2026-01-01T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01',
    '2026-01-01T00:00:00',
    'prompt:a',
    'prompt:A',
  ],
  ...[
    'prompt:a@1.0.0',
    'prompt:a@1',
    'text',
    'vendor.a.b',
    'vendor.a',
    'email',
    'a\nb',
    '1a',
    '_a',
    'a.b',
    'a b.c',
  ],
];
const NAMES = [
  ...[
    'x-note',
    'openwop-note',
    'vendor.acme',
    'extra',
    'token',
    'signing',
    'runtime',
    'nodes',
    'chains',
    'kind',
  ],
  ...[
    'workflowId',
    'subChainRef',
    'systemPrompt',
    'when',
    'vendor',
    'mcpServer',
    'provider',
    'description',
    'id',
  ],
  ...['host.media', 'title', '__proto__', 'compensation', 'facets', 'optional', 'apiHosts'],
];
const NUMBERS = [0, -0, -1, 1, 2, 2.1, 0.5, 1.5, 1e21, -1e-9, 250, 1e300];

const long = (random: Random): string => {
  const length = pick(random, random() < 0.8 ? LENGTHS : LONG);
  return pick(random, ['a', 'é', '😀', 'core.a.b'.padEnd(8, 'c')])
    .repeat(length)
    .slice(0, length * 2);
};

const anyText = (random: Random): string => (random() < 0.3 ? long(random) : pick(random, TEXTS));

const anyValue = (random: Random): Json =>
  pick<() => Json>(random, [
    () => null,
    () => random() < 0.5,
    () => pick(random, NUMBERS),
    () => anyText(random),
    () => [],
    () => ({}),
    () => [anyText(random)],
    () => ({ [pick(random, NAMES)]: anyText(random) }),
  ])();

const holders = (root: Holder): Holder[] => {
  const found: Holder[] = [];
  const todo: Json[] = [root];
  for (let here = todo.pop(); here !== undefined; here = todo.pop()) {
    if (typeof here !== 'object' || here === null) continue;
    found.push(here);
    todo.push(...Object.values(here));
  }
  return found;
};

const put = (holder: Holder, key: string, value: Json): void => {
  if (Array.isArray(holder)) holder[Number(key)] = value;
  else Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
};

const take = (holder: Holder, key: string): void => {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
};

const grow = (random: Random, holder: Holder, key: string | undefined): void => {
  if (!Array.isArray(holder)) {
    put(holder, pick(random, NAMES), anyValue(random));
    return;
  }
  const copied = key === undefined ? anyValue(random) : structuredClone(holder[Number(key)] as Json);
  const times =
    random() < 0.1 ? pick(random, [31, 32, 33, 49, 50, 51, 99, 100, 101, 199, 200, 201, 250, 251]) : 1;
  for (let count = 0; count < times; count++) holder.push(structuredClone(copied));
};

const rename = (random: Random, holder: Holder, key: string): void => {
  const value = (holder as { [name: string]: Json })[key] as Json;
  take(holder, key);
  if (Array.isArray(holder)) holder.push(value);
  else put(holder, random() < 0.5 ? pick(random, NAMES) : key.toUpperCase(), value);
};

const change = (random: Random, root: Holder, known: readonly Json[]): void => {
  const holder = pick(random, holders(root));
  const keys = Object.keys(holder);
  const key = keys.length === 0 ? undefined : pick(random, keys);
  if (key === undefined) {
    grow(random, holder, undefined);
    return;
  }
  pick<() => void>(random, [
    () => take(holder, key),
    () => grow(random, holder, key),
    () => rename(random, holder, key),
    () => put(holder, key, anyValue(random)),
    () => put(holder, key, anyText(random)),
    () => put(holder, key, pick(random, NUMBERS)),
    () => put(holder, key, structuredClone(pick(random, known))),
  ])();
};

/** A copy of the manifest with one to three changes, drawn from `random`. */
export const mutated = (manifest: JsonValue, random: Random): JsonObject => {
  const copy = structuredClone(manifest) as { [name: string]: Json };
  const known = holders(copy).flatMap((holder) => Object.values(holder));
  const times = 1 + Math.floor(random() ** 2 * 3);
  for (let count = 0; count < times; count++) change(random, copy, known);
  return copy;
};
