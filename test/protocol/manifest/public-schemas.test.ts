// Our verdicts on v1 manifests are those of the public schemas, except where the table of deviations says otherwise.
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../keys/canonical.ts';
import { DEVIATIONS } from '../../../src/protocol/manifest/deviations.ts';
import { checkManifest } from '../../../src/protocol/manifest/index.ts';
import { edited, manifestOf, PACK_KINDS } from '../../world/manifests.ts';
import { atItsEdges } from './edges.ts';
import { mutated, randomFrom } from './mutate.ts';
import { publicVerdict, STRICTER, unsignedConnection, type Verdict } from './public-schemas.ts';
import { haveSchemas, publishedVersions } from './published.ts';

const MUTATIONS = 6_000;
const TIMEOUT_MS = 60_000;

/** A signing block is judged by any kind that has one; a prompt pack will do. */
const isSigningBlock = (verdict: Verdict, signing: unknown): boolean =>
  verdict(edited(manifestOf('prompt', 'v1'), { '/signing': signing as JsonObject }));

const isTaken = (verdict: Verdict, manifest: JsonObject): boolean =>
  verdict(unsignedConnection(manifest)) &&
  (manifest.kind !== 'connection' ||
    !Object.hasOwn(manifest, 'signing') ||
    isSigningBlock(verdict, manifest.signing));

const expectedRefusals = (verdict: Verdict, manifest: JsonObject): readonly string[] =>
  isTaken(verdict, manifest)
    ? Object.entries(STRICTER)
        .filter(([, refuses]) => refuses(manifest))
        .map(([id]) => id)
    : ['schema'];

const isValid = (manifest: JsonObject): boolean => checkManifest(manifest, 'v1').violations.length === 0;

/** Per deviation a manifest that shows it. */
const examples = (): Readonly<Record<string, JsonObject>> => {
  const node = manifestOf('node', 'v1');
  const chain = manifestOf('workflow-chain', 'v1');
  const twin = { typeId: 'vendor.acme.node.echo', version: '2', category: 'data', role: '' };
  return {
    'signed-connection': manifestOf('connection', 'v1'),
    'unique-ids': edited(node, { '/nodes/-': twin }),
    'connector-actions': edited(node, { '/connector/actions/0/typeId': 'vendor.acme.elsewhere' }),
    'sub-chain-cycle': edited(chain, { '/chains/1/subChains': [{ ref: 'acme.review' }] }),
    'exec-class': edited(node, { '/nodes/0/typeId': 'core.tools.run-command' }),
    'local-ids': edited(node, { '/nodes/0/typeId': 'local.acme.echo' }),
    'host-extension-names': edited(node, { '/peerDependencies/x-host-acme': 'supported' }),
    'engine-major-1': edited(node, { '/engines/openwop': '>=2.0.0 <3.0.0' }),
    'reserved-peers': edited(node, { '/peerDependencies/host.media': 'supported' }),
  };
};

describe.skipIf(!haveSchemas)(
  'beside the public v1 schemas (skipped where no copy lies beside the checkout)',
  () => {
    it('takes the same valid manifest of every kind', () => {
      const verdict = publicVerdict();
      const kinds = PACK_KINDS.map((kind) => manifestOf(kind, 'v1'));
      expect(kinds.filter((manifest) => expectedRefusals(verdict, manifest).length > 0)).toEqual([]);
      expect(kinds.filter((manifest) => !isValid(manifest))).toEqual([]);
    });

    it('agrees on every published manifest of the sample', () => {
      const verdict = publicVerdict();
      const differing = publishedVersions().filter(
        ({ manifest }) => isValid(manifest) !== (expectedRefusals(verdict, manifest).length === 0),
      );
      expect(differing.map(({ id }) => id)).toEqual([]);
    });

    it(
      `agrees on ${MUTATIONS} small changes of valid and of published manifests`,
      () => {
        const verdict = publicVerdict();
        const seeds = [...PACK_KINDS, ...PACK_KINDS].map((kind) => manifestOf(kind, 'v1'));
        const published = publishedVersions().map(({ manifest }) => manifest);
        const from = [...seeds, ...seeds, ...Object.values(examples()), ...published];
        const met: Record<string, number> = {};
        for (let seed = 0; seed < MUTATIONS; seed++) {
          const manifest = mutated(from[seed % from.length] as JsonObject, randomFrom(seed));
          const refusals = expectedRefusals(verdict, manifest);
          for (const id of refusals.length === 0 ? ['valid'] : refusals) met[id] = (met[id] ?? 0) + 1;
          const report = checkManifest(manifest, 'v1');
          if ((report.violations.length === 0) !== (refusals.length === 0)) {
            expect.fail(
              `seed ${seed}: expected ${refusals.join() || 'valid'}, found ${JSON.stringify(report)}`,
            );
          }
        }
        expect(Object.keys(met).sort()).toEqual(['schema', 'valid', ...Object.keys(STRICTER)].sort());
        expect(met.valid).toBeGreaterThan(MUTATIONS / 20);
      },
      TIMEOUT_MS,
    );
  },
);

describe.skipIf(!haveSchemas)('beside the public v1 schemas, place by place', () => {
  it.each(PACK_KINDS)(
    'agrees on every edge of every place in a %s manifest',
    (kind) => {
      const verdict = publicVerdict();
      let judged = 0;
      for (const [where, manifest] of atItsEdges(manifestOf(kind, 'v1'))) {
        const refusals = expectedRefusals(verdict, manifest);
        judged++;
        if (isValid(manifest) !== (refusals.length === 0)) {
          expect.fail(
            `${where}: expected ${refusals.join() || 'valid'}: ${JSON.stringify(manifest).slice(0, 2000)}`,
          );
        }
      }
      expect(judged).toBeGreaterThan(500);
    },
    TIMEOUT_MS,
  );
});

describe('the table of deviations', () => {
  it('has a second reading of every stricter rule, and no rule besides', () => {
    const stricter = DEVIATIONS.filter(({ verdict }) => verdict === 'stricter').map(({ id }) => id);
    expect(stricter.sort()).toEqual(Object.keys(STRICTER).sort());
  });

  it.skipIf(!haveSchemas)('is needed: each row is a manifest that the public schema judges otherwise', () => {
    const verdict = publicVerdict();
    expect(Object.keys(examples())).toEqual(DEVIATIONS.map(({ id }) => id));
    for (const { id, verdict: direction } of DEVIATIONS) {
      const manifest = examples()[id] as JsonObject;
      expect([id, verdict(manifest), isValid(manifest)]).toEqual([
        id,
        direction === 'stricter',
        direction === 'looser',
      ]);
    }
  });
});
