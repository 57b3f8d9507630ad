// Graphs that somebody made so that resolving them takes for ever: answered, or given up, within bounds that are the same everywhere.
import { describe, expect, it } from 'vitest';
import { memoryTrustStore } from '../../src/client/index.ts';
import { openSources } from '../../src/client/policy/open-sources.ts';
import { effortOf } from '../../src/client/resolve/effort.ts';
import { gather } from '../../src/client/resolve/gather.ts';
import { keysOf, solve } from '../../src/client/resolve/solve.ts';
import { makePack } from '../world/packs.ts';
import { indexOf, partOf, type StaticRegistry } from '../world/static-registry.ts';
import { acme, registryWith } from './host.ts';
import { type Graph, knownOf, you } from './resolve-graphs.ts';

const numbered = <T>(count: number, make: (at: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, at) => make(at));

const versions = (count: number, on: (at: number) => Readonly<Record<string, string>> = () => ({})) =>
  Object.fromEntries(numbered(count, (at) => [`${at >> 4}.${at & 15}.0`, { dependencies: on(at) }]));

/** Of this process alone, so that a busy machine changes nothing. */
const cpuMs = (work: () => void): number => {
  const before = process.cpuUsage();
  work();
  return process.cpuUsage(before).user / 1_000;
};

/** As many pigeons as holes and one more: no search that goes back step by step sees that early. */
const pigeons = (count: number): Graph => ({
  ...Object.fromEntries(
    numbered(count, (bird) => [
      `p${bird}`,
      Object.fromEntries(
        numbered(count - 1, (hole) => [`${hole + 1}.0.0`, { dependencies: { [`h${hole}`]: `${bird}.0.0` } }]),
      ),
    ]),
  ),
  ...Object.fromEntries(
    numbered(count, (hole) => [
      `h${hole}`,
      Object.fromEntries(numbered(count, (bird) => [`${bird}.0.0`, {}])),
    ]),
  ),
});

const birds = (count: number) => you(Object.fromEntries(numbered(count, (bird) => [`p${bird}`, '*'])));

describe('a hostile graph', () => {
  it('of one pack with thousands of versions that hundreds ask for, each by a range of its own, is solved', () => {
    const askers = numbered(150, (at) => [
      `a${at}`,
      { '1.0.0': { dependencies: { x: `>=${at % 90}.0.0` } } },
    ]);
    const graph: Graph = { x: versions(1_500), ...Object.fromEntries(askers) };
    const wishes = you(Object.fromEntries(askers.map(([name]) => [name, '*'])));
    const spent = cpuMs(() => {
      const found = solve({ wishes }, knownOf(graph));
      expect('solution' in found && keysOf(found.solution)).toContain('x@93.11.0');
    });
    expect(spent).toBeLessThan(5_000);
  });

  it('with more ways than anybody could try is given up, which is said, and not called a conflict', () => {
    const found = solve({ wishes: birds(9), effort: effortOf(20_000) }, knownOf(pigeons(9)));
    expect(found).toMatchObject({
      conflict: { code: 'resolution_gave_up', tried: [{ because: '20000 versions were looked at' }] },
    });
  });

  it('is given up at the same place every time', () => {
    const outcomes = [1, 2].map(() => solve({ wishes: birds(9) }, knownOf(pigeons(9))));
    expect(outcomes[0]).toEqual(outcomes[1]);
  });

  it('that makes each round small gets no more work out of all rounds together', () => {
    const graph: Graph = { a: versions(60, (at) => ({ b: `${at >> 4}.${at & 15}.0` })), b: versions(60) };
    const effort = effortOf(20_000);
    const known = knownOf(graph);
    const outcomes = numbered(40, () => solve({ wishes: you({ a: '*' }), effort }, known));
    expect(outcomes[0]).toHaveProperty('solution');
    expect(outcomes.at(-1)).toMatchObject({ conflict: { code: 'resolution_gave_up' } });
  });
});

const chosen = async (
  packs: Parameters<typeof registryWith>[0],
  name: string,
  change: (registry: StaticRegistry) => void = () => undefined,
) => {
  const registry = await registryWith(packs);
  change(registry);
  const source = { url: registry.url, store: memoryTrustStore() };
  const sources = openSources({ sourcesOf: () => [source] });
  const outcome = await gather({ sources }, [{ name, range: '*', by: 'you' }]).catch((error) => error);
  return { outcome, registry };
};

describe('a hostile manifest', () => {
  const APP = 'vendor.acme.app';

  it('that names a thousand packs has not one of them asked for', async () => {
    const dependencies = Object.fromEntries(numbered(1_000, (at) => [`vendor.acme.need${at}`, '*']));
    const { outcome, registry } = await chosen(
      [await makePack(acme, { name: APP, version: '1.0.0', edits: { '/dependencies': dependencies } })],
      APP,
    );
    expect(outcome).toMatchObject({ code: 'resolution_gave_up' });
    expect(registry.requests.filter((path) => path.includes('need'))).toEqual([]);
  });

  it('that asks for what is longer than anybody reads is refused in a few words', async () => {
    const dependencies = { [`vendor.acme.${'x'.repeat(50_000)}`]: '1'.repeat(50_000) };
    const { outcome } = await chosen(
      [await makePack(acme, { name: APP, version: '1.0.0', edits: { '/dependencies': dependencies } })],
      APP,
    );
    expect(outcome).toMatchObject({ code: 'pack_not_found' });
    expect(JSON.stringify([outcome.message, outcome.evidence]).length).toBeLessThan(4_000);
  });

  it('whose index gives a text for its time gives none: it would stand in a lockfile that nobody can read', async () => {
    const pack = await makePack(acme, { name: APP, version: '1.0.0' });
    const { outcome } = await chosen([pack], APP, (registry) => {
      for (const path of [indexOf(pack), partOf(pack, 'json')]) {
        const text = String(registry.files.get(path)).replaceAll(
          /"publishedAt":"[^"]*"/g,
          '"publishedAt":"zzz"',
        );
        registry.files.set(path, Buffer.from(text.replace('"version":', '"publishedAt":"zzz","version":')));
      }
    });
    expect(outcome.packs[0]).toMatchObject({ name: APP });
    expect(outcome.packs[0]).not.toHaveProperty('publishedAt');
  });

  it('that needs two names which differ only in case gets neither: they are one directory on many disks', async () => {
    const pack = (name: string, dependencies = {}) =>
      makePack(acme, { name, version: '1.0.0', edits: { '/dependencies': dependencies } });
    const twins = { 'vendor.acme.toolBox': '*', 'vendor.acme.toolbox': '*' };
    const { outcome } = await chosen(
      [await pack(APP, twins), await pack('vendor.acme.toolBox'), await pack('vendor.acme.toolbox')],
      APP,
    );
    expect(outcome).toMatchObject({ code: 'pack_dependency_conflict' });
    expect(outcome.message).toContain('differ only in case');
  });
});
