// The sample of the public registry, served from files: which versions a host may believe, and why not the others.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  memoryTrustStore,
  type OpenRegistry,
  openRegistry,
  Refusal,
  type Verified,
  type VerifyPolicy,
  verifyVersion,
} from '../../src/client/index.ts';
import { ROOT } from '../world/source.ts';
import { emptyRegistry, type StaticRegistry } from '../world/static-registry.ts';

const SAMPLE = join(ROOT, '../shared/real-registry');

const walk = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });

const versionsIn = (registry: StaticRegistry): (readonly [string, string])[] =>
  [...registry.files.keys()].flatMap((path) => {
    const [, name, version] = /^\/v1\/packs\/([^/]+)\/-\/(.+)\.tgz$/.exec(path) ?? [];
    return name === undefined || version === undefined ? [] : [[name, version] as const];
  });

describe.skipIf(!existsSync(SAMPLE))(
  'the sample of the public registry (skipped where it is not beside the checkout)',
  () => {
    const verdicts = new Map<string, Verified | Refusal>();
    let registry: OpenRegistry;

    const judge = async (policy?: VerifyPolicy): Promise<void> => {
      const files = await emptyRegistry();
      for (const path of walk(SAMPLE)) files.files.set(`/${relative(SAMPLE, path)}`, readFileSync(path));
      registry = await openRegistry({ url: files.url, store: memoryTrustStore() });
      for (const [name, version] of versionsIn(files)) {
        const verdict = await verifyVersion({ registry, policy })(name, version).catch(
          (error: unknown) => error,
        );
        if (!(verdict instanceof Error) || verdict instanceof Refusal)
          verdicts.set(`${name}@${version}`, verdict as Verified | Refusal);
        else throw verdict;
      }
      await files.close();
    };
    beforeAll(() => judge(), 60_000);

    it('is believed but for two versions, whose served manifests differ from the ones in their archives', () => {
      const refused = [...verdicts].flatMap(([id, verdict]) =>
        verdict instanceof Refusal ? [[id, verdict.code, verdict.evidence['fields']]] : [],
      );
      expect(verdicts.size).toBe(46);
      expect(refused).toEqual([
        ['core.openwop.ai@1.1.2', 'manifest_mismatch', ['nodes']],
        ['vendor.openwop.rust-hello@1.0.0', 'manifest_mismatch', ['description', 'runtime']],
      ]);
    });

    it('puts the tarball-signed version under its key byte by byte, and all others by their manifest only', () => {
      const bytes = [...verdicts].filter(
        ([, verdict]) => !(verdict instanceof Error) && verdict.assurance === 'bytes',
      );
      expect(bytes.map(([id]) => id)).toEqual(['core.openwop.examples@1.0.0']);
    });

    it('says of every yanked version that it was yanked', () => {
      const warned = [...verdicts].flatMap(([id, verdict]) =>
        !(verdict instanceof Error) && verdict.warnings.some((each) => each.includes('yanked')) ? [id] : [],
      );
      expect(warned).toEqual([
        'core.openwop.agents.react@1.0.0',
        'core.openwop.examples@1.0.0',
        'vendor.myndhyve.app-builder@1.0.0',
        'vendor.myndhyve.campaign-sequence-integration@1.0.0',
      ]);
    });

    it('answers for each version the same: no trust documents, no log, no statement; all else is checked', () => {
      const unchecked = [...verdicts.values()].flatMap((verdict) =>
        verdict instanceof Error
          ? []
          : [
              verdict.questions
                .flatMap(({ question, answer }) => (answer === 'yes' ? [] : [question]))
                .join(),
            ],
      );
      expect(new Set(unchecked)).toEqual(new Set(['root,keyring,checkpoint,leaf,statement,engines']));
    });
  },
);
