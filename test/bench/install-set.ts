// A set of packs for the install bench: sizes as registries have them, in layers that need one another.
import { createHash } from 'node:crypto';
import { inLanes } from '../../storage/in-lanes.ts';
import { addressOf } from '../world/publisher.ts';
import { stated, statementHeaders } from '../world/statements.ts';
import type { Service } from './service.ts';

const LAYERS = 5;
const WORDS = 4_096;
const WORDS_PER_LINE = 8;
const AT_ONCE = 8;

/** How many of a hundred packs have that many kilobytes of sources, in so many files. */
export type Mix = readonly { readonly share: number; readonly kilobytes: number; readonly files: number }[];

/** Most packs are manifests, prompts and a page of code; some carry a bundled library; few are large. */
export const MIXED: Mix = [
  { share: 50, kilobytes: 16, files: 4 },
  { share: 30, kilobytes: 80, files: 6 },
  { share: 15, kilobytes: 500, files: 10 },
  { share: 5, kilobytes: 2_500, files: 16 },
];

/** Nothing but small ones: what is asked about a pack outweighs what is in it. */
export const SMALL: Mix = [{ share: 100, kilobytes: 12, files: 4 }];

export interface PackSet {
  /** What is asked for; the rest is needed by those. */
  readonly requests: readonly string[];
  /** Addresses of every tarball of the set. */
  readonly tarballs: readonly string[];
  readonly bytes: number;
  readonly files: number;
}

const vocabulary = Array.from({ length: WORDS }, (_, at) => {
  const digest = createHash('sha256').update(String(at)).digest('base64url');
  return digest.slice(0, 3 + (at % 9));
});

/** Text that packs about as well as source code does, and is the same in every run. */
const textOf = (bytes: number, seed: number): string => {
  const lines: string[] = [];
  let state = seed + 1;
  for (let length = 0; length < bytes; ) {
    const line = Array.from({ length: WORDS_PER_LINE }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return vocabulary[(((state >>> 8) ** 2 / 2 ** 48) * WORDS) | 0] ?? '';
    });
    lines.push(`  ${line.join(' ')};`);
    length += (lines.at(-1)?.length ?? 0) + 1;
  }
  return `${lines.join('\n')}\n`;
};

const kindOf = (mix: Mix, index: number): Mix[number] => {
  let place = (index * 37) % 100;
  for (const kind of mix) {
    if (place < kind.share) return kind;
    place -= kind.share;
  }
  throw new Error('the shares do not make a hundred');
};

const filesOf = ({ kilobytes, files }: Mix[number], index: number): Record<string, string> => {
  const each = Math.floor((kilobytes * 1_024) / files);
  return Object.fromEntries(
    Array.from({ length: files }, (_, file) => [
      file % 2 === 0 ? `dist/part-${file}.js` : `docs/page-${file}.md`,
      textOf(each, index * 64 + file),
    ]),
  );
};

/** Each pack of a layer needs two of the next one, so that all are needed in the end. */
const needsOf = (prefix: string, index: number, width: number): Record<string, string> => {
  const [layer, place] = [Math.floor(index / width), index % width];
  if (layer + 1 >= LAYERS) return {};
  const below = (layer + 1) * width;
  return {
    [`${prefix}-${below + place}`]: '^1.0.0',
    [`${prefix}-${below + ((place * 7 + 3) % width)}`]: '>=1.0.0 <2.0.0',
  };
};

const publish = async (service: Service, name: string, version: string, more: object): Promise<Buffer> => {
  const { edits, files } = more as { edits: Record<string, never>; files: Record<string, string> };
  const body = await service.publisher.pack({ name, version, tree: 'v2', kind: 'prompt', edits, files });
  const headers = statementHeaders(await stated(service.publisher, body));
  const path = addressOf(name, version, 'v2');
  const answer = await service.call('PUT', path, { body, headers, token: service.operatorToken });
  if (answer.status !== 201) throw new Error(`${name} was not taken: ${answer.bytes.toString('utf8')}`);
  return body;
};

/** Publishes `count` packs, and of each third one an older version too. */
export const publishSet = async (
  service: Service,
  prefix: string,
  mix: Mix,
  count: number,
): Promise<PackSet> => {
  const width = count / LAYERS;
  const sizes: number[] = [];
  const counts: number[] = [];
  const nameOf = (index: number): string => `${prefix}-${index}`;
  await inLanes(Array.from({ length: count }).keys(), AT_ONCE, async (index) => {
    const needs = needsOf(prefix, index, width);
    const edits = Object.keys(needs).length === 0 ? {} : { '/dependencies': needs };
    const files = filesOf(kindOf(mix, index), index);
    if (index % 3 === 0) await publish(service, nameOf(index), '1.0.0', { edits, files: {} });
    const tarball = await publish(service, nameOf(index), '1.1.0', { edits, files });
    sizes.push(tarball.length);
    counts.push(Object.keys(files).length + 2);
  });
  const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
  return {
    requests: Array.from({ length: width }, (_, index) => `${nameOf(index)}@^1.0.0`),
    tarballs: Array.from({ length: count }, (_, index) => addressOf(nameOf(index), '1.1.0', 'v2')),
    bytes: sum(sizes),
    files: sum(counts),
  };
};
