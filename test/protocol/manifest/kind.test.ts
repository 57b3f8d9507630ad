// A manifest is of exactly one kind, and says which.

import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { checkManifest, KIND_RULES } from '../../../src/protocol/manifest/index.ts';
import { edited, manifestOf, PACK_KINDS, TREES } from '../../world/manifests.ts';
import { found } from './find.ts';

describe.each(TREES)('in tree %s', (tree) => {
  it.each(PACK_KINDS)('a complete manifest of kind %s is valid', (kind) => {
    expect(checkManifest(manifestOf(kind, tree), tree)).toEqual({
      kind,
      stage: undefined,
      violations: [],
      warnings: [],
    });
  });

  it.each(PACK_KINDS)('a manifest of kind %s is refused without each property that kind needs', (kind) => {
    const needed = KIND_RULES[kind].schema(tree).required as readonly string[];
    for (const name of needed) {
      const code = name === 'kind' && tree === 'v1' ? 'pack_kind_invalid' : 'invalid_manifest';
      expect(found(manifestOf(kind, tree, { [`/${name}`]: undefined }), tree)[0]).toMatch(
        new RegExp(`^${code}`),
      );
    }
  });

  it.each(PACK_KINDS)('the schema of kind %s is itself a valid 2020-12 schema', (kind) => {
    const ajv = new Ajv2020();
    expect(ajv.validateSchema({ ...KIND_RULES[kind].schema(tree) })).toBe(true);
  });

  it.each(PACK_KINDS)('a manifest of kind %s with content of another kind is refused as mixed', (kind) => {
    const other = kind === 'card' ? 'prompts' : 'cards';
    expect(found(manifestOf(kind, tree, { [`/${other}`]: [] }), tree)).toEqual([
      `pack_kind_invalid /${other}`,
    ]);
  });

  it.each(PACK_KINDS.filter((kind) => kind !== 'node'))('a %s pack has no runtime', (kind) => {
    const mixed = manifestOf(kind, tree, { '/runtime': { language: 'remote', entry: 'pack.json' } });
    expect(found(mixed, tree)).toEqual(['pack_kind_invalid /runtime']);
  });

  it('nodes and chains together are refused whichever of the two the manifest calls itself', () => {
    const nodes = manifestOf('node', tree).nodes ?? [];
    const chains = manifestOf('workflow-chain', tree).chains ?? [];
    expect(found(manifestOf('node', tree, { '/chains': chains }), tree)).toEqual([
      'pack_kind_invalid /chains',
    ]);
    expect(found(manifestOf('workflow-chain', tree, { '/nodes': nodes }), tree)).toEqual([
      'pack_kind_invalid /nodes',
    ]);
  });

  it('an unknown kind is refused', () => {
    for (const kind of ['chat-card', 'frontend-plugin', 'Node', 'constructor', '', null, 1, ['node']]) {
      const report = checkManifest(manifestOf('node', tree, { '/kind': kind }), tree);
      expect([report.kind, report.stage, report.violations[0]?.code]).toEqual([
        undefined,
        'kind',
        'pack_kind_invalid',
      ]);
    }
  });

  it('what is no object is refused as no manifest', () => {
    for (const value of [null, true, 1, 'node', [], [{}]]) {
      expect(found(value, tree)).toEqual(['invalid_manifest ']);
    }
  });
});

it('an absent kind is node in v1 and refused in v2', () => {
  const absent = { '/kind': undefined };
  expect(checkManifest(manifestOf('node', 'v1', absent), 'v1').kind).toBe('node');
  expect(found(manifestOf('node', 'v1', absent), 'v1')).toEqual([]);
  expect(found(manifestOf('node', 'v2', absent), 'v2')).toEqual(['invalid_manifest /kind']);
});

it('reports every violation of the schema at once, and says how many it left out', () => {
  const twice = edited(manifestOf('node', 'v1'), {
    '/license': 1,
    '/nodes/0/category': 'flow',
    '/extra~1~0': 1,
  });
  expect([...found(twice, 'v1')].sort()).toEqual([
    'invalid_manifest /extra~1~0',
    'invalid_manifest /license',
    'invalid_manifest /nodes/0/category',
  ]);
  const { violations } = checkManifest(manifestOf('node', 'v1', { '/keywords': Array(80).fill(1) }), 'v1');
  expect(violations).toHaveLength(51);
  expect(violations.at(-1)?.message).toBe('and 31 more violations');
});
