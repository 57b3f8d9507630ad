// Arbitrary installation, wrong software, extraneous dependencies: a host is to get what nobody published under that name.
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../storage/digest.ts';
import { seedOf } from '../keys/trust-world.ts';
import { packWith } from '../world/archives.ts';
import { type MadePack, makePack, servedManifest } from '../world/packs.ts';
import { createPublisher } from '../world/publisher.ts';
import { partOf } from '../world/static-registry.ts';
import { newHost, registryWith, TOOLS } from './host.ts';
import { assuranceAt, refusedAtVersion, verdict, withoutLog } from './lies.ts';
import { loggedRegistry, proofOf } from './logged.ts';
import { testLog } from './test-log.ts';
import { at, publisher } from './trusted.ts';

const evil = createPublisher('evil', seedOf('evil'));

describe('arbitrary installation', () => {
  it('is refused: a version that the log does not record, signed with a stolen key', async () => {
    const registry = await loggedRegistry();
    registry.add(await makePack(publisher));
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'leaf', code: 'proof_missing' });
  });

  it('is refused: an event made up for it, which no head of the log holds', async () => {
    const pack = await makePack(publisher);
    const registry = await loggedRegistry();
    registry.add(pack);
    const index = registry.record(pack);
    const madeUp = registry.log.leaves[index] ?? new Uint8Array();
    const proof = await testLog(registry.log.leaves.slice(0, 3)).proof(2, madeUp);
    registry.files.set(proofOf(pack), Buffer.from(proof));
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'leaf', code: 'leaf_not_included' });
    expect(refused.evidence).toEqual({ index: 2, size: 3, hashes: 1 });
  });

  it('is refused: an event made up for it under a head of another log’s key', async () => {
    const pack = await makePack(publisher);
    const registry = await loggedRegistry();
    registry.add(pack);
    const foreign = testLog(registry.log.leaves, 'evil');
    registry.record(pack);
    const leaf = registry.log.leaves[3] ?? new Uint8Array();
    foreign.append(leaf);
    registry.files.set(proofOf(pack), Buffer.from(await foreign.proof(3, leaf)));
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'leaf', code: 'checkpoint_signature' });
  });

  it('is refused: a version that the log records under a key that nobody delegated', async () => {
    const registry = await loggedRegistry(await makePack(evil));
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'delegation', code: 'key_unknown' });
  });

  it('is refused: a version that the log records, signed by another key under the name of the right one', async () => {
    const registry = await loggedRegistry(await makePack(publisher, { seed: evil.seed }));
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'signature', code: 'pack_signature_invalid' });
  });

  it('is believed at a registry without a log that lists the attacker’s key itself', async () => {
    const registry = await registryWith([await makePack(evil)], [{ publisher: evil }]);
    expect(await assuranceAt(await newHost(), registry)).toBe('manifest');
  });

  const MALFORMED: readonly (readonly [string, string])[] = [
    ['nothing', ''],
    ['no proof', 'hello'],
    ['a proof without an event', 'c2sp.org/tlog-proof@v1\nindex 0\n\nhead\n'],
    ['a proof whose event is no JSON', 'c2sp.org/tlog-proof@v1\nextra aGk=\nindex 0\n\nhead\n'],
    [
      'a proof whose event has two spellings',
      'c2sp.org/tlog-proof@v1\nextra eyAiaWQiOiJ4IiB9\nindex 0\n\nhead\n',
    ],
  ];
  it.each(MALFORMED)('is refused: %s in place of a proof', async (_name, text) => {
    const pack = await makePack(publisher);
    const registry = await loggedRegistry(pack);
    registry.files.set(proofOf(pack), Buffer.from(text));
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'leaf', code: 'proof_malformed' });
  });

  it.each([
    ['a digest that is none', { sha256: 'x' }],
    ['a size that is none', { size: -1 }],
    ['a signature without a key', { keyId: null }],
  ])('is refused: a leaf with %s', async (_name, change) => {
    const pack = await makePack(publisher);
    const registry = await loggedRegistry();
    registry.add(pack);
    registry.record(pack, { change });
    await registry.serveLog();
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'leaf', code: 'proof_malformed' });
  });
});

describe('wrong software', () => {
  const swapAll = (
    registry: { readonly files: Map<string, Uint8Array> },
    asked: MadePack,
    other: MadePack,
  ) => {
    for (const ending of ['json', 'tgz', 'sig'])
      registry.files.set(
        partOf(asked, ending),
        registry.files.get(partOf(other, ending)) ?? new Uint8Array(),
      );
  };
  const pair = async () =>
    [await makePack(publisher), await makePack(publisher, { name: 'vendor.acme.other' })] as const;

  it('is refused by the log, which records other bytes under that name', async () => {
    const [asked, other] = await pair();
    const registry = await loggedRegistry(asked, other);
    swapAll(registry, asked, other);
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'digest', code: 'leaf_digest_mismatch' });
  });

  it('is refused with the proof of that other pack', async () => {
    const [asked, other] = await pair();
    const registry = await loggedRegistry(asked, other);
    swapAll(registry, asked, other);
    registry.files.set(proofOf(asked), registry.files.get(proofOf(other)) ?? new Uint8Array());
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'leaf', code: 'leaf_mismatch' });
  });

  it('is refused where the log itself records those bytes under the wrong name', async () => {
    const [asked, other] = await pair();
    const registry = await loggedRegistry();
    registry.add(asked, other);
    registry.record(asked, {
      change: { sha256: digestOf(other.tarball), signature: Buffer.from(other.signature).toString('base64') },
    });
    await registry.serveLog();
    swapAll(registry, asked, other);
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'identity', code: 'manifest_identity_mismatch' });
  });

  it('is refused without a log by the name in the archive', async () => {
    const [asked, other] = await pair();
    const registry = await withoutLog(asked, other);
    swapAll(registry, asked, other);
    expect((await (await newHost()).refusal(registry, TOOLS)).code).toBe('manifest_identity_mismatch');
  });
});

describe('extraneous dependencies', () => {
  const LIE = { dependencies: { 'vendor.evil.tools': '*' } };

  it('are refused where only the served manifest names them', async () => {
    const pack = await makePack(publisher);
    const registry = await loggedRegistry(pack);
    registry.setJson(partOf(pack, 'json'), { ...servedManifest(pack), ...LIE });
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'agreement', code: 'manifest_mismatch' });
    expect(refused.evidence['fields']).toEqual(['dependencies']);
  });

  it('are refused where the archive names them and the log records the one without', async () => {
    const pack = await makePack(publisher);
    const registry = await loggedRegistry(pack);
    registry.add(await makePack(publisher, { edits: { '/dependencies': LIE.dependencies } }));
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'digest', code: 'leaf_digest_mismatch' });
  });

  it('are believed without a log where the publisher’s key signed them', async () => {
    const pack = await makePack(publisher, { edits: { '/dependencies': { 'vendor.acme.base': '*' } } });
    const needed = await makePack(publisher, { name: 'vendor.acme.base' });
    expect(await assuranceAt(await newHost(), await withoutLog(pack, needed))).toBe('manifest');
  });
});

describe('two pack.json entries', () => {
  it('are refused although the log records the archive that holds them', async () => {
    const pack = await makePack(publisher);
    const tarball = packWith({ name: 'pack.json', bytes: '{"name":"vendor.evil.tools"}' });
    const registry = await loggedRegistry({ ...pack, tarball });
    const refused = await refusedAtVersion(await newHost(), registry, TOOLS, at());
    expect(verdict(refused)).toEqual({ question: 'archive', code: 'archive_invalid' });
  });

  it('are refused without a log as well: the archive speaks for itself', async () => {
    const pack = await makePack(publisher);
    const tarball = packWith({ name: 'pack.json', bytes: '{"name":"vendor.evil.tools"}' });
    const refused = await (await newHost()).refusal(await withoutLog({ ...pack, tarball }), TOOLS);
    expect(verdict(refused)).toEqual({ question: 'archive', code: 'archive_invalid' });
  });
});
