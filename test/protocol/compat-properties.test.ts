// What holds of every host and every pack: more of a host is never less, and less of a pack is never more.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../keys/canonical.ts';
import { checkCompat } from '../../src/protocol/compat/check.ts';
import type { PackNeeds } from '../../src/protocol/compat/needs.ts';
import { hostOf, packOf, record, V1, V2 } from './compat-world.ts';

const FAMILIES = ['sql', 'fs', 'aiProviders', 'agents', 'chat', 'mcp', 'oauth', 'secrets', 'agentRuntime'];
const FACETS = ['wasm', 'imageGeneration', 'manifestRuntime', 'memoryBackends', 'providers', 'cardPacks'];
const TOKENS = ['net.dns', 'net', 'clock', 'fs.read', 'subprocess'];
const KEYS = [
  ...['chat', 'kanban', 'host.kanban'],
  ...FAMILIES,
  ...FAMILIES.map((name) => `host.${name}`),
  ...['aiProviders.imageGeneration', 'openwop.agents.memoryBackends', 'host.media', 'x-host-acme-desk'],
];

const claim = fc.constantFrom<JsonObject>(
  record(),
  { supported: true },
  { supported: true, status: 'stable' },
);
const facets = fc.dictionary(
  fc.constantFrom(...FACETS),
  fc.constantFrom(true, ['long-term'], { supported: true }),
  {
    maxKeys: 3,
    noNullPrototype: true,
  },
);
const family = fc.tuple(claim, facets).map(([one, more]) => ({ ...one, ...more }));
const families = fc.dictionary(
  fc.constantFrom(
    ...FAMILIES,
    ...FAMILIES.map((name) => `host.${name}`),
    'nodePackRuntimes',
    'x-host-acme-desk',
  ),
  family,
  { maxKeys: 6, noNullPrototype: true },
);
const versions = fc.uniqueArray(fc.constantFrom('1.0', '1.1', '2.0', '2.1'), { maxLength: 3 });

/** Where a family is there already its facets come on top; nothing that stands is taken away. */
const joined = (one: JsonObject, more: JsonObject): JsonObject => ({
  ...more,
  ...Object.fromEntries(
    Object.entries(one).map(([name, value]) => [name, { ...(more[name] as object), ...(value as object) }]),
  ),
});

const strings = (list: readonly string[]) => fc.uniqueArray(fc.constantFrom(...list), { maxLength: 4 });

const manifest = fc.record({
  kind: fc.constantFrom('node', 'card', 'connection', 'prompt', 'artifact-type'),
  engines: fc.constantFrom('>=1.0.0', '>=1.1.0 <2.0.0', '>=2.0.0 <3.0.0').map((openwop) => ({ openwop })),
  peerDependencies: fc.dictionary(
    fc.constantFrom(...KEYS),
    fc.constantFrom('supported', '>=longTerm', '>=2'),
    {
      maxKeys: 4,
      noNullPrototype: true,
    },
  ),
  peerDependenciesMeta: fc.dictionary(
    fc.constantFrom(...KEYS),
    fc.record({ optional: fc.boolean(), facets: strings(FACETS) }),
    { maxKeys: 3, noNullPrototype: true },
  ),
  runtime: fc.record({
    language: fc.constantFrom('wasm', 'javascript', 'remote', 'cobol'),
    requires: strings(TOKENS),
    wasm: fc.constantFrom(undefined, { abiVersion: 1 }),
  }),
  nodes: fc.constantFrom([], [{ typeId: 'vendor.acme.node', auth: { provider: 'slack' } }]),
  agents: strings(['mcp:x', 'host:fs', 'vendor.acme.node', 'vendor.gone.node']).map((toolAllowlist) => [
    { agentId: 'vendor.acme.agent', toolAllowlist, requiresCapabilities: ['host.fs'] },
  ]),
});

const situation = fc.record({
  manifest,
  tree: fc.constantFrom('v1' as const, 'v2' as const),
  base: fc.constantFrom(V1, V2),
  families,
  grants: fc.option(strings(TOKENS), { nil: undefined }),
});

const unmet = (pack: PackNeeds, document: JsonObject, grants?: readonly string[]): readonly string[] =>
  checkCompat(
    { packs: [{ needs: pack, broughtBy: [] }], absent: [], installed: [], unknown: [], offers: new Map() },
    hostOf(document, grants),
  ).unmet.map(({ where, needs }) => `${where} ${needs}`);

const notIn = (list: readonly string[], other: readonly string[]) =>
  list.filter((each) => !other.includes(each));

describe('compatibility', () => {
  it('is never lost by what a host adds', () => {
    const more = fc.record({
      families,
      versions,
      wrapper: fc.option(families, { nil: undefined }),
      tokens: strings(TOKENS),
      extensions: fc.dictionary(fc.constantFrom('acme.chat', 'acme.kanban', 'acme.desk'), family, {
        noNullPrototype: true,
      }),
    });
    fc.assert(
      fc.property(situation, more, (now, added) => {
        const pack = packOf(now.tree, now.manifest as never);
        const before = unmet(pack, { ...now.base, ...now.families }, now.grants);
        const known = (now.base['protocolVersions'] as readonly string[] | undefined) ?? [];
        const after = unmet(
          pack,
          {
            ...now.base,
            ...(added.versions.length > 0
              ? { protocolVersions: [...new Set([...known, ...added.versions])] }
              : {}),
            ...joined(now.families, added.families as JsonObject),
            extensions: added.extensions,
            ...(added.wrapper === undefined ? {} : { capabilities: added.wrapper }),
          },
          now.grants && [...now.grants, ...added.tokens],
        );
        expect(notIn(after, before)).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  it('is never lost by what a pack needs no more', () => {
    fc.assert(
      fc.property(
        situation,
        fc.constantFrom('peerDependencies', 'agents', 'runtime'),
        fc.nat(3),
        (now, part, index) => {
          const whole = now.manifest as unknown as JsonObject;
          const less = { ...whole };
          if (part === 'peerDependencies') {
            const entries = Object.entries(whole['peerDependencies'] as JsonObject);
            less['peerDependencies'] = Object.fromEntries(entries.filter((_, at) => at !== index));
          } else delete less[part];
          const document = { ...now.base, ...now.families };
          const [before, after] = [whole, less].map((each) =>
            unmet(packOf(now.tree, each), document, now.grants),
          );
          expect(notIn(after ?? [], before ?? [])).toEqual([]);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('is told of any document and any manifest without an exception, or the document is refused', () => {
    const anything = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonObject>;
    fc.assert(
      fc.property(
        anything,
        fc.dictionary(fc.constantFrom(...FAMILIES, 'extensions', 'nodePackRuntimes'), anything),
        (said, host) => {
          expect(() => unmet(packOf('v1', said), { ...V1, ...host }, [])).not.toThrow();
          expect(() =>
            unmet(packOf('v2', { ...said, agents: said, nodes: said }), { ...V2, ...host }),
          ).not.toThrow();
        },
      ),
      { numRuns: 200 },
    );
  });
});
