// A registry that lies about its bases: each lie is refused for its own reason, with the evidence, and hands over nothing.
import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64 } from '../../keys/bytes.ts';
import type { JsonObject } from '../../keys/canonical.ts';
import { signEnvelope } from '../../keys/envelope.ts';
import { parseKeyId } from '../../keys/key.ts';
import { verifyKnowledgeArchive } from '../../src/client/knowledge/archive.ts';
import type { Knowledge } from '../../src/client/knowledge/knowledge.ts';
import type { BelievedVersion } from '../../src/client/knowledge/version.ts';
import { Refusal } from '../../src/client/refusal.ts';
import { encodeEntry } from '../../src/protocol/knowledge/entry.ts';
import type { BaseId } from '../../src/protocol/knowledge/ids.ts';
import { parseKnowledgePath } from '../../src/protocol/knowledge-path.ts';
import { delegationOf, signer } from '../keys/trust-world.ts';
import { archiveOf } from './knowledge-archive.ts';
import { BASE, knowledgeWorld, OTHER_BASE, SECOND } from './knowledge-world.ts';

const CURRENT = { base: BASE, selector: 'current' } as const;
const REFUNDS = parseKnowledgePath('claims/refunds.md');
const TRAVEL = parseKnowledgePath('claims/travel.md');

const refused = async (work: Promise<unknown>): Promise<Refusal> => {
  const outcome = await work.catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(Refusal);
  return outcome as Refusal;
};

const verdict = ({ question, code }: Refusal) => ({ question, code });

/** A client that believes the current version before anything is bent. */
const believing = async () => {
  const world = await knowledgeWorld();
  const knowledge = await world.open();
  return { world, knowledge, version: await knowledge.version(CURRENT) };
};

const rowsOf = (body: JsonObject, name: string): readonly JsonObject[] => body[name] as readonly JsonObject[];

const flipped = (text: string): string => {
  const bytes = decodeBase64(text) ?? new Uint8Array();
  return encodeBase64(bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte)));
};

describe('a forged manifest', () => {
  it('is refused where it is another block than the version is named after', async () => {
    const world = await knowledgeWorld();
    const forged = await world.make({ 'claims/refunds.md': 'No refunds.\n' });
    const block = encodeBase64(forged.block);
    world.bend(/versions\/[^/]+$/, (body) => ({ ...body, block, signature: forged.envelope }));
    const refusal = await refused((await world.open()).version(CURRENT));
    expect(verdict(refusal)).toEqual({ question: 'manifest', code: 'version_block_mismatch' });
    expect(refusal.evidence).toMatchObject({ expected: world.second.cid, found: forged.cid });
  });

  it('is refused where it is of another base', async () => {
    const world = await knowledgeWorld();
    const other = await world.make(SECOND, { change: { kb: OTHER_BASE } });
    await world.create(other);
    await world.point(other, 3);
    const refusal = await refused((await world.open()).version(CURRENT));
    expect(verdict(refusal)).toEqual({ question: 'manifest', code: 'version_of_another_base' });
    expect(refusal.evidence).toMatchObject({ expected: BASE, found: OTHER_BASE });
  });

  it('is refused where another key signed it under the id of the right one', async () => {
    const world = await knowledgeWorld();
    const forged = await world.make(SECOND, {
      sign: (envelope) =>
        signEnvelope(envelope, [{ ...signer('publisher'), keyId: parseKeyId('authority') }]),
    });
    await world.create(forged);
    const pinned = { base: BASE, selector: forged.cid };
    const refusal = await refused((await world.open()).version(pinned));
    expect(verdict(refusal)).toEqual({ question: 'signature', code: 'version_signature_invalid' });
    expect(refusal.evidence).toMatchObject({ keyId: 'authority', packName: BASE });
  });

  it('is refused where the signature covers another manifest', async () => {
    const world = await knowledgeWorld();
    world.bend(/versions\/[^/]+$/, (body) => ({ ...body, signature: world.first.envelope }));
    const refusal = await refused((await world.open()).version(CURRENT));
    expect(verdict(refusal)).toEqual({ question: 'signature', code: 'version_signature_invalid' });
    expect(refusal.evidence).toMatchObject({ reason: 'it covers another manifest' });
  });

  it.each([
    ['of a key that speaks for another authority', ['kb:other.example:*'], 'key_not_permitted'],
    ['of a key that speaks for packs', ['vendor.acme.*'], 'key_not_permitted'],
  ])('is refused with the signature %s', async (_name, namespaces, code) => {
    const world = await knowledgeWorld();
    await world.registry.serveKeyring({ delegations: [delegationOf('authority', { namespaces })] });
    const refusal = await refused((await world.open()).version(CURRENT));
    expect(verdict(refusal)).toEqual({ question: 'delegation', code });
    expect(refusal.evidence).toMatchObject({ namespaces });
  });

  it('is refused with the signature of a key that nobody delegated, or that was revoked before', async () => {
    const world = await knowledgeWorld();
    await world.registry.serveKeyring({ version: 30, delegations: [delegationOf('publisher')] });
    expect(verdict(await refused((await world.open()).version(CURRENT)))).toEqual({
      question: 'delegation',
      code: 'key_unknown',
    });
    await world.registry.serveKeyring({
      version: 31,
      delegations: [delegationOf('authority', { namespaces: ['kb:acme.example:*'] })],
      revocations: [
        {
          keyId: parseKeyId('authority'),
          reason: 'stolen',
          fromPosition: 5,
          issuedAt: '2026-05-31T00:00:00Z',
        },
      ],
    });
    const knowledge = await world.open();
    expect((await refused(knowledge.version(CURRENT))).code).toBe('key_revoked');
    const older = await knowledge.version({ base: BASE, selector: world.first.cid });
    expect(older.assurance).toBe('log+signed');
  });

  it('is refused without trust documents, unless its content id was pinned', async () => {
    const world = await knowledgeWorld();
    world.registry.hideTrust();
    const knowledge = await world.open();
    expect(verdict(await refused(knowledge.version(CURRENT)))).toEqual({
      question: 'root',
      code: 'trust_documents_missing',
    });
    expect((await knowledge.version({ base: BASE, selector: world.second.cid })).assurance).toBe('content');
  });
});

describe('what the log says of a version', () => {
  it('must be there', async () => {
    const world = await knowledgeWorld();
    world.bend(/versions\/[^/]+$/, (body) => ({ ...body, proof: null }));
    const refusal = await refused((await world.open()).version(CURRENT));
    expect(verdict(refusal)).toEqual({ question: 'leaf', code: 'proof_missing' });
  });

  it('must be about that version', async () => {
    const world = await knowledgeWorld();
    let proof: JsonObject['proof'] = null;
    world.bend(/versions\/[^/]+$/, (body) => {
      proof ??= body['proof'] ?? null;
      return { ...body, proof };
    });
    const knowledge = await world.open();
    await knowledge.version({ base: BASE, selector: world.first.cid });
    const refusal = await refused(knowledge.version(CURRENT));
    expect(verdict(refusal)).toEqual({ question: 'leaf', code: 'leaf_mismatch' });
    expect(refusal.evidence).toMatchObject({
      expected: { knowledge_base_version: world.second.cid },
      found: { knowledge_base_version: world.first.cid },
    });
  });

  it.each([
    ['its content', (content: string) => ({ content })],
    ['its parent', (content: string) => ({ parent_version: content })],
    ['its number', () => ({ version_seq: 7 })],
    ['who made it', () => ({ created_by: 'human:acme.example:eve' })],
  ])('must agree on %s', async (_name, said) => {
    const world = await knowledgeWorld();
    const third = await world.make({ 'a.md': 'a\n' });
    await world.create(third, said(world.first.cid) as never);
    const refusal = await refused((await world.open()).version({ base: BASE, selector: third.cid }));
    expect(verdict(refusal)).toEqual({ question: 'leaf', code: 'leaf_mismatch' });
  });

  it('must stand in the log at the place that the proof names', async () => {
    const world = await knowledgeWorld();
    world.bend(/versions\/[^/]+$/, (body) => ({
      ...body,
      proof: String(body['proof']).replace(/^index \d+$/m, 'index 1'),
    }));
    const refusal = await refused((await world.open()).version(CURRENT));
    expect(verdict(refusal)).toEqual({ question: 'leaf', code: 'leaf_not_included' });
  });
});

describe('an old version that is served as the current one', () => {
  it('is refused by whoever saw a later move, also in another run', async () => {
    const world = await knowledgeWorld();
    await (await world.open()).version(CURRENT);
    await world.point(world.first, 1);
    const refusal = await refused((await world.open()).version(CURRENT));
    expect(verdict(refusal)).toEqual({ question: 'current', code: 'pointer_rollback' });
    expect(refusal.evidence).toMatchObject({
      seen: { generation: 2, version: world.second.cid },
      found: { generation: 1, version: world.first.cid },
    });
  });

  it('is refused where it is said to be what that very move led to', async () => {
    const world = await knowledgeWorld();
    await (await world.open()).version(CURRENT);
    await world.point(world.first, 2);
    expect((await refused((await world.open()).version(CURRENT))).code).toBe('pointer_fork');
  });

  it('is refused where the move that is recorded led elsewhere', async () => {
    const world = await knowledgeWorld();
    world.bend(/pointer/, (body) => ({ ...body, knowledge_base_version: world.first.cid }));
    const refusal = await refused((await world.open()).version(CURRENT));
    expect(verdict(refusal)).toEqual({ question: 'current', code: 'pointer_mismatch' });
    expect(refusal.evidence).toMatchObject({
      expected: { to_version: world.first.cid },
      found: { to_version: world.second.cid },
    });
    expect((await world.store.recall())?.pointers).toBeUndefined();
  });

  it('is taken by whoever never saw another, with the move it rests on checked, or not checked, as it says', async () => {
    const world = await knowledgeWorld();
    await world.point(world.first, 3);
    expect((await (await world.open()).version(CURRENT)).version).toBe(world.first.cid);
  });

  it('is refused where it comes in answer to a question about the one that is believed', async () => {
    const { world, knowledge, version } = await believing();
    await world.point(world.first, 3);
    for (const read of [
      knowledge.get(version, REFUNDS),
      knowledge.list(version),
      knowledge.search(version, { query: 'refunds' }),
    ])
      expect((await refused(read)).code).toBe('version_moved');
  });
});

describe('a document', () => {
  it('with a tampered node in its proof is refused', async () => {
    const { world, knowledge, version } = await believing();
    world.bend(/proofs/, (body) => ({ ...body, blocks: (body['blocks'] as string[]).map(flipped) }));
    const refusal = await refused(knowledge.get(version, REFUNDS));
    expect(verdict(refusal)).toEqual({ question: 'entry', code: 'entry_unproven' });
    expect(refusal.evidence).toMatchObject({ reason: 'block_missing', content: version.manifest.content });
  });

  it('that is there is not proven away', async () => {
    const { world, knowledge, version } = await believing();
    world.bend(/proofs/, (body) => ({ ...body, entry: null, entry_block: null, blocks: [] }));
    expect((await refused(knowledge.get(version, REFUNDS))).code).toBe('entry_unproven');
  });

  it('with the entry of another is refused', async () => {
    const { world, knowledge, version } = await believing();
    const other = world.second.entries.get(TRAVEL);
    const block = encodeBase64(other === undefined ? new Uint8Array() : encodeEntry(other));
    world.bend(/proofs/, (body) => ({ ...body, entry_block: block }));
    const refusal = await refused(knowledge.get(version, REFUNDS));
    expect(verdict(refusal)).toEqual({ question: 'entry', code: 'entry_mismatch' });
  });

  it('with other bytes is refused', async () => {
    const { world, knowledge, version } = await believing();
    world.swap(REFUNDS, 'No refunds at all.\n');
    const refusal = await refused(knowledge.get(version, REFUNDS));
    expect(verdict(refusal)).toEqual({ question: 'document', code: 'document_mismatch' });
    const expected = world.second.entries.get(REFUNDS);
    expect(refusal.evidence).toMatchObject({
      expected: { blob: expected?.blob, size: expected?.size },
      found: { size: 19 },
    });
  });

  it('that was there before is no answer', async () => {
    const { world, knowledge, version } = await believing();
    world.swap(REFUNDS, world.first.documents[REFUNDS] ?? '');
    expect((await refused(knowledge.get(version, REFUNDS))).code).toBe('document_mismatch');
  });
});

describe('a list', () => {
  const listing = async (change: (rows: readonly JsonObject[]) => readonly JsonObject[]) => {
    const { world, knowledge, version } = await believing();
    world.bend(/entries(\?|$)/, (body) => ({ ...body, entries: change(rowsOf(body, 'entries')) }));
    return refused(knowledge.list(version));
  };

  it.each([
    ['that withholds the first entry', 0],
    ['that withholds one in the middle', 1],
    ['that withholds the last', 2],
  ])('%s is refused, and the entry is named', async (_name, at) => {
    const refusal = await listing((rows) => rows.filter((_row, index) => index !== at));
    expect(verdict(refusal)).toEqual({ question: 'page', code: 'page_mismatch' });
    expect(refusal.evidence['withheld']).toHaveLength(1);
    expect(refusal.evidence['surplus']).toEqual([]);
  });

  it('with an entry that the version does not have is refused, and the entry is named', async () => {
    const refusal = await listing((rows) => [...rows, { ...rows[0], path: 'z.md' }]);
    expect(refusal.code).toBe('page_mismatch');
    expect(refusal.evidence).toMatchObject({ withheld: [], surplus: [expect.stringMatching(/^z\.md /)] });
  });

  it('in another order, or with an entry twice, is refused', async () => {
    expect((await listing((rows) => rows.toReversed())).code).toBe('page_mismatch');
    expect((await listing((rows) => [rows[0] ?? {}, ...rows])).code).toBe('page_mismatch');
  });

  it('that says of an entry what the entry does not say is refused', async () => {
    const refusal = await listing((rows) =>
      rows.map((row, at) => (at === 1 ? { ...row, media_type: 'text/html' } : row)),
    );
    expect(verdict(refusal)).toEqual({ question: 'page', code: 'entry_mismatch' });
    expect(refusal.evidence).toMatchObject({ at: TRAVEL, found: { mediaType: 'text/html' } });
  });

  it('is not made shorter by a page that says it is the last', async () => {
    const { world, knowledge, version } = await believing();
    world.bend(/entries(\?|$)/, (body) => ({ ...body, next: null }));
    const page = await knowledge.list(version, { limit: 2 });
    expect(page.next).toBe(TRAVEL);
  });

  it('whose proof leaves out the blocks behind it is refused', async () => {
    const { world, knowledge, version } = await believing();
    world.bend(/entries(\?|$)/, (body) => ({ ...body, entries: [], blocks: [], entry_blocks: [] }));
    expect((await refused(knowledge.list(version))).code).toBe('entry_unproven');
  });

  it('under another hash than what was given is refused', async () => {
    const { world, knowledge, version } = await believing();
    const hash = `sha256:${'0'.repeat(64)}`;
    world.bend(/entries(\?|$)/, (body) => ({ ...body, retrieved_content_hash: hash }));
    const refusal = await refused(knowledge.list(version));
    expect(refusal).toMatchObject({ code: 'hash_mismatch', evidence: { found: hash } });
  });
});

describe('a search', () => {
  const searching = async (
    change: (rows: readonly JsonObject[]) => readonly JsonObject[],
    documents: boolean,
  ) => {
    const world = await knowledgeWorld();
    const knowledge = await world.open();
    const version = await knowledge.version({ base: BASE, selector: world.first.cid });
    world.bend(/search/, (body) => {
      const hits = change(rowsOf(body, 'hits'));
      const { retrieved_content_hash: _, ...rest } = body;
      return { ...rest, hits };
    });
    return refused(knowledge.search(version, { query: 'refunds', documents }));
  };

  it('with a hit that was swapped for another entry is refused', async () => {
    const refusal = await searching(
      ([first = {}, second = {}]) => [{ ...first, entry: second['entry'] ?? null }, second],
      false,
    );
    expect(verdict(refusal)).toEqual({ question: 'hits', code: 'entry_mismatch' });
    expect(refusal.evidence).toMatchObject({ at: REFUNDS });
  });

  it('with a hit at a path that the version does not have is refused', async () => {
    const refusal = await searching(([first = {}]) => [{ ...first, path: 'claims/refunds.txt' }], false);
    expect(['entry_unproven', 'entry_mismatch']).toContain(refusal.code);
  });

  it('with a wrong score is refused by whoever counts', async () => {
    const refusal = await searching(([first = {}, second = {}]) => [{ ...first, score: 9 }, second], true);
    expect(verdict(refusal)).toEqual({ question: 'scores', code: 'score_mismatch' });
    expect(refusal.evidence).toMatchObject({ at: REFUNDS, expected: 2, found: 9 });
  });

  it.each<[string, (rows: readonly JsonObject[]) => readonly JsonObject[]]>([
    ['in the wrong order of scores', ([first = {}, second = {}]) => [{ ...first, score: 1 }, second]],
    ['in the wrong order of paths', (rows) => rows.toReversed()],
    ['with a hit twice', ([first = {}, second = {}]) => [first, first, second]],
    ['with a hit that has none of the words', (rows) => rows.map((row) => ({ ...row, score: 0 }))],
  ])('%s is refused', async (_name, change) => {
    expect(verdict(await searching(change, false))).toEqual({ question: 'hits', code: 'hits_mismatch' });
  });

  it('with more hits than were asked for is refused', async () => {
    const world = await knowledgeWorld();
    const knowledge = await world.open();
    const version = await knowledge.version({ base: BASE, selector: world.first.cid });
    let kept: JsonObject | undefined;
    world.bend(/search/, (body) => {
      kept ??= body;
      return kept;
    });
    await knowledge.search(version, { query: 'refunds' });
    const refusal = await refused(knowledge.search(version, { query: 'refunds', limit: 1 }));
    expect(refusal).toMatchObject({ code: 'hits_mismatch', evidence: { expected: 1, found: 2 } });
  });
});

describe('a difference', () => {
  const comparing = async (change: (body: JsonObject) => JsonObject) => {
    const { world, knowledge, version } = await believing();
    const from = await knowledge.version({ base: BASE, selector: world.first.cid });
    world.bend(/diff/, change);
    return refused(knowledge.diff(from, version));
  };

  it('that withholds a change is refused, and the change is named', async () => {
    const refusal = await comparing((body) => ({
      ...body,
      differences: rowsOf(body, 'differences').slice(1),
    }));
    expect(verdict(refusal)).toEqual({ question: 'difference', code: 'difference_mismatch' });
    expect(refusal.evidence['withheld']).toEqual([expect.stringContaining(REFUNDS)]);
  });

  it('that shows another document before, or after, is refused', async () => {
    for (const side of ['before', 'after']) {
      const refusal = await comparing((body) => {
        const [first = {}, second = {}, third = {}] = rowsOf(body, 'differences');
        const other = (second['after'] ?? null) as JsonObject;
        return { ...body, differences: [{ ...first, [side]: other }, second, third] };
      });
      expect(refusal.code).toBe('difference_mismatch');
    }
  });

  it('whose proof is not whole is refused', async () => {
    const refusal = await comparing((body) => ({ ...body, blocks: (body['blocks'] as string[]).slice(1) }));
    expect(verdict(refusal)).toEqual({ question: 'difference', code: 'entry_unproven' });
  });
});

describe('an event', () => {
  const checking = async (bend: (body: JsonObject) => JsonObject): Promise<Refusal> => {
    const world = await knowledgeWorld();
    const knowledge: Knowledge = await world.open();
    world.bend(/^\/events\//, bend);
    return refused(knowledge.checkEvent(world.event('KnowledgeBaseVersionCreated')?.id ?? ''));
  };

  it('that is not the one its leaf commits to is refused', async () => {
    const refusal = await checking((body) => ({
      ...body,
      event: String(body['event']).replace('human:acme.example:ada', 'human:acme.example:eve'),
    }));
    expect(verdict(refusal)).toEqual({ question: 'event', code: 'event_mismatch' });
  });

  it('that comes with a leaf made for it is refused, as the log does not hold that', async () => {
    const world = await knowledgeWorld();
    const knowledge = await world.open();
    const other = world.event('KnowledgeBaseCurrentPointerMoved');
    world.bend(/^\/events\//, (body) => ({ ...body, leaf: encodeBase64(other?.leaf ?? new Uint8Array()) }));
    const { id = '' } = world.event('KnowledgeBaseVersionCreated') ?? {};
    expect((await refused(knowledge.checkEvent(id))).code).toBe('event_mismatch');
    const unrecorded = await checking((body) => ({
      ...body,
      proof: String(body['proof']).replace(/^index \d+$/m, 'index 2'),
    }));
    expect(verdict(unrecorded)).toEqual({ question: 'event', code: 'leaf_not_included' });
  });

  it('with another id than was asked for is refused', async () => {
    const world = await knowledgeWorld();
    const knowledge = await world.open();
    let kept: JsonObject | undefined;
    world.bend(/^\/events\//, (body) => {
      kept ??= body;
      return kept;
    });
    await knowledge.checkEvent(world.event('KnowledgeBaseVersionCreated')?.id ?? '');
    const moved = world.event('KnowledgeBaseCurrentPointerMoved')?.id ?? '';
    const refusal = await refused(knowledge.checkEvent(moved));
    expect(refusal).toMatchObject({ code: 'event_mismatch', evidence: { expected: moved } });
  });
});

describe('an archive', () => {
  const verifying = async (
    change: (bytes: Uint8Array) => Uint8Array,
    of: Partial<Pick<BelievedVersion, 'base' | 'version'>> = {},
  ) => {
    const world = await knowledgeWorld();
    const bytes = change(await archiveOf(world.second));
    const source = async function* () {
      yield bytes;
    };
    return verifyKnowledgeArchive(source(), { base: BASE, version: world.second.cid, ...of });
  };

  it('that is whole is verified by the id of its version', async () => {
    const { manifest, checked } = await verifying((bytes) => bytes);
    expect(manifest).toMatchObject({ kb: BASE, seq: 2, entries: 3 });
    expect(checked).toContainEqual({ question: 'export', answer: 'yes' });
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    [
      'with a bit turned at its end',
      (bytes) => bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte)),
    ],
    ['that is cut off', (bytes) => bytes.slice(0, -40)],
    ['with more behind it', (bytes) => Buffer.concat([bytes, bytes.subarray(bytes.length - 80)])],
    ['that is none', () => Buffer.from('<html>')],
  ])('%s is refused', async (_name, change) => {
    const refusal = await refused(verifying(change));
    expect(verdict(refusal)).toEqual({ question: 'export', code: 'export_mismatch' });
  });

  it('of another version, or of another base, is refused', async () => {
    const { first } = await knowledgeWorld();
    expect((await refused(verifying((bytes) => bytes, { version: first.cid }))).code).toBe('export_mismatch');
    const other = await refused(verifying((bytes) => bytes, { base: OTHER_BASE as BaseId }));
    expect(verdict(other)).toEqual({ question: 'manifest', code: 'version_of_another_base' });
  });
});
