// From the bytes of an entry to the signed head of the log, by what a whole registry answers and nothing else.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeBase64, equalBytes } from '../../../keys/bytes.ts';
import { parseEnvelope } from '../../../keys/envelope.ts';
import { parseVkey } from '../../../keys/key.ts';
import { openCheckpoint } from '../../../src/protocol/checkpoint.ts';
import { cidOf } from '../../../src/protocol/cid.ts';
import { openEvent } from '../../../src/protocol/event.ts';
import { decodeEntry, entryCid } from '../../../src/protocol/knowledge/entry.ts';
import { decodeVersion, versionCid } from '../../../src/protocol/knowledge/version.ts';
import type { KnowledgePath } from '../../../src/protocol/knowledge-path.ts';
import { hashLeaf, rootFromInclusion } from '../../../src/protocol/merkle.ts';
import { KNOWLEDGE_TREE } from '../../../src/protocol/merkle-tree/profile.ts';
import { verifyPath } from '../../../src/protocol/merkle-tree/proof.ts';
import { parseTlogProof } from '../../../src/protocol/tlog-proof.ts';
import { BASE, publish, startWorkforce, type Workforce } from '../world/workforce.ts';

let the: Workforce;
let versions: string[];
const address = (rest: string): string => `/knowledge/v1/bases/${BASE}/versions/${rest}`;

beforeAll(async () => {
  the = await startWorkforce();
  versions = [
    await publish(the.author, the.reviewer, { 'refunds.md': 'Within 30 days.', 'a/b.md': 'salt' }),
    await publish(the.agent, the.reviewer, { 'refunds.md': 'Within 14 days.' }),
  ];
});
afterAll(() => the.stop());

const vkey = async () => {
  const { json } = await the.registry.call('GET', '/.well-known/openwop-registry', { token: null });
  return parseVkey(json.trust.log.vkey);
};

/** The event that a proof leads from, once its way to the signed head was gone. */
const provenEvent = async (text: string) => {
  const proof = parseTlogProof(text);
  const { size, root } = openCheckpoint(proof.checkpoint, await vkey());
  const { event, leaf } = openEvent(proof.extra ?? new Uint8Array());
  const found = rootFromInclusion({ index: proof.index, size, leafHash: hashLeaf(leaf), path: proof.path });
  expect(found !== undefined && equalBytes(found, root)).toBe(true);
  return event;
};

describe('what a registry answers about an entry', () => {
  it('is enough to follow its bytes to the signed head of the log', async () => {
    const { bytes, headers } = await the.agent.call('GET', address('current/entries/refunds.md'));
    expect(bytes.toString()).toBe('Within 14 days.');
    const { json } = await the.agent.call('GET', address('current/proofs/refunds.md'));
    expect(json.knowledge_base_version).toBe(headers.get('knowledge-base-version'));
    const entry = decodeEntry(decodeBase64(json.entry_block) ?? new Uint8Array());
    expect(entry.blob).toBe(cidOf('raw', bytes));
    const nodes = json.blocks.map(decodeBase64);
    const path = 'refunds.md' as KnowledgePath;
    expect(await verifyPath(KNOWLEDGE_TREE, json.content, path, nodes)).toBe(entryCid(entry));
    const manifest = decodeBase64(json.manifest.block) ?? new Uint8Array();
    expect(versionCid(manifest)).toBe(versions[1]);
    expect(decodeVersion(manifest)).toMatchObject({
      kb: BASE,
      seq: 2,
      content: json.content,
      parent: versions[0],
    });
    expect(parseEnvelope(json.manifest.signature).payload).toEqual(manifest);
    const event = await provenEvent(json.proof);
    expect(event).toMatchObject({
      kind: 'KnowledgeBaseVersionCreated',
      data: { payload: { knowledge_base_version: versions[1], content: json.content } },
    });
  });

  it('holds for every version that it lists, with the event of each', async () => {
    const { json } = await the.agent.call('GET', address('').slice(0, -1));
    expect(
      json.versions.map((each: { knowledge_base_version: string }) => each.knowledge_base_version),
    ).toEqual([versions[1], versions[0]]);
    for (const version of versions) {
      const answer = await the.agent.call('GET', address(version));
      expect(versionCid(decodeBase64(answer.json.block) ?? new Uint8Array())).toBe(version);
      const event = await provenEvent(answer.json.proof);
      expect([event['id'], event['subject']]).toEqual([answer.json.event, BASE]);
    }
  });

  it('leads from the retrieval back to who proposed what was read', async () => {
    const answer = await the.agent.call('GET', address(`${versions[0]}/entries/a/b.md`));
    const kinds: string[] = [];
    let eventId: unknown = answer.headers.get('attestry-event');
    while (typeof eventId === 'string') {
      const [row] = await the.registry.sql<
        { sealed: Buffer }[]
      >`select sealed from events where id = ${eventId}`;
      const event = JSON.parse(row?.sealed.toString('utf8') ?? '{}');
      kinds.push(event.kind);
      eventId = event.causationId;
    }
    expect(kinds.slice(0, 3)).toEqual([
      'CapabilityInvoked',
      'KnowledgeBaseVersionCreated',
      'KnowledgeContributionAccepted',
    ]);
    expect(kinds).toContain('KnowledgeContributionProposed');
  });

  it('is in the log itself: the retrieval has a receipt, which tells strangers nothing of it', async () => {
    const answer = await the.agent.call('GET', address('current/search?q=days'));
    expect(answer.json.hits).toMatchObject([{ path: 'refunds.md', score: 1 }]);
    const receipts = `/transparency/receipts/${answer.headers.get('attestry-event')}`;
    const receipt = await expect
      .poll(async () => (await the.registry.call('GET', receipts, { token: null })).json.proof, {
        timeout: 10_000,
      })
      .toEqual(expect.any(String))
      .then(async () => the.registry.call('GET', receipts, { token: null }));
    expect(receipt.bytes.toString()).not.toMatch(/CapabilityInvoked|refunds|acme/);
  });
});

describe('a retrieval that was recorded', () => {
  it('replays after the pointer moved, exports included', async () => {
    const addresses = [
      'entries/refunds.md',
      'entries?proof=1',
      'search?q=within',
      'export/car',
      'export/json',
    ];
    const before = await Promise.all(
      addresses.map((rest) => the.agent.call('GET', address(`current/${rest}`))),
    );
    await publish(the.author, the.reviewer, { 'refunds.md': null, 'new.md': 'within' });
    for (const { headers } of before) {
      const eventId = headers.get('attestry-event');
      const replayed = await the.agent.call('POST', `/knowledge/v1/retrievals/${eventId}/replay`);
      expect(replayed.json).toEqual({
        outcome: 'match',
        knowledge_base_version: versions[1],
        retrieved_content_hash: headers.get('retrieved-content-hash'),
      });
    }
  });
});
