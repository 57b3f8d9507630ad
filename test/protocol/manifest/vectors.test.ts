// The language-neutral vectors of manifest verdicts.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../../keys/canonical.ts';
import type { Tree } from '../../../src/protocol/faults.ts';
import { checkManifest } from '../../../src/protocol/manifest/index.ts';
import { edited } from '../../world/manifests.ts';

interface Vectors {
  readonly bases: Readonly<Record<string, { readonly tree: Tree; readonly manifest: JsonObject }>>;
  readonly cases: readonly {
    readonly says: string;
    readonly base: string;
    readonly set?: Readonly<Record<string, JsonValue>>;
    readonly remove?: readonly string[];
    readonly stage: string | null;
    readonly violations: readonly { readonly code: string; readonly where: string }[];
  }[];
}

const file = new URL('../../vectors/manifest-verdicts.json', import.meta.url);
const vectors: Vectors = JSON.parse(readFileSync(file, 'utf8'));

describe('verdict vectors', () => {
  it.each(vectors.cases)('$says', ({ base, set, remove, stage, violations }) => {
    const { tree, manifest } = vectors.bases[base] ?? { tree: 'v1', manifest: {} };
    const removals = Object.fromEntries((remove ?? []).map((where) => [where, undefined]));
    const report = checkManifest(edited(manifest, { ...set, ...removals }), tree);
    expect(report.stage ?? null).toBe(stage);
    const found = report.violations.map(({ code, where }) => ({ code, where }));
    expect(found).toHaveLength(violations.length);
    expect(found).toEqual(expect.arrayContaining([...violations]));
  });
});
