// Which packs a wish leads to, and when too many.
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../keys/canonical.ts';
import {
  type AskRegistry,
  gatherPacks,
  type Listed,
  TooManyPacks,
} from '../../src/protocol/compat/gather.ts';
import { readWish } from '../../src/protocol/compat/wish.ts';

interface Made {
  readonly dependencies?: JsonObject;
  readonly yanked?: boolean;
  readonly more?: JsonObject;
}

/** A registry of `name@version`, that counts what it is asked. */
const registryOf = (made: Readonly<Record<string, Made>>) => {
  const listed = Object.entries(made).map(([id, { yanked = false }]): Listed => {
    const [name = '', version = ''] = id.split('@');
    return { name, version, tree: 'v1', yanked };
  });
  const asked: string[] = [];
  const the: AskRegistry = {
    versionsOf: async (names) => {
      asked.push(...names);
      return listed.filter(({ name }) => names.includes(name));
    },
    manifestsOf: async (wanted) =>
      wanted.flatMap(({ name, version, tree }) => {
        const found = made[`${name}@${version}`];
        if (found === undefined) return [];
        const manifest = { name, version, dependencies: found.dependencies ?? {}, ...found.more };
        return [{ name, version, tree, manifest }];
      }),
  };
  return { the, asked };
};

const wish = (text: string) => {
  const read = readWish(text);
  if (!read.ok) throw new Error(read.says);
  return read.wish;
};

const gathered = async ({ the }: { readonly the: AskRegistry }, ...texts: string[]) => {
  const { packs, absent } = await gatherPacks(the, texts.map(wish));
  return [
    ...packs.map(({ needs, broughtBy }) => `${needs.name}@${needs.version} ${broughtBy.join(' ')}`.trim()),
    ...absent.map(({ name, range, why, broughtBy }) =>
      `no ${name}@${range}: ${why} ${broughtBy.join(' ')}`.trim(),
    ),
  ];
};

describe('what packs lead to', () => {
  it('is given up between two wishes where each of them takes long', async () => {
    const needs = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`vendor.a.b${at}`, '*']));
    const { the } = registryOf({ 'vendor.a.a@1.0.0': { dependencies: needs } });
    let left = 100;
    const requireTime = (): void => {
      left -= 1;
      if (left < 0) throw new Error('enough');
    };
    await expect(gatherPacks({ ...the, requireTime }, [wish('vendor.a.a')])).rejects.toThrow('enough');
  });

  it('is followed through all of them, circles included, each name asked for once', async () => {
    const registry = registryOf({
      'vendor.a.a@1.0.0': { dependencies: { 'vendor.a.b': '^1.0.0', 'vendor.a.c': '*' } },
      'vendor.a.b@1.2.0': { dependencies: { 'vendor.a.c': '^2.0.0' } },
      'vendor.a.c@2.0.0': { dependencies: { 'vendor.a.a': '1.0.0' } },
      'vendor.a.c@3.0.0': { yanked: true },
    });
    expect(await gathered(registry, 'vendor.a.a@^1.0.0')).toEqual([
      'vendor.a.a@1.0.0 vendor.a.c@2.0.0',
      'vendor.a.b@1.2.0 vendor.a.a@1.0.0',
      'vendor.a.c@2.0.0 vendor.a.a@1.0.0 vendor.a.b@1.2.0',
    ]);
    expect(registry.asked).toEqual(['vendor.a.a', 'vendor.a.b', 'vendor.a.c']);
  });

  it('takes a version that is there already where a range admits it', async () => {
    const registry = registryOf({
      'vendor.a.a@1.0.0': { dependencies: { 'vendor.a.c': '*' } },
      'vendor.a.c@2.0.0': {},
      'vendor.a.c@3.0.0': {},
    });
    expect(await gathered(registry, 'vendor.a.c@2.0.0', 'vendor.a.a')).toEqual([
      'vendor.a.c@2.0.0 vendor.a.a@1.0.0',
      'vendor.a.a@1.0.0',
    ]);
  });

  it('may not be there: no such pack, no such version, no name at all', async () => {
    const dependencies = {
      'vendor.no.pack': '*',
      'vendor.a.b': '^9.0.0',
      'No name': '*',
      'vendor.a.c': '((',
    };
    const registry = registryOf({
      'vendor.a.a@1.0.0': { dependencies },
      'vendor.a.b@1.0.0': {},
      'vendor.a.c@1.0.0': {},
    });
    expect(await gathered(registry, 'vendor.a.a')).toEqual([
      'vendor.a.a@1.0.0',
      'no vendor.no.pack@*: no pack of that name vendor.a.a@1.0.0',
      'no vendor.a.b@^9.0.0: no version in that range vendor.a.a@1.0.0',
      'no No name@*: no pack of that name vendor.a.a@1.0.0',
      'no vendor.a.c@((: no version in that range vendor.a.a@1.0.0',
    ]);
    expect(registry.asked).not.toContain('No name');
  });

  it('is too much where it goes on and on', async () => {
    const chain = Object.fromEntries(
      Array.from({ length: 250 }, (_, at) => [
        `vendor.a.p${at}@1.0.0`,
        { dependencies: { [`vendor.a.p${at + 1}`]: '*' } },
      ]),
    );
    await expect(gathered(registryOf(chain), 'vendor.a.p0')).rejects.toThrow(TooManyPacks);
    const wide = Object.fromEntries(
      Array.from({ length: 400 }, (_, at) => [`vendor.a.p${at}`, '*'] as const),
    );
    const made = Object.fromEntries(
      Object.keys(wide).map((name) => [`${name}@1.0.0`, { dependencies: wide }] as const),
    );
    await expect(gathered(registryOf(made), 'vendor.a.p0')).rejects.toThrow(TooManyPacks);
  });

  it('is too much where few packs need very many things', async () => {
    const tools = Array.from({ length: 500 }, (_, at) => `mcp:${at}`);
    const agents = [{ agentId: 'a', toolAllowlist: tools, requiresCapabilities: tools }] as never;
    const names = Array.from({ length: 30 }, (_, at) => `vendor.a.p${at}`);
    const made = Object.fromEntries(names.map((name) => [`${name}@1.0.0`, { more: { agents } }] as const));
    await expect(gathered(registryOf(made), ...names)).rejects.toThrow('more than 20000 things');
  });
});
