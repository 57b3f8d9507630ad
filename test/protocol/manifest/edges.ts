// Takes a manifest to the edges of what it may hold, one place at a time: every length, every size, every absence.
import type { JsonObject, JsonValue } from '../../../keys/canonical.ts';
import { edited } from '../../world/manifests.ts';

const LIMITS = [
  0, 1, 3, 32, 50, 61, 62, 63, 64, 100, 127, 128, 200, 250, 253, 255, 256, 300, 500, 1000, 1024, 2000,
];
const LENGTHS = [...new Set(LIMITS.flatMap((limit) => [limit, limit + 1]))];
const LONG_LENGTHS = [65_536, 65_537];
const SIZES = [0, 1, 2, 32, 33, 50, 51, 100, 101, 200, 201, 250, 251];
const NUMBERS = [-1, 0, 0.5, 1, 1.5, 2, 2.1, 3];
const OF_ANY_TYPE: readonly JsonValue[] = [null, true, false, 7, 'a', [], {}, ['a'], { a: 1 }];
const IDS = [
  'id',
  'typeId',
  'agentId',
  'templateId',
  'chainId',
  'cardTypeId',
  'artifactTypeId',
  'templateId',
];

/** The text made exactly so long, growing in front or behind so that it stays in its pattern where it can. */
const lengthened = (text: string, length: number): readonly string[] => {
  const missing = length - text.length;
  if (missing <= 0) return [text.slice(0, length)];
  return [text + 'a'.repeat(missing), 'a'.repeat(missing) + text];
};

/** A copy under another id, so that a list can grow without repeating itself. */
const another = (entry: JsonValue, index: number): JsonValue => {
  if (typeof entry === 'string') return `${entry}x${index}`;
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return entry;
  const renamed = Object.entries(entry).map(([name, value]) =>
    IDS.includes(name) && typeof value === 'string' ? [name, `${value}x${index}`] : [name, value],
  );
  return Object.fromEntries(renamed);
};

const resized = (list: readonly JsonValue[], size: number): readonly JsonValue[] =>
  Array.from({ length: size }, (_, index) => list[index] ?? another(list[0] ?? 'a', index));

const insteadOf = (value: JsonValue, where: string): readonly (JsonValue | undefined)[] => {
  const common = [undefined, ...OF_ANY_TYPE];
  if (typeof value === 'string') {
    const lengths = where.endsWith('/text') ? LONG_LENGTHS : LENGTHS;
    return [
      ...common,
      ...lengths.flatMap((length) => lengthened(value, length)),
      value.toUpperCase(),
      `${value}\n`,
    ];
  }
  if (typeof value === 'number') return [...common, ...NUMBERS];
  if (Array.isArray(value))
    return [...common, ...SIZES.map((size) => resized(value, size)), [value[0] ?? 1, value[0] ?? 1]];
  if (typeof value === 'object' && value !== null)
    return [...common, { ...value, extra: 1 }, { ...value, 'x-extra': 1 }];
  return common;
};

function* places(value: JsonValue, where = ''): Generator<readonly [string, JsonValue]> {
  if (where !== '') yield [where, value];
  if (typeof value !== 'object' || value === null) return;
  for (const [name, each] of Object.entries(value)) yield* places(each, `${where}/${name}`);
}

/** The manifest with one place changed, for every place and every edge. */
export function* atItsEdges(manifest: JsonObject): Generator<readonly [string, JsonObject]> {
  for (const [where, value] of places(manifest)) {
    for (const other of insteadOf(value, where)) {
      yield [where, edited(manifest, { [where]: other })];
    }
  }
}
