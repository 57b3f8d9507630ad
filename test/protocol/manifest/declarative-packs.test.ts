// The rules of the kinds that carry no code: chains, prompts, cards, artifact types and forms.
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../keys/canonical.ts';
import { checkManifest } from '../../../src/protocol/manifest/index.ts';
import { manifestOf, PACK_KINDS, TREES } from '../../world/manifests.ts';
import { found } from './find.ts';

type Edits = Parameters<typeof manifestOf>[2];

describe.each(TREES)('ids in tree %s', (tree) => {
  const LISTS = {
    'artifact-type': ['artifactTypes', 'artifactTypeId'],
    'workflow-chain': ['chains', 'chainId'],
    prompt: ['prompts', 'templateId'],
    card: ['cards', 'cardTypeId'],
    'form-content': ['templates', 'templateId'],
  } as const;

  it.each(Object.keys(LISTS) as (keyof typeof LISTS)[])('occur once in a %s pack', (kind) => {
    const [list, id] = LISTS[kind];
    const entries = manifestOf(kind, tree)[list] as readonly JsonValue[];
    const twice = manifestOf(kind, tree, { [`/${list}`]: [...entries, entries[0] ?? null] });
    expect(found(twice, tree)).toEqual([`invalid_manifest /${list}/${entries.length}/${id}`]);
  });

  it('of prompts may repeat under another version', () => {
    expect(found(manifestOf('prompt', tree, { '/prompts/1/version': '1.0.0' }), tree)).toEqual([
      'invalid_manifest /prompts/1/templateId',
    ]);
  });

  it('of fields and of fragment nodes are unique in their form and chain', () => {
    expect(found(manifestOf('form-content', tree, { '/templates/0/fields/1/id': 'email' }), tree)).toEqual([
      'invalid_manifest /templates/0/fields/1/id',
    ]);
    expect(found(manifestOf('workflow-chain', tree, { '/chains/0/dag/nodes/1/id': 'draft' }), tree)).toEqual([
      'invalid_manifest /chains/0/dag/nodes/1/id',
    ]);
    expect(found(manifestOf('workflow-chain', tree, { '/chains/1/dag/nodes/0/id': 'draft' }), tree)).toEqual(
      [],
    );
  });
});

describe.each(TREES)('a workflow chain in tree %s', (tree) => {
  const chain = (edits: Edits) => found(manifestOf('workflow-chain', tree, edits), tree);
  const external = (packName: string, chainId: string) => ({ ref: { packName, chainId, version: '1.0.0' } });

  it('may not compose itself, directly or through others', () => {
    const cycle = ['sub_chain_cycle /chains/1/subChains/0/ref'];
    expect(chain({ '/chains/1/subChains': [{ ref: 'acme.child' }] })).toEqual(cycle);
    expect(chain({ '/chains/1/subChains': [{ ref: 'acme.review' }] })).toEqual(cycle);
    expect(chain({ '/chains/1/subChains': [external('vendor.acme.workflow-chain', 'acme.review')] })).toEqual(
      cycle,
    );
  });

  it('may compose another pack’s chain of the same name', () => {
    expect(chain({ '/chains/1/subChains': [external('vendor.other.chains', 'acme.review')] })).toEqual([]);
  });

  it('warns of a sibling that is not in the pack', () => {
    const manifest = manifestOf('workflow-chain', tree, { '/chains/0/subChains/0/ref': 'acme.gone' });
    const { violations, warnings } = checkManifest(manifest, tree);
    expect(violations).toEqual([]);
    expect(warnings.map(({ where }) => where)).toEqual(['/chains/0/subChains/0/ref']);
  });

  it('never pins the workflow of one host', () => {
    expect(chain({ '/chains/0/dag/nodes/0/config': { workflowId: 'w1' } })).toEqual([
      'invalid_manifest /chains/0/dag/nodes/0/config/workflowId',
    ]);
  });

  it('has a node', () => {
    expect(chain({ '/chains/0/dag/nodes': [] })).toContain('invalid_manifest /chains/0/dag/nodes');
    expect(chain({ '/chains': [] })).toEqual(['invalid_manifest /chains']);
  });
});

describe('a v2 workflow chain', () => {
  const chain = (edits: Edits) => found(manifestOf('workflow-chain', 'v2', edits), 'v2');

  it('pins every node type and every foreign chain exactly', () => {
    const typeId = '/chains/0/dag/nodes/0/typeId';
    for (const pin of [
      'core.ai.callPrompt@^1',
      'core.ai.callPrompt',
      'core.ai.callPrompt@1.0',
      'core.ai.callPrompt@',
    ])
      expect([pin, chain({ [typeId]: pin })]).toEqual([pin, [`invalid_manifest ${typeId}`]]);
    expect(chain({ [typeId]: 'core.ai.callPrompt@1.0.0-rc.1' })).toEqual([]);
    expect(chain({ '/chains/0/subChains/1/ref/version': '^1.0.0' })).toEqual([
      'invalid_manifest /chains/0/subChains/1/ref/version',
    ]);
  });

  it('does not undo what it calls irreversible', () => {
    const node = '/chains/0/dag/nodes/1';
    expect(chain({ [`${node}/irreversibleEffect`]: true })).toEqual([
      `invalid_manifest ${node}/compensation`,
    ]);
    expect(chain({ [`${node}/irreversibleEffect`]: true, [`${node}/compensation`]: undefined })).toEqual([]);
  });
});

describe('a form', () => {
  it('says nothing about where answers go', () => {
    for (const tree of TREES)
      for (const name of ['intakeBinding', 'submitUrl', 'webhook'])
        expect(
          found(manifestOf('form-content', tree, { [`/templates/0/${name}`]: 'https://a.example' }), tree),
        ).toEqual([`invalid_manifest /templates/0/${name}`]);
  });

  it('names its fields by id', () => {
    const keyed = { '/templates/0/fields/0': { key: 'a', type: 'text', label: 'A' } };
    expect(found(manifestOf('form-content', 'v1', keyed), 'v1')).toHaveLength(2);
  });

  it('shows a field on a condition in v2 only', () => {
    const when = { '/templates/0/fields/0/when': { type: 'equals', left: 'a', right: 1 } };
    expect(found(manifestOf('form-content', 'v2', when), 'v2')).toEqual([]);
    expect(found(manifestOf('form-content', 'v1', when), 'v1')).toEqual([
      'invalid_manifest /templates/0/fields/0/when',
    ]);
    expect(
      found(manifestOf('form-content', 'v2', { '/templates/0/fields/0/when': 'a == 1' }), 'v2'),
    ).toHaveLength(1);
  });
});

it('a prompt that comes from a pack says from which', () => {
  const meta = (edits: Edits) => found(manifestOf('prompt', 'v1', edits), 'v1');
  expect(meta({ '/prompts/0/meta/packName': undefined })).toEqual([
    'invalid_manifest /prompts/0/meta/packName',
  ]);
  expect(meta({ '/prompts/0/meta': { source: 'host' } })).toEqual([]);
});

it('an artifact may be exported as a media type in v2 only', () => {
  const formats = { '/artifactTypes/0/exportFormats': ['text/csv'] };
  expect(found(manifestOf('artifact-type', 'v2', formats), 'v2')).toEqual([]);
  expect(found(manifestOf('artifact-type', 'v1', formats), 'v1')).toHaveLength(1);
});

it('every kind keeps to the limits of its texts', () => {
  for (const kind of PACK_KINDS) {
    expect(found(manifestOf(kind, 'v1', { '/description': 'é'.repeat(1024) }), 'v1')).toEqual([]);
    expect(found(manifestOf(kind, 'v1', { '/description': 'é'.repeat(1025) }), 'v1')).toEqual([
      'invalid_manifest /description',
    ]);
  }
});
