// A closure has an end, however much manifests ask for: in things, in time, in questions, and with who asked.
import { describe, expect, it } from 'vitest';
import { closureOf } from '../../../src/packs/discover/closure.ts';
import type { Provider } from '../../../src/packs/provided-store.ts';
import type { PackName, PackVersion } from '../../../src/protocol/pack-id.ts';

const VERSION = '1.0.0' as PackVersion;
const nameOf = (text: string) => ({ name: text as PackName, version: VERSION });
const ROOT = nameOf('vendor.acme.root');

type Manifests = Readonly<Record<string, object>>;
const allowing = (...toolAllowlist: readonly string[]) => ({ agents: [{ toolAllowlist }] });

const providerOf = (id: string, name: string): Provider => ({
  ...nameOf(name),
  ...{ id, tree: 'v1', kind: 'node', is_agent: false, yanked: false, deprecated: false },
});

/** A registry whose clock goes on with each question, and that counts what it is asked. */
const registryWith = (manifests: Manifests, { given = {} as Record<string, string>, each = 0 } = {}) => {
  const asked = { ids: [] as string[], names: [] as string[], manifests: 0 };
  let time = 0;
  const closure = closureOf({
    now: () => time,
    manifestsOf: async (_tree, wanted) => {
      time += each;
      asked.manifests += wanted.length;
      return wanted.flatMap(({ name }) => {
        const manifest = manifests[name];
        return manifest === undefined ? [] : [{ ...nameOf(name), manifest: manifest as never }];
      });
    },
    versionsOfAll: async (_tree, names) => {
      time += each;
      asked.names.push(...names);
      const there = names.filter((name) => name in manifests);
      return there.map((name) => ({ ...nameOf(name), yanked: false, deprecated: false }));
    },
    providersOf: async (_tree, ids) => {
      time += each;
      asked.ids.push(...ids);
      return ids.flatMap((id) => (given[id] === undefined ? [] : [providerOf(id, given[id])]));
    },
  });
  return { asked, closure };
};

const many = <T>(count: number, make: (number: number) => T): T[] =>
  Array.from({ length: count }, (_, number) => make(number));

/** Each needs the next. */
const chain = (count: number, more: object = {}): Manifests =>
  Object.fromEntries(
    many(count, (number) => [
      number === 0 ? ROOT.name : `vendor.acme.p${number}`,
      { dependencies: { [`vendor.acme.p${number + 1}`]: '*' }, ...more },
    ]),
  );

describe('a closure', () => {
  it('stops where manifests ask for more things than are looked at, and says so', async () => {
    const { asked, closure } = registryWith({
      [ROOT.name]: allowing(...many(60_000, (number) => `vendor.none.t${number}`)),
    });
    const found = await closure('v1', ROOT);
    expect(asked.ids.length).toBeLessThanOrEqual(20_000);
    expect(found).toMatchObject({ complete: false });

    const lists = many(100, (pack) =>
      allowing(...many(1_000, (number) => `vendor.none.p${pack}.t${number}`)),
    );
    const packs = many(100, (pack) => `vendor.acme.p${pack}`);
    const wide = registryWith({
      [ROOT.name]: { dependencies: Object.fromEntries(packs.map((name) => [name, '*'])) },
      ...Object.fromEntries(packs.map((name, pack) => [name, lists[pack] ?? {}])),
    });
    const cut = await wide.closure('v1', ROOT);
    expect(wide.asked.ids.length).toBeLessThanOrEqual(20_000);
    expect(cut.packs).toHaveLength(100);
    expect(cut.complete).toBe(false);
  });

  it('names what it did not look at any more as beyond the limit', async () => {
    const given = { 'vendor.acme.tool': 'vendor.acme.p1' };
    const tools = many(30_000, () => 'openwop:vendor.acme.tool').map((tool, number) => `${tool}@${number}`);
    const { closure } = registryWith({ [ROOT.name]: allowing(...tools), 'vendor.acme.p1': {} }, { given });
    const { unresolved } = await closure('v1', ROOT);
    expect(unresolved[0]).toMatchObject({ by: 'vendor.acme.root@1.0.0', reason: 'limit' });
    expect(unresolved.every(({ reason }) => reason === 'limit')).toBe(true);
  });

  it('counts a long text for several things, so that its answer stays small', async () => {
    const tools = many(100, (number) => `vendor.none.${number}.${'x'.repeat(200_000)}`);
    const { closure } = registryWith({ [ROOT.name]: allowing(...tools) });
    const found = await closure('v1', ROOT);
    expect(JSON.stringify(found).length).toBeLessThan(16_000_000);
    expect(found.complete).toBe(false);
  });

  it('ends after two seconds with what it has', async () => {
    const { asked, closure } = registryWith(chain(400), { each: 100 });
    const found = await closure('v1', ROOT);
    expect(asked.manifests).toBeLessThan(30);
    expect(found.packs.length).toBeGreaterThan(5);
    expect(found.complete).toBe(false);
    expect(found.unresolved).toMatchObject([{ reason: 'limit' }]);
  });

  it('ends when nobody waits for it', async () => {
    const { asked, closure } = registryWith(chain(400));
    await closure('v1', ROOT, () => asked.manifests >= 10);
    expect(asked.manifests).toBeLessThan(30);
  });

  it('asks once about each id and each dependency, however many manifests name them', async () => {
    const shared = { ...allowing('vendor.none.one', 'vendor.acme.tool'), dependencies: {} };
    const manifests = chain(50);
    const { asked, closure } = registryWith(
      Object.fromEntries(
        Object.entries(manifests).map(([name, manifest]) => [
          name,
          {
            ...shared,
            dependencies: { ...(manifest as { dependencies: object }).dependencies, 'vendor.gone.x': '*' },
          },
        ]),
      ),
      { given: { 'vendor.acme.tool': 'vendor.acme.p3' } },
    );
    const found = await closure('v1', ROOT);
    expect(asked.ids.sort()).toEqual(['vendor.acme.tool', 'vendor.none.one']);
    expect(asked.names.filter((name) => name === 'vendor.gone.x')).toHaveLength(1);
    expect(found.packs.find(({ name }) => name === 'vendor.acme.p3')?.requiredBy).toHaveLength(50);
    expect(found.unresolved.filter(({ reason }) => reason === 'no_provider')).toHaveLength(50);
  });
});
