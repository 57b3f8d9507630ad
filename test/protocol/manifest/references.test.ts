// Which files a manifest promises, and which key it says has signed it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { referencedFiles } from '../../../src/protocol/manifest/references.ts';
import { signingOf } from '../../../src/protocol/manifest/signing.ts';
import { manifestOf, PACK_KINDS } from '../../world/manifests.ts';

const brief = (manifest: Parameters<typeof referencedFiles>[0]) =>
  referencedFiles(manifest).map(({ path, code, where }) => `${path} ${code} ${where}`);

describe('the files a manifest refers to', () => {
  it('are the entry, the schemas of nodes and the prompts and schemas of agents', () => {
    expect(brief(manifestOf('node', 'v1'))).toEqual([
      'index.mjs tarball_entry_missing /runtime/entry',
      'schemas/config.json schema_ref_missing /nodes/0/configSchemaRef',
      'schemas/input.json schema_ref_missing /nodes/0/inputSchemaRef',
      'prompts/helper.md schema_ref_missing /agents/0/systemPromptRef',
      'schemas/task.json schema_ref_missing /agents/0/handoff/taskSchemaRef',
      'schemas/return.json schema_ref_missing /agents/0/handoff/returnSchemaRef',
    ]);
  });

  it('are the schemas of artifact types and of what cards produce', () => {
    const all = PACK_KINDS.filter((kind) => kind !== 'node').flatMap((kind) => brief(manifestOf(kind, 'v2')));
    expect(all).toEqual([
      'schemas/report.json schema_ref_missing /artifactTypes/0/schemaRef',
      'schemas/summary.json schema_ref_missing /cards/0/outputSchemaRef',
    ]);
  });

  it('leave out addresses on the web, and the entry of a remote pack only if it is one', () => {
    const entry = (language: string, text: string) =>
      brief(manifestOf('node', 'v1', { '/runtime': { language, entry: text } })).filter((each) =>
        each.includes('entry'),
      );
    expect(entry('remote', 'HTTPS://a.example/mcp')).toEqual([]);
    expect(entry('remote', 'pack.json')).toEqual(['pack.json tarball_entry_missing /runtime/entry']);
    expect(entry('javascript', 'https://a.example/x.mjs')).toHaveLength(1);
  });

  it('keep a path that leaves the pack as it is, so that nothing resolves it', () => {
    const paths = [
      '../x.json',
      './../x.json',
      'schemas/../../x.json',
      '/etc/passwd',
      '',
      'a\\b.json',
      '././a.json',
    ];
    const kept = paths.map(
      (path) => brief(manifestOf('card', 'v1', { '/cards/0/outputSchemaRef': path }))[0]?.split(' ')[0],
    );
    expect(kept).toEqual([
      '../x.json',
      '../x.json',
      'schemas/../../x.json',
      '/etc/passwd',
      '',
      'a\\b.json',
      'a.json',
    ]);
  });

  it('are read from anything without a throw', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => void referencedFiles(value as never)),
      { numRuns: 2000 },
    );
  });
});

describe('the signing block', () => {
  it('names a key in the spelling of its tree', () => {
    expect(signingOf(manifestOf('node', 'v1'), 'v1')).toEqual({
      keyId: 'acme-1',
      signatureRef: 'keys/pack.json.sig',
      method: 'manual',
    });
    expect(signingOf(manifestOf('node', 'v2'), 'v2')).toEqual({
      keyId: 'acme-1',
      signatureRef: 'keys/pack.json.sig',
      method: 'ed25519-canonical-json',
    });
  });

  it('of the other tree names none', () => {
    expect(signingOf(manifestOf('node', 'v1'), 'v2')).toBeUndefined();
    expect(signingOf(manifestOf('node', 'v2'), 'v1')).toBeUndefined();
  });

  it('may place the signature elsewhere in v1', () => {
    const elsewhere = { '/signing': { publicKeyRef: 'k', signatureRef: './sigs/a.sig', method: 'sigstore' } };
    expect(signingOf(manifestOf('node', 'v1', elsewhere), 'v1')).toEqual({
      keyId: 'k',
      signatureRef: 'sigs/a.sig',
      method: 'sigstore',
    });
  });

  it('is undefined where there is none, or one without a key', () => {
    for (const signing of [undefined, null, 'acme-1', [], {}, { publicKeyRef: '' }, { publicKeyRef: 1 }])
      expect(signingOf(manifestOf('node', 'v1', { '/signing': signing as never }), 'v1')).toBeUndefined();
  });
});
