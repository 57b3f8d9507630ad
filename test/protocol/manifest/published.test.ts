// What well-known published versions are told when they are published anew in tree v1, as far as the manifest decides.
import { describe, expect, it } from 'vitest';
import { describeManifest, reservedTypeIds } from '../../../src/protocol/manifest/describe.ts';
import { checkManifest } from '../../../src/protocol/manifest/index.ts';
import { referencedFiles } from '../../../src/protocol/manifest/references.ts';
import { signingOf } from '../../../src/protocol/manifest/signing.ts';
import { havePublished, publishedVersions } from './published.ts';

const versions = publishedVersions();

describe.skipIf(!havePublished)('the published sample (skipped where none lies beside the checkout)', () => {
  it('is refused for its manifest in these versions only', () => {
    const refused = versions.flatMap(({ id, manifest }) => {
      const { stage, violations } = checkManifest(manifest, 'v1');
      return stage === undefined ? [] : [`${id} ${violations[0]?.code} ${violations[0]?.where}`];
    });
    expect(refused).toEqual([
      'core.openwop.artifact-types@1.0.0 invalid_manifest /artifactTypes/0/schemaRef',
      'core.openwop.connections.salesforce@1.0.0 invalid_manifest /provider/apiHosts',
      'core.openwop.flow@1.1.0 invalid_manifest /nodes/0/category',
      'vendor.openwop.rust-hello@1.0.0 invalid_manifest /runtime/wasm',
    ]);
  });

  it('promises files that its archive lacks in these versions only', () => {
    const missing = versions.flatMap(({ id, manifest, entries }) =>
      referencedFiles(manifest)
        .filter(({ path }) => !entries.has(path))
        .map(({ code, where }) => `${id} ${code} ${where}`),
    );
    expect(missing).toEqual([
      'core.openwop.agent-examples@1.0.0 schema_ref_missing /agents/1/systemPromptRef',
      'core.openwop.agents.react@1.0.0 schema_ref_missing /agents/0/systemPromptRef',
      'vendor.openwop.rust-hello@1.0.0 tarball_entry_missing /runtime/entry',
    ]);
  });

  it('names a key and a signature that lies in the archive, except in two versions', () => {
    const unsigned = versions.filter(({ manifest, entries }) => {
      const signing = signingOf(manifest, 'v1');
      return signing === undefined || !entries.has(signing.signatureRef);
    });
    expect(unsigned.map(({ id }) => id)).toEqual([
      'core.openwop.examples@1.0.0',
      'vendor.openwop.rust-hello@1.0.0',
    ]);
  });

  it('is refused in tree v2 throughout: there it must be signed and bounded anew', () => {
    expect(versions.filter(({ manifest }) => checkManifest(manifest, 'v2').stage === undefined)).toEqual([]);
  });

  it('gives warnings for protocol ids in vendor packs, and describes every version', () => {
    const vendors = versions.filter(
      ({ manifest, id }) => reservedTypeIds(manifest, id.split('@')[0] ?? '').length > 0,
    );
    expect(vendors.every(({ id }) => !id.startsWith('core.'))).toBe(true);
    expect(versions.filter(({ manifest }) => describeManifest(manifest).typeIds.length === 0)).toEqual([]);
  });
});
