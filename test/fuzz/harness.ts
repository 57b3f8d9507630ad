// What every parser of hostile input is held to: it answers or refuses in its own words, soon, and alike each time.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mutated, randomFrom } from './mutate.ts';

export interface Target {
  /** Also the folder of its corpus. */
  readonly parser: string;
  /**
   * Reads the input, and checks what must hold of an answer: that writing it gives it back, that another reader agrees.
   * Throws nothing but what `refuses` knows.
   */
  readonly read: (input: Buffer) => unknown;
  readonly refuses?: (error: unknown) => boolean;
  /** Beside the corpus: what may not lie in a file. */
  readonly also?: readonly Uint8Array[];
  /** Inputs that grow; each twice as long takes about twice as long to read. Without them, the corpus repeated. */
  readonly growing?: readonly ((length: number) => Uint8Array)[];
  /** The longest input of those; smaller where the parser takes no more. */
  readonly longest?: number;
}

const CORPUS = new URL('corpus/', import.meta.url).pathname;

export const corpusOf = (parser: string): readonly (readonly [name: string, bytes: Buffer])[] => {
  const folder = join(CORPUS, parser);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => [name, readFileSync(join(folder, name))] as const);
};

/** Milliseconds for each parser, and where its numbers begin: for a long hunt, set from outside. */
const BUDGET_MS = Number(process.env['FUZZ_MS'] ?? 300);
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_260_601);

/** A promise only where the parser makes one: most of them answer at once, and run many times. */
const attempt = (target: Target, input: Buffer): unknown => {
  const judge = (error: unknown): void => {
    if (target.refuses?.(error) !== true) throw error;
  };
  try {
    const found = target.read(input);
    return found instanceof Promise ? found.catch(judge) : found;
  } catch (error) {
    return judge(error);
  }
};

/** Names the input, so that it can be kept as a file of the corpus. */
const found = (target: Target, input: Buffer, run: number, error: unknown): Error =>
  new Error(
    `${target.parser}: run ${run} of seed ${SEED} broke it. Keep it as a file in test/fuzz/corpus/${target.parser}:\n` +
      `base64 ${input.toString('base64').slice(0, 4_000)}`,
    { cause: error },
  );

const hunt = async (target: Target): Promise<number> => {
  const random = randomFrom(SEED);
  const corpus = [...corpusOf(target.parser).map(([, bytes]) => bytes), ...(target.also ?? [])];
  const end = performance.now() + BUDGET_MS;
  let run = 0;
  for (; performance.now() < end; run += 1) {
    const input = mutated(corpus, random);
    try {
      const answer = attempt(target, input);
      if (answer instanceof Promise) await answer;
    } catch (error) {
      throw found(target, input, run, error);
    }
  }
  return run;
};

const repeated = (bytes: Uint8Array) => (length: number) => Buffer.alloc(length, bytes);

/** What nests, escapes, separates or repeats, for ever. */
const ENDLESS = ['[', '{"a":', 'a', '0', ' ', '"', '\\', '.', '-', '*', '||', '\n', '/', ',', '\u{301}'].map(
  (text) => repeated(Buffer.from(text)),
);

const timeOf = async (target: Target, input: Buffer): Promise<number> => {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5 && best > SOON_MS; round += 1) {
    const start = performance.now();
    await attempt(target, input);
    best = Math.min(best, performance.now() - start);
  }
  return best;
};

/** Under this nobody has to wait; a square would be far beyond it. */
const SOON_MS = 25;
/** Four times the length: a step of 2.5 for each doubling is borne, and a square is not. */
const MOST_GROWTH = 2.5 * 2.5 * 1.6;

const growthOf = async (target: Target, make: (length: number) => Uint8Array): Promise<number> => {
  const longest = target.longest ?? 64 * 1024;
  const long = await timeOf(target, Buffer.from(make(longest)));
  if (long < SOON_MS) return 0;
  return long / (await timeOf(target, Buffer.from(make(longest / 4))));
};

/** A machine that was busy with something else is asked again. */
const growsTooFast = async (target: Target, make: (length: number) => Uint8Array): Promise<boolean> => {
  for (let round = 0; round < 3; round += 1) if ((await growthOf(target, make)) < MOST_GROWTH) return false;
  return true;
};

export const fuzz = (target: Target): void => {
  const corpus = corpusOf(target.parser);
  describe(target.parser, () => {
    it('bears every input that was kept', async () => {
      expect(corpus.length).toBeGreaterThan(0);
      for (const [name, bytes] of corpus) {
        try {
          await attempt(target, bytes);
        } catch (error) {
          throw new Error(`${target.parser}/${name}`, { cause: error });
        }
      }
    });

    it(
      'bears what becomes of them',
      async () => {
        expect(await hunt(target)).toBeGreaterThan(20);
      },
      BUDGET_MS + 30_000,
    );

    it('takes about twice as long for twice as much', async () => {
      const growing = target.growing ?? [
        ...ENDLESS,
        ...corpus
          .filter(([, bytes]) => bytes.length > 0)
          .slice(0, 8)
          .map(([, bytes]) => repeated(bytes)),
      ];
      for (const make of growing)
        expect(await growsTooFast(target, make), make(40).toString().slice(0, 40)).toBe(false);
    });
  });
};

/** For errors of one class. */
export const thrownAs =
  (...classes: readonly (abstract new (...never: never[]) => Error)[]) =>
  (error: unknown): boolean =>
    classes.some((each) => error instanceof each);
