// What differs between the two trees: signing blocks, engines, the hatch, and who may be asked for what.
import { describe, expect, it } from 'vitest';
import { FAMILIES } from '../../../src/protocol/manifest/peers.ts';
import { manifestOf, PACK_KINDS } from '../../world/manifests.ts';
import { found } from './find.ts';

const V1_SIGNING = { method: 'manual', publicKeyRef: 'acme-1', signatureRef: 'keys/pack.json.sig' };
const V2_SIGNING = { keyId: 'acme-1', scheme: 'ed25519-canonical-json' };

describe.each(PACK_KINDS)('the signing block of a %s pack', (kind) => {
  const signed = (tree: 'v1' | 'v2', signing: typeof V1_SIGNING | typeof V2_SIGNING | undefined | object) =>
    found(manifestOf(kind, tree, { '/signing': signing as typeof V1_SIGNING }), tree);

  it('may be absent in either tree', () => {
    expect([signed('v1', undefined), signed('v2', undefined)]).toEqual([[], []]);
  });

  it('names a method in v1 and nothing unknown', () => {
    expect(signed('v1', { method: 'sigstore' })).toEqual([]);
    expect(signed('v1', { ...V1_SIGNING, method: 'ed25519' })).toEqual(['invalid_manifest /signing/method']);
    expect(signed('v1', V2_SIGNING)).toHaveLength(2);
  });

  it('is exactly a key and the one scheme in v2', () => {
    expect(signed('v2', V1_SIGNING)).toHaveLength(5);
    expect(signed('v2', { ...V2_SIGNING, scheme: 'ed25519' })).toEqual(['invalid_manifest /signing/scheme']);
    expect(signed('v2', { ...V2_SIGNING, keyId: 'a/b' })).toEqual(['invalid_manifest /signing/keyId']);
    expect(signed('v2', { keyId: 'acme-1' })).toEqual(['invalid_manifest /signing/scheme']);
    expect(signed('v2', { ...V2_SIGNING, method: 'manual' })).toEqual(['invalid_manifest /signing/method']);
  });
});

describe('the hatch for properties of others', () => {
  it.each(PACK_KINDS)('is open at the root of a v2 %s pack and closed in v1', (kind) => {
    for (const name of ['x-note', 'openwop-note', 'vendor.acme.note']) {
      expect(found(manifestOf(kind, 'v2', { [`/${name}`]: { any: [1] } }), 'v2')).toEqual([]);
      expect(found(manifestOf(kind, 'v1', { [`/${name}`]: 1 }), 'v1')).toEqual([`invalid_manifest /${name}`]);
    }
  });

  it('is open on the entries that authors write in v2, and on nothing inside them', () => {
    for (const place of ['/agents/0', '/nodes/0']) {
      expect(found(manifestOf('node', 'v2', { [`${place}/x-more`]: 1 }), 'v2')).toEqual([]);
    }
    expect(found(manifestOf('node', 'v2', { '/runtime/x-more': 1 }), 'v2')).toEqual([
      'invalid_manifest /runtime/x-more',
    ]);
  });

  it('does not excuse a misspelled property', () => {
    expect(found(manifestOf('prompt', 'v2', { '/prompts/0/txet': '' }), 'v2')).toEqual([
      'invalid_manifest /prompts/0/txet',
    ]);
  });
});

describe('engines.openwop', () => {
  const engine = (tree: 'v1' | 'v2', range: string) =>
    found(manifestOf('prompt', tree, { '/engines/openwop': range }), tree);
  const refused = ['pack_engine_unsupported /engines/openwop'];

  it('in v1 is any range that admits major 1', () => {
    for (const range of ['>=1.0.0', '>=1.1 <2.0.0', '^1', '*', '>=1.0.0 <3.0.0', '1.x || 2.x'])
      expect([range, engine('v1', range)]).toEqual([range, []]);
    for (const range of ['>=2.0.0', '^2.1.0', '<1.0.0', 'latest', '>>1', '0.9.0'])
      expect([range, engine('v1', range)]).toEqual([range, refused]);
  });

  it('in v2 has both bounds written and admits major 2', () => {
    for (const range of ['>=1.0.0 <3.0.0', '>=2 <3.0.0', '>=2.1 <4.0.0'])
      expect([range, engine('v2', range)]).toEqual([range, []]);
    for (const range of [
      '>=1.0.0',
      '>=1.0.0 <2.0.0',
      '^2.0.0',
      '>=3.0.0 <4.0.0',
      '>=2.0.0 <3.0.0 ',
      '>=2.0.0 <2.5.0',
    ])
      expect([range, engine('v2', range)]).toEqual([range, refused]);
  });

  it('may stand beside other engines in v1, except in connection packs, and stands alone in v2', () => {
    const more = { '/engines/node': '>=20' };
    expect(found(manifestOf('prompt', 'v1', more), 'v1')).toEqual([]);
    expect(found(manifestOf('connection', 'v1', more), 'v1')).toEqual(['invalid_manifest /engines/node']);
    expect(found(manifestOf('prompt', 'v2', more), 'v2')).toEqual(['invalid_manifest /engines/node']);
  });
});

describe('peer dependencies', () => {
  const asking = (tree: 'v1' | 'v2', name: string) =>
    found(manifestOf('card', tree, { '/peerDependencies': { [name]: 'supported' } }), tree);

  it('in v2 are declared families', () => {
    expect(FAMILIES.size).toBe(72 + 13);
    for (const name of ['aiProviders', 'agentRuntime', 'webResearch']) expect(asking('v2', name)).toEqual([]);
    for (const name of [
      'host.nonexistent',
      'host.agentRuntime',
      'aiProviders.imageGeneration',
      'constructor',
    ])
      expect(asking('v2', name)).toEqual([`pack_peer_dependency_undefined /peerDependencies/${name}`]);
  });

  it('in v1 are free, except for the names set aside', () => {
    for (const name of ['host.agentRuntime', 'openwop.agents.memoryBackends', 'anything']) {
      expect(asking('v1', name)).toEqual([]);
    }
    for (const name of ['host.media', 'host.collaboration', 'host.workspace']) {
      expect(asking('v1', name)).toEqual([`pack_peer_dependency_undefined /peerDependencies/${name}`]);
    }
  });

  it('name facets beside the family in v2, never in v1', () => {
    const facets = { '/peerDependenciesMeta': { aiProviders: { facets: ['imageGeneration'] } } };
    expect(found(manifestOf('node', 'v2', facets), 'v2')).toEqual([]);
    expect(found(manifestOf('node', 'v1', facets), 'v1')).toHaveLength(1);
  });
});

describe('earlier stages speak first', () => {
  it('the schema before the rules, the rules before engines, engines before peers', () => {
    const wrong = {
      '/runtime/language': 'cobol',
      '/engines/openwop': 'x y',
      '/peerDependencies': { nothing: '1' },
    };
    const codes = (edits: object) => found(manifestOf('node', 'v2', edits as typeof wrong), 'v2');
    expect(codes({ ...wrong, '/license': 1 })).toEqual(['invalid_manifest /license']);
    expect(codes(wrong)).toEqual(['unsupported_runtime /runtime/language']);
    expect(codes({ ...wrong, '/runtime/language': 'go' })).toEqual([
      'pack_engine_unsupported /engines/openwop',
    ]);
    expect(codes({ '/peerDependencies': { nothing: '1' } })).toHaveLength(1);
  });
});
