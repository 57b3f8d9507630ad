// Hosts and packs as small as they can be, and what is said of the two together.
import type { JsonObject, JsonValue } from '../../keys/canonical.ts';
import { type CompatReport, checkCompat } from '../../src/protocol/compat/check.ts';
import { type HostView, readHost } from '../../src/protocol/compat/host.ts';
import { needsOf, type PackNeeds } from '../../src/protocol/compat/needs.ts';
import type { Tree } from '../../src/protocol/faults.ts';

export const TODAY = '2026-06-15';

export const V1: JsonObject = {
  protocolVersion: '1.0',
  supportedEnvelopes: [],
  schemaVersions: {},
  limits: {},
};
/** A family as v2 has it. */
export const record = (facets: JsonObject = {}): JsonObject => ({
  status: 'stable',
  since: '2.0',
  witness: 'claims-check',
  ...facets,
});

export const V2: JsonObject = { protocolVersions: ['2.0'], preferredVersion: '2.0', packs: record() };

export const hostOf = (document: JsonValue, grants?: readonly string[]): HostView => {
  const read = readHost({ document, grants, today: TODAY });
  if (!read.ok) throw new Error(`${read.where}: ${read.message}`);
  return read.host;
};

export const packOf = (tree: Tree, manifest: JsonObject, name = 'vendor.acme.pack'): PackNeeds =>
  needsOf({
    name,
    version: '1.0.0',
    tree,
    manifest: { kind: 'node', engines: { openwop: '>=1.0.0 <3.0.0' }, ...manifest },
  });

interface Given {
  readonly grants?: readonly string[];
  readonly tree?: Tree;
  readonly installed?: readonly PackNeeds[];
  readonly others?: readonly PackNeeds[];
}

/** The generation of the host decides the tree, unless one is given. */
export const reportOf = (manifest: JsonObject, document: JsonObject, given: Given = {}): CompatReport => {
  const host = hostOf(document, given.grants);
  const packs = [packOf(given.tree ?? host.generation, manifest), ...(given.others ?? [])];
  return checkCompat(
    {
      packs: packs.map((needs) => ({ needs, broughtBy: [] })),
      absent: [],
      installed: given.installed ?? [],
      unknown: [],
      offers: new Map(),
    },
    host,
  );
};

/** What is in the way, in short: `code needs`. */
export const unmetOf = (manifest: JsonObject, document: JsonObject, given: Given = {}): readonly string[] =>
  reportOf(manifest, document, given).unmet.map(({ code, needs }) => `${code} ${needs}`);

export const degradedOf = (
  manifest: JsonObject,
  document: JsonObject,
  given: Given = {},
): readonly string[] =>
  reportOf(manifest, document, given).degraded.map(({ code, needs }) => `${code} ${needs}`);

export const unknownOf = (manifest: JsonObject, document: JsonObject, given: Given = {}): readonly string[] =>
  reportOf(manifest, document, given).notChecked.map(({ needs }) => needs);
