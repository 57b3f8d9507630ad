// Which versions are chosen together, and what is said where none can be.
import { describe, expect, it } from 'vitest';
import { passedOverIn } from '../../src/client/resolve/passed-over.ts';
import { keysOf, solve } from '../../src/client/resolve/solve.ts';
import type { Conflict, Known, Problem } from '../../src/client/resolve/types.ts';
import { candidateOf, type Graph, knownOf, you } from './resolve-graphs.ts';

const on = (dependencies: Readonly<Record<string, string>>) => ({ dependencies });

const outcome = (graph: Graph, wishes: Readonly<Record<string, string>>, more: Partial<Problem> = {}) =>
  solve({ wishes: you(wishes), ...more }, knownOf(graph));

const chosen = (...args: Parameters<typeof outcome>): readonly string[] => {
  const found = outcome(...args);
  if (!('solution' in found)) throw new Error(JSON.stringify(found));
  return keysOf(found.solution);
};

const conflict = (...args: Parameters<typeof outcome>): Conflict => {
  const found = outcome(...args);
  if (!('conflict' in found)) throw new Error(JSON.stringify(found));
  return found.conflict;
};

describe('a set of versions', () => {
  it('holds the highest of each that is admitted, and what those ask for in turn (node-packs.md, Versioning)', () => {
    const graph: Graph = {
      a: { '1.0.0': on({ b: '^1.0.0' }), '1.1.0': on({ b: '^1.1.0' }), '2.0.0': {} },
      b: { '1.0.0': {}, '1.4.0': on({ c: '~2.0.0' }), '1.5.0-beta.1': {} },
      c: { '2.0.0': {}, '2.0.9': {}, '2.1.0': {} },
    };
    expect(chosen(graph, { a: '^1.0.0' })).toEqual(['a@1.1.0', 'b@1.4.0', 'c@2.0.9']);
  });

  it('holds a prerelease only where the range names one', () => {
    const graph: Graph = { a: { '1.0.0': {}, '1.1.0-rc.1': {} } };
    expect(chosen(graph, { a: '^1.0.0' })).toEqual(['a@1.0.0']);
    expect(chosen(graph, { a: '^1.1.0-rc.0' })).toEqual(['a@1.1.0-rc.1']);
  });

  it('holds a yanked version only where somebody asks for that very one (registry-operations.md, Yank)', () => {
    const graph: Graph = {
      a: { '1.0.0': {}, '1.1.0': { yanked: true } },
      b: { '1.0.0': on({ a: '1.1.0' }) },
    };
    expect(chosen(graph, { a: '^1.0.0' })).toEqual(['a@1.0.0']);
    expect(chosen(graph, { a: '1.1.0' })).toEqual(['a@1.1.0']);
    expect(chosen(graph, { a: '^1.0.0', b: '*' })).toEqual(['a@1.1.0', 'b@1.0.0']);
    expect(conflict(graph, { a: '>1.0.0' }).tried).toContainEqual({
      version: '1.1.0',
      because: 'it was yanked',
    });
  });

  it('goes back behind a choice that turns out to be wrong', () => {
    const graph: Graph = {
      a: { '1.0.0': on({ c: '^1.0.0' }), '1.1.0': on({ c: '^2.0.0' }) },
      b: { '1.0.0': on({ c: '^1.0.0' }) },
      c: { '1.0.0': {}, '2.0.0': {} },
    };
    expect(chosen(graph, { a: '^1.0.0', b: '^1.0.0' })).toEqual(['a@1.0.0', 'b@1.0.0', 'c@1.0.0']);
  });

  it('holds no version that needs itself or closes a circle where another one does not', () => {
    const itself: Graph = { a: { '1.0.0': {}, '1.3.0': on({ a: '^1.0.0' }) } };
    expect(chosen(itself, { a: '^1.0.0' })).toEqual(['a@1.0.0']);
    const graph: Graph = {
      a: { '1.0.0': {}, '1.1.0': on({ b: '*' }) },
      b: { '1.0.0': on({ c: '*' }), '1.1.0': on({ c: '^1.1.0' }) },
      c: { '1.0.0': {}, '1.1.0': on({ a: '^1.1.0' }) },
    };
    expect(chosen(graph, { a: '*' })).toEqual(['a@1.1.0', 'b@1.0.0', 'c@1.0.0']);
    expect(conflict(itself, { a: '1.3.0' }).code).toBe('pack_dependency_cycle');
  });

  it('holds what an override names, if only somebody admits that (node-packs.md, Override pinning)', () => {
    const graph: Graph = {
      a: { '1.0.0': on({ c: '^1.0.0' }) },
      b: { '1.0.0': on({ c: '^2.0.0' }) },
      c: { '1.0.0': {}, '2.0.0': {}, '3.0.0': {} },
    };
    const wishes = { a: '*', b: '*' };
    expect(conflict(graph, wishes).code).toBe('pack_dependency_conflict');
    expect(chosen(graph, wishes, { overrides: { c: '2.0.0' } })).toContain('c@2.0.0');
    const { code, tried } = conflict(graph, wishes, { overrides: { c: '3.0.0' } });
    expect(code).toBe('pack_dependency_conflict');
    expect(tried).toContainEqual({
      version: '3.0.0',
      because: 'nobody who asks for c admits the override 3.0.0',
    });
  });

  it('holds nothing that the policy denies, and an older version in its place', () => {
    const graph: Graph = { a: { '1.0.0': {}, '1.1.0': {} } };
    const admit: Problem['admit'] = ({ version }) =>
      version === '1.1.0' ? { rule: 'minimumAge', message: 'it is too new' } : undefined;
    expect(chosen(graph, { a: '^1.0.0' }, { admit })).toEqual(['a@1.0.0']);
    expect(conflict(graph, { a: '^1.1.0' }, { admit })).toMatchObject({
      code: 'policy_refused',
      tried: [
        { version: '1.1.0', denial: { rule: 'minimumAge', message: 'it is too new' } },
        { version: '1.0.0' },
      ],
    });
  });
});

describe('a higher version that was not chosen for what it needs', () => {
  const passed = (graph: Graph, wishes: Readonly<Record<string, string>>) => {
    const problem = { wishes: you(wishes) };
    const found = solve(problem, knownOf(graph));
    if (!('solution' in found)) throw new Error(JSON.stringify(found));
    return Object.fromEntries(passedOverIn(problem, knownOf(graph), found.solution.packs));
  };

  it('is named with the reason, the highest first', () => {
    const graph: Graph = {
      a: {
        '1.0.0': {},
        '1.1.0': on({ x: '^1.0.0' }),
        '1.2.0': on({ a: '^1.0.0' }),
        '1.3.0': on({ b: '^2.0.0' }),
      },
      b: { '1.0.0': {}, '1.1.0': on({ c: '*' }), '2.0.0': {} },
      c: { '1.0.0': on({ b: '*' }) },
      x: {},
    };
    expect(passed(graph, { a: '*', b: '^1.0.0' })).toEqual({
      a: [
        {
          version: '1.3.0',
          rule: 'dependencies',
          message: 'it needs b@^2.0.0, and 1.0.0 is what the rest admits',
        },
        { version: '1.2.0', rule: 'dependencies', message: 'it needs itself' },
        { version: '1.1.0', rule: 'dependencies', message: 'it needs x@^1.0.0, and there is none' },
      ],
      b: [
        { version: '1.1.0', rule: 'dependencies', message: 'it needs c@*, which does not fit with the rest' },
      ],
    });
  });

  it('is no version that somebody does not admit, that was yanked, or that is lower', () => {
    const graph: Graph = {
      a: { '0.9.0': on({ x: '*' }), '1.0.0': {}, '1.1.0': { yanked: true }, '2.0.0': on({ x: '*' }) },
      x: {},
    };
    expect(passed(graph, { a: '<2.0.0' })).toEqual({ a: [] });
  });
});

describe('a conflict', () => {
  it('names who asked for what, and nobody who has no part in it', () => {
    const graph: Graph = {
      a: { '1.0.0': on({ c: '^1.0.0' }) },
      b: { '1.0.0': on({ c: '^2.0.0' }) },
      c: { '1.0.0': {}, '2.0.0': {} },
      d: { '1.0.0': on({ c: '>=1.0.0' }) },
      e: { '1.0.0': {} },
    };
    expect(conflict(graph, { a: '^1.0.0', b: '^1.0.0', d: '*', e: '*' })).toEqual({
      code: 'pack_dependency_conflict',
      name: 'c',
      wishes: [
        { name: 'c', range: '^1.0.0', by: 'a@1.0.0' },
        { name: 'c', range: '^2.0.0', by: 'b@1.0.0' },
      ],
      tried: [
        { version: '2.0.0', because: 'a@1.0.0 asks for ^1.0.0' },
        { version: '1.0.0', because: 'b@1.0.0 asks for ^2.0.0' },
      ],
    });
  });

  it('is told from a pack that is nowhere, and from a range that nothing satisfies', () => {
    const graph: Graph = { a: { '1.0.0': on({ b: '*' }) }, b: {}, c: { '1.0.0': {} } };
    expect(conflict(graph, { a: '*' })).toMatchObject({
      code: 'pack_not_found',
      name: 'b',
      wishes: [{ by: 'a@1.0.0' }],
    });
    expect(conflict(graph, { c: '^2.0.0' })).toMatchObject({ code: 'no_version_satisfies', name: 'c' });
  });

  it('is a circle of packs, with the way round (node-packs.md, pack_dependency_cycle)', () => {
    const graph: Graph = {
      a: { '1.0.0': on({ b: '*' }) },
      b: { '1.0.0': on({ c: '*' }) },
      c: { '1.0.0': on({ b: '^1.0.0' }) },
    };
    const { code, wishes } = conflict(graph, { a: '*' });
    expect(code).toBe('pack_dependency_cycle');
    expect(wishes.map(({ by, name }) => `${by} → ${name}`)).toEqual(['b@1.0.0 → c', 'c@1.0.0 → b']);
    expect(conflict({ a: { '1.0.0': on({ a: '*' }) } }, { a: '*' }).code).toBe('pack_dependency_cycle');
  });

  it('is a circle also where there are more ways round than anybody could try', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const versions = Array.from({ length: 20 }, (_, at) => `1.${at}.0`);
    const ring = Object.fromEntries(
      names.map((name, at) => [
        name,
        Object.fromEntries(versions.map((version) => [version, on({ [names[(at + 1) % 6] ?? '']: '*' })])),
      ]),
    );
    const started = process.cpuUsage();
    expect(conflict(ring, { a: '*' }).code).toBe('pack_dependency_cycle');
    expect(process.cpuUsage(started).user).toBeLessThan(5_000_000);
  });

  it('is no conflict where a search was given up: that is said', () => {
    const packs = 12;
    const names = Array.from({ length: packs }, (_, at) => `n${at}`);
    const hard = Object.fromEntries(
      names.map((name, at) => [
        name,
        Object.fromEntries(
          names
            .slice(0, packs - 1)
            .map((_, version) => [
              `1.0.${version}`,
              on(
                Object.fromEntries(
                  names.slice(at + 1).map((other) => [other, `<1.0.${version} || >1.0.${version}`]),
                ),
              ),
            ]),
        ),
      ]),
    );
    const wishes = Object.fromEntries(names.map((name) => [name, '*']));
    expect(conflict(hard, wishes, { maxSteps: 500 })).toMatchObject({
      code: 'resolution_gave_up',
      tried: [{ because: '500 choices were tried' }],
    });
  });
});

describe('what is not known yet', () => {
  const none: Known = { listed: new Map(), candidates: new Map() };

  it('is asked for: names first, then the manifests of what would be chosen', () => {
    const wishes = you({ a: '^1.0.0', b: '2.0.0' });
    expect(solve({ wishes }, none)).toEqual({
      need: { names: ['a'], versions: [{ name: 'b', version: '2.0.0' }] },
    });
    const listed = new Map([['a', [{ version: '1.0.0', yanked: false, deprecated: false }]]]);
    const candidates = new Map([['b@2.0.0', candidateOf('b', '2.0.0', {})]]);
    expect(solve({ wishes }, { listed, candidates })).toEqual({
      need: { names: [], versions: [{ name: 'a', version: '1.0.0' }] },
    });
  });

  it('is asked for before a "no" is said', () => {
    const listed = new Map([
      ['a', ['1.0.0', '1.1.0'].map((version) => ({ version, yanked: false, deprecated: false }))],
    ]);
    const denied: Known = { listed, candidates: new Map([['a@1.1.0', undefined]]) };
    expect(solve({ wishes: you({ a: '^1.0.0' }) }, denied)).toMatchObject({
      need: { versions: [{ version: '1.0.0' }] },
    });
  });
});
