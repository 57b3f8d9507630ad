// Damages bytes: a small set of changes, each the kind of thing that breaks parsers, out of one seeded generator.

export interface Random {
  /** A whole number from 0 up to and without `below`. */
  readonly below: (below: number) => number;
  readonly pick: <T>(items: readonly T[]) => T;
}

/** The same numbers for the same seed, on every machine (mulberry32). */
export const randomFrom = (seed: number): Random => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
  };
};

/** Tokens that mean something to one parser or another. */
const TOKENS = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '"',
    ':',
    ',',
    '\\',
    '/',
    '.',
    '-',
    '+',
    '*',
    '^',
    '~',
    '=',
    ' ',
    '\t',
    '\n',
    '\r\n',
  ],
  ...['0', '00', '-0', '1e999', '9007199254740993', '18446744073709551616', 'null', 'true', '"__proto__":'],
  ...[
    '..',
    '../',
    './',
    '\0',
    '\u{feff}',
    '\u{fffd}',
    '\u{1f600}',
    '\\ud800',
    'é',
    'e\u{301}',
    'İ',
    'sha256-',
  ],
  ...['||', '>=', '<', 'x', 'v1', 'W/', 'bytes=', '— ', 'A'.repeat(64), '='.repeat(4)],
].map((text) => Buffer.from(text));

const EDGES = [0x00, 0x01, 0x1f, 0x20, 0x7f, 0x80, 0xbf, 0xc0, 0xed, 0xf4, 0xfe, 0xff];

type Change = (bytes: Buffer, random: Random, others: readonly Uint8Array[]) => Buffer;

const spliced = (bytes: Buffer, at: number, cut: number, put: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]);

const CHANGES: readonly Change[] = [
  (bytes, { below }) => {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) copy[below(copy.length)] = below(256);
    return copy;
  },
  (bytes, { below, pick }) => {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) copy[below(copy.length)] = pick(EDGES);
    return copy;
  },
  (bytes, { below }) => {
    const copy = Buffer.from(bytes);
    const at = below(copy.length + 1);
    if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << below(8));
    return copy;
  },
  (bytes, { below, pick }) => spliced(bytes, below(bytes.length + 1), 0, pick(TOKENS)),
  (bytes, { below, pick }) => spliced(bytes, below(bytes.length + 1), below(8), pick(TOKENS)),
  (bytes, { below }) => spliced(bytes, below(bytes.length + 1), below(bytes.length + 1), Buffer.alloc(0)),
  (bytes, { below }) => bytes.subarray(0, below(bytes.length + 1)),
  (bytes, { below }) => {
    const at = below(bytes.length + 1);
    const part = bytes.subarray(at, at + 1 + below(64));
    return spliced(bytes, at, 0, Buffer.concat(Array.from({ length: 1 + below(4) }, () => part)));
  },
  (bytes, { below, pick }, others) => {
    const other = Buffer.from(pick(others));
    const from = below(other.length + 1);
    return spliced(bytes, below(bytes.length + 1), below(32), other.subarray(from, from + below(128)));
  },
];

const MOST_CHANGES = 4;
const MOST_BYTES = 64 * 1024;

/** One of `corpus`, changed a few times. */
export const mutated = (corpus: readonly Uint8Array[], random: Random): Buffer => {
  let bytes: Buffer = Buffer.from(random.pick(corpus));
  for (let left = 1 + random.below(MOST_CHANGES); left > 0; left -= 1)
    bytes = random.pick(CHANGES)(bytes, random, corpus).subarray(0, MOST_BYTES);
  return Buffer.from(bytes);
};
