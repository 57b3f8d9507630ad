// The resolver against an oracle that tries everything, on random graphs, and on large ones against time.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keysOf, solve } from '../../src/client/resolve/solve.ts';
import type { Known, Outcome, Problem } from '../../src/client/resolve/types.ts';
import { answersTo, type Graph, isAnswer, knownOf, you } from './resolve-graphs.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const VERSIONS = ['1.0.0', '1.1.0', '2.0.0', '2.1.0'];
const RANGES = ['*', '^1.0.0', '^2.0.0', '>=1.1.0 <2.1.0', '1.0.0', '1.1.0', '2.1.0', '^3.0.0'];

const range = fc.constantFrom(...RANGES);
const version = fc.record({
  yanked: fc.boolean(),
  dependencies: fc.dictionary(fc.constantFrom(...NAMES), range, { maxKeys: 3 }),
});
const pack = fc
  .uniqueArray(fc.constantFrom(...VERSIONS), { maxLength: 4 })
  .chain((versions) => fc.record(Object.fromEntries(versions.map((each) => [each, version]))));
const graph: fc.Arbitrary<Graph> = fc.record(Object.fromEntries(NAMES.map((name) => [name, pack])));
const problem: fc.Arbitrary<Problem> = fc
  .record({
    wishes: fc.dictionary(fc.constantFrom(...NAMES), range, { minKeys: 1, maxKeys: 3 }),
    overrides: fc.dictionary(fc.constantFrom(...NAMES), fc.constantFrom(...VERSIONS), { maxKeys: 1 }),
  })
  .map(({ wishes, overrides }) => ({ wishes: you(wishes), overrides }));

/** A circle is the reason only where it is all that stands against a set. */
const said = (outcome: Outcome): ReturnType<typeof answersTo> => {
  if ('solution' in outcome) return 'answer';
  return 'conflict' in outcome && outcome.conflict.code === 'pack_dependency_cycle' ? 'circles' : 'none';
};

describe('on small graphs the resolver', () => {
  it('finds a set without circles exactly where there is one, and what it finds is one', () => {
    fc.assert(
      fc.property(graph, problem, (its, asked) => {
        const found = solve(asked, knownOf(its));
        if ('need' in found) throw new Error('everything was known');
        if ('solution' in found) {
          const choice = Object.fromEntries(found.solution.packs.map((each) => [each.name, each.version]));
          expect(isAnswer(its, asked, choice)).toBe(true);
        } else expect(answersTo(its, asked)).toBe(said(found));
      }),
      { numRuns: 200, seed: 7 },
    );
  });

  it('says the same whatever order things are asked for and learned in', () => {
    fc.assert(
      fc.property(graph, problem, (its, asked) => {
        const turned = { ...asked, wishes: [...asked.wishes].reverse() };
        expect(solve(turned, knownOf(its, true))).toEqual(solve(asked, knownOf(its)));
      }),
      { numRuns: 100, seed: 11 },
    );
  });

  it('comes to an answer by asking step by step that holds against everything', () => {
    fc.assert(
      fc.property(graph, problem, (its, asked) => {
        const all = knownOf(its);
        let known: Known = { listed: new Map(), candidates: new Map() };
        for (let turn = 0; turn < 60; turn += 1) {
          const found = solve(asked, known);
          if (!('need' in found)) {
            expect(answersTo(its, asked)).toBe(said(found));
            return;
          }
          const { names, versions } = found.need;
          expect(names.length + versions.length).toBeGreaterThan(0);
          const keys = versions.map((each) => `${each.name}@${each.version}`);
          known = {
            listed: new Map([
              ...known.listed,
              ...names.map((name) => [name, all.listed.get(name) ?? []] as const),
            ]),
            candidates: new Map([
              ...known.candidates,
              ...keys.map((key) => [key, all.candidates.get(key)] as const),
            ]),
          };
        }
        throw new Error('it asks for ever');
      }),
      { numRuns: 100, seed: 13 },
    );
  });

  it('gives as reasons only wishes that together exclude every version, and of which each is needed', () => {
    fc.assert(
      fc.property(graph, problem, (its, asked) => {
        const found = solve({ wishes: asked.wishes }, knownOf(its));
        if (!('conflict' in found) || found.conflict.code !== 'pack_dependency_conflict') return;
        const { name, wishes } = found.conflict;
        if (found.conflict.tried.some(({ because }) => because.startsWith('with it'))) return;
        const only = (some: typeof wishes) =>
          solve(
            { wishes: some.map((wish) => ({ ...wish, by: 'you' })) },
            knownOf({ [name]: bare(its, name) }),
          );
        expect('conflict' in only(wishes)).toBe(true);
        for (const wish of wishes)
          expect('solution' in only(wishes.filter((each) => each !== wish))).toBe(true);
      }),
      { numRuns: 200, seed: 17 },
    );
  });
});

const bare = (its: Graph, name: string): Graph[string] =>
  Object.fromEntries(
    Object.entries(its[name] ?? {}).map(([each, { yanked }]) => [each, { yanked: yanked === true }]),
  );

describe('on two hundred packs of twenty versions the resolver', () => {
  /** Layers in which each version asks for those of the next that are of its own age or younger. */
  const layered = (shift: number): Graph =>
    Object.fromEntries(
      Array.from({ length: 200 }, (_, at) => [
        `p${at}`,
        Object.fromEntries(
          Array.from({ length: 20 }, (_version, age) => [
            `1.${age}.0`,
            {
              dependencies: Object.fromEntries(
                [1, 7, 31]
                  .filter((step) => at + step < 200)
                  .map((step) => [
                    `p${at + step}`,
                    step === 7 ? `<=1.${19 - (at % 3) * shift}.0` : `>=1.${Math.floor(age / 2)}.0`,
                  ]),
              ),
            },
          ]),
        ),
      ]),
    );

  it('answers within seconds, also where it has to go back', () => {
    for (const shift of [0, 1, 3]) {
      const its = layered(shift);
      const started = process.cpuUsage();
      const found = solve({ wishes: you({ p0: '*', p1: '*', p2: '*' }) }, knownOf(its));
      expect('solution' in found && keysOf(found.solution).length).toBe(200);
      expect(process.cpuUsage(started).user).toBeLessThan(5_000_000);
    }
  });

  it('says no within seconds where one pack at the far end is nowhere', () => {
    const its = { ...layered(1), p199: {} };
    const started = process.cpuUsage();
    const found = solve({ wishes: you({ p0: '*', p1: '*', p2: '*' }) }, knownOf(its));
    expect(found).toMatchObject({ conflict: { code: 'pack_not_found', name: 'p199' } });
    expect(process.cpuUsage(started).user).toBeLessThan(5_000_000);
  });
});
