// What becomes of everything that reads when a document is erased: the record in its place, and all that was signed stays true.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnvelope } from '../../../keys/envelope.ts';
import { parseCid } from '../../../src/protocol/cid.ts';
import { decodeEntry } from '../../../src/protocol/knowledge/entry.ts';
import { versionCid } from '../../../src/protocol/knowledge/version.ts';
import { KNOWLEDGE_TREE } from '../../../src/protocol/merkle-tree/profile.ts';
import { verifyPath } from '../../../src/protocol/merkle-tree/proof.ts';
import { BASE, blobOf, propose, publish, startWorkforce, type Workforce } from '../world/workforce.ts';

let the: Workforce;
let version: string;
let retrieved: string;
let replayed: string;
let before: { proof: Proof; entries: object };
const SECRET = 'A customer lives at 1 Example Street.';
const AT = `/knowledge/v1/bases/${BASE}`;

interface Proof {
  readonly manifest: { readonly block: string; readonly signature: string };
  readonly content: string;
  readonly entry: string;
  readonly entry_block: string;
  readonly blocks: readonly string[];
}

const get = (path: string) => the.reviewer.call('GET', `${AT}${path}`);

beforeAll(async () => {
  the = await startWorkforce();
  version = await publish(the.author, the.reviewer, { 'a.md': 'All may know this.', 'customer.md': SECRET });
  const read = await get(`/versions/${version}/entries/customer.md`);
  expect(read.bytes.toString()).toBe(SECRET);
  retrieved = read.headers.get('attestry-event') ?? '';
  const list = await get(`/versions/${version}/entries`);
  replayed = list.headers.get('attestry-event') ?? '';
  before = { proof: (await get(`/versions/${version}/proofs/customer.md`)).json, entries: list.json.entries };
  await publish(the.author, the.reviewer, { 'customer.md': null });
  const body = { document: blobOf(SECRET), reason_code: 'personal_data', authority: 'gdpr:art-17' };
  const erased = await the.steward.call('POST', `${AT}/erasures`, { body });
  expect([erased.status, erased.json.destroyed, erased.json.receipt !== null]).toEqual([200, true, true]);
});
afterAll(() => the.stop());

describe('an erased document', () => {
  it('is answered with the record of its erasure, and with nothing of itself', async () => {
    const answer = await get(`/versions/${version}/entries/customer.md`);
    expect([answer.status, answer.json.error]).toEqual([410, 'content_erased']);
    expect(answer.json.details).toMatchObject({ reason_code: 'personal_data', authority: 'gdpr:art-17' });
    expect(answer.bytes.toString()).not.toContain('Example Street');
    expect((await get(`/documents/${blobOf(SECRET)}`)).status).toBe(410);
  });

  it('leaves what stands beside it as it was', async () => {
    expect((await get(`/versions/${version}/entries/a.md`)).bytes.toString()).toBe('All may know this.');
    expect((await get(`/versions/${version}/entries`)).json.entries).toEqual(before.entries);
  });

  it('is found by no search', async () => {
    expect((await get(`/versions/${version}/search?q=street`)).json.hits).toEqual([]);
    expect((await get(`/versions/${version}/search?q=know`)).json.hits).toHaveLength(1);
  });

  it('is still proven to have been there: manifest, tree and entry are as they were signed', async () => {
    const { json } = await get(`/versions/${version}/proofs/customer.md`);
    const { proof: _, ...found } = json;
    const { proof: __, ...was } = before.proof as Proof & { proof: unknown };
    expect(found).toEqual(was);
    const block = Buffer.from(json.manifest.block, 'base64');
    expect(versionCid(block)).toBe(version);
    expect(Buffer.from(parseEnvelope(json.manifest.signature).payload).equals(block)).toBe(true);
    const nodes = json.blocks.map((text: string) => Buffer.from(text, 'base64'));
    expect(await verifyPath(KNOWLEDGE_TREE, parseCid(json.content), 'customer.md' as never, nodes)).toBe(
      json.entry,
    );
    expect(decodeEntry(Buffer.from(json.entry_block, 'base64')).blob).toBe(blobOf(SECRET));
  });

  it('is exported no more, nor anything in its place', async () => {
    for (const format of ['car', 'tar', 'json'])
      expect((await get(`/versions/${version}/export/${format}`)).json.error).toBe('content_erased');
    expect((await get('/versions/current/export/json')).status).toBe(200);
  });

  it('lets a replay say that it was erased, and others that they match', async () => {
    const replay = async (event: string) =>
      (await the.reviewer.call('POST', `/knowledge/v1/retrievals/${event}/replay`)).json.outcome;
    expect(await replay(retrieved)).toBe('erased');
    expect(await replay(replayed)).toBe('match');
  });

  it('does not come back: neither as an upload, nor as a proposal, nor by the pointer', async () => {
    const stored = await the.registry.stored();
    const upload = await the.author.call('PUT', `${AT}/documents/${blobOf(SECRET)}`, {
      body: Buffer.from(SECRET),
      headers: { 'Content-Type': 'application/octet-stream' },
    });
    expect([upload.status, upload.json.error]).toEqual([410, 'content_erased']);
    const change = {
      op: 'put',
      path: 'b.md',
      blob: blobOf(SECRET),
      size: SECRET.length,
      media_type: 'text/markdown',
    };
    const proposal = await propose(the.author, { files: {}, more: { changes: [change] } });
    expect([proposal.status, proposal.json.error]).toEqual([422, 'contribution_invalid']);
    const generation = (await get('/pointer')).headers.get('etag') ?? '';
    const move = await the.reviewer.call('POST', `${AT}/pointer`, {
      body: { to_version: version, reason: 'rollback', justification_code: 'wrong' },
      headers: { 'If-Match': generation },
    });
    expect([move.status, move.json.error]).toEqual([410, 'content_erased']);
    const left = await the.registry.stored();
    expect([left.events, left.blobs]).toEqual([stored.events, stored.blobs]);
  });
});
