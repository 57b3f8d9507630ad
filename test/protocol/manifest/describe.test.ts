// What indexes and searches learn from a manifest, well-formed or not.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeManifest, reservedTypeIds } from '../../../src/protocol/manifest/describe.ts';
import { manifestOf, PACK_KINDS } from '../../world/manifests.ts';

describe('describing a manifest', () => {
  it('lists what each kind gives to others, and counts it under that kind’s name', () => {
    const summary = PACK_KINDS.map((kind) => {
      const { typeIds, agentIds, counts } = describeManifest(manifestOf(kind, 'v1'));
      return [kind, typeIds, agentIds, counts];
    });
    const none = { nodeCount: 0, agentCount: 0 };
    expect(summary).toEqual([
      [
        'node',
        ['vendor.acme.node.echo', 'vendor.acme.node.send', 'vendor.acme.node.helper'],
        ['vendor.acme.node.helper'],
        { nodeCount: 2, agentCount: 1 },
      ],
      ['artifact-type', ['vendor.acme.artifact.report'], [], { ...none, artifactTypeCount: 1 }],
      ['connection', ['acme'], [], { ...none, providerCount: 1 }],
      ['workflow-chain', ['acme.review', 'acme.child'], [], { ...none, chainCount: 2 }],
      ['prompt', ['acme.writer'], [], { ...none, promptCount: 2 }],
      ['card', ['vendor.acme.card.summary'], [], { ...none, cardCount: 1 }],
      ['form-content', ['vendor.acme.forms.contact'], [], { ...none, templateCount: 1 }],
    ]);
  });

  it('carries the texts of the frame, and none that are missing', () => {
    expect(describeManifest(manifestOf('card', 'v2'))).toMatchObject({
      description: 'A pack made for tests.',
      author: 'Acme',
      license: 'Apache-2.0',
      keywords: ['test', 'acme'],
      homepage: 'https://acme.example/packs',
      repository: 'https://acme.example/packs.git',
    });
    expect(describeManifest({})).toEqual({
      kind: 'node',
      description: '',
      author: '',
      license: '',
      keywords: [],
      typeIds: [],
      agentIds: [],
      counts: { nodeCount: 0, agentCount: 0 },
    });
  });

  it('takes what it can from a flawed manifest', () => {
    const flawed = {
      kind: 'card',
      author: 1,
      keywords: ['a', 2],
      cards: [null, { cardTypeId: 3 }, { cardTypeId: 'x' }],
    };
    expect(describeManifest(flawed)).toMatchObject({
      author: '',
      keywords: ['a'],
      typeIds: ['x'],
      counts: { cardCount: 3 },
    });
    expect(describeManifest({ kind: 'plugin', nodes: [{ typeId: 'a' }] })).toMatchObject({
      kind: 'node',
      typeIds: ['a'],
    });
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => void describeManifest(value as never)),
      { numRuns: 2000 },
    );
  });
});

describe('ids in the namespaces of the protocol', () => {
  const at = (typeId: string, packName: string) =>
    reservedTypeIds(manifestOf('node', 'v1', { '/nodes/0/typeId': typeId }), packName).map(
      ({ where }) => where,
    );

  it('are noted where a pack outside core exports them', () => {
    for (const typeId of ['core.ai.chat', 'openwop.chat', 'Core.ai.chat'])
      expect(at(typeId, 'vendor.acme.node')).toEqual(['/nodes/0/typeId']);
  });

  it('are listed up to a bound, and the last one says how many more there are', () => {
    const nodes = Array.from({ length: 5_000 }, (_, at) => ({ typeId: `core.stolen.n${at}` }));
    const found = reservedTypeIds({ kind: 'node', nodes }, 'vendor.acme.node');
    expect(found).toHaveLength(33);
    expect(found.at(-1)?.message).toBe('and 4968 more ids in namespaces of the protocol');
  });

  it('are core’s own to export, and neighbours of theirs are anyone’s', () => {
    expect(at('core.ai.chat', 'core.openwop.ai')).toEqual([]);
    for (const typeId of ['corea.b', 'vendor.core.a', 'openwopx.a'])
      expect(at(typeId, 'vendor.acme.node')).toEqual([]);
  });

  it('are not fooled by a pack that only begins like core', () => {
    expect(at('core.ai.chat', 'corex.acme.node')).toEqual(['/nodes/0/typeId']);
  });
});
