// A version leaves one node as an archive and arrives at another: the same names, the same answers, the same bytes.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalText } from '../../../keys/canonical.ts';
import { lookAtExport } from '../../../src/knowledge/archive/export.ts';
import { findBase } from '../../../src/knowledge/bases/base-store.ts';
import { hitsAt } from '../../../src/knowledge/retrieve/search-store.ts';
import { entriesAt } from '../../../src/knowledge/versions/entry-store.ts';
import type { VersionRecord } from '../../../src/knowledge/versions/version.ts';
import { findVersion } from '../../../src/knowledge/versions/version-store.ts';
import { cidOf, digestOfCid } from '../../../src/protocol/cid.ts';
import { hashOfList } from '../../../src/protocol/knowledge/retrieved.ts';
import { compareAsBytes } from '../../../src/protocol/knowledge-path.ts';
import { getValue } from '../../../src/protocol/merkle-tree/merkle-tree.ts';
import { KNOWLEDGE_TREE } from '../../../src/protocol/merkle-tree/profile.ts';
import { digestOf } from '../../../storage/digest.ts';
import { blobKey } from '../../../storage/object-keys.ts';
import { type Node, startPair } from '../world/archive-world.ts';
import type { Content } from '../world/written-base.ts';

const LONG = `${'ä'.repeat(60)}/${'long-'.repeat(30)}${'x'.repeat(90)}.md`;
const large = Buffer.alloc(3 * 1024 * 1024 + 7, 'large ');

const documents: Record<string, Content> = {
  'a.md': 'one refund',
  'b/c.md': 'two refunds and a refund',
  'b/empty.txt': '',
  'b/same.md': 'one refund',
  'data/large.bin': large,
  'data/no-text.bin': Uint8Array.from([0xff, 0xfe, 0x00]),
  'data/nul.txt': 'before\0after',
  'umlaut-ä.md': '\ufeffwith a mark "quoted"\nand \u{1f600}',
  [LONG]: 'far down',
  ...Object.fromEntries(Array.from({ length: 80 }, (_, at) => [`many/${at}.md`, `page ${at} of many`])),
};

let pair: Awaited<ReturnType<typeof startPair>>;
let [from, to] = [] as unknown as [Node, Node];
let version: VersionRecord;
beforeAll(async () => {
  pair = await startPair({
    entries: { 'old.md': 'gone later' },
    versions: [{ 'old.md': null, ...documents }],
  });
  [from, to] = [pair.from, pair.to];
  version = from.versions[1] as VersionRecord;
});
afterAll(() => pair.stop());

const contents = () => [...from.contentsOf(version)].sort(([a], [b]) => compareAsBytes(a, b));

describe('an export', () => {
  it.each(['car', 'tar', 'json'])(
    'as %s is recorded before its first byte, and names what it gives',
    async (format) => {
      const before = await from.stored();
      const answer = await from.export(format);
      expect(answer.status).toBe(200);
      const list = contents().map(([path, { entry }]) => ({ path, blob: entry.blob }));
      expect(answer.headers.get('retrieved-content-hash')).toBe(hashOfList(list));
      expect(answer.headers.get('knowledge-base-id')).toBe(from.id);
      expect(answer.headers.get('knowledge-base-version')).toBe(version.id);
      const eventId = answer.headers.get('attestry-event') ?? '';
      const [row] = await from.sql<{ kind: string; request: object; hash: string; version: string }[]>`
      select kind, request, hash, version from knowledge_retrievals join knowledge_events using (event_id)
      where event_id = ${eventId}`;
      expect(row).toEqual({
        kind: 'CapabilityInvoked',
        request: { kind: 'export', format, selector: 'current' },
        hash: hashOfList(list),
        version: version.id,
      });
      expect((await from.stored()).retrievals).toBe(before.retrievals + 1);
    },
  );

  it.each(['car', 'tar', 'json'])(
    'as %s has the same bytes whenever it is asked for, by whichever name',
    async (format) => {
      const [first, second] = [await from.export(format), await from.export(format, version.id)];
      expect(first.bytes.length).toBeGreaterThan(large.length);
      expect(first.bytes.equals(second.bytes)).toBe(true);
    },
  );

  it('of a version that is not current is the export of that version', async () => {
    const old = from.versions[0] as VersionRecord;
    const json = (await from.export('json', old.id)).json;
    expect(json.entries.map(({ path, text }: { path: string; text: string }) => [path, text])).toEqual([
      ['old.md', 'gone later'],
    ]);
    expect(json.knowledge_base_version).toBe(old.id);
  });

  it('as json is canonical, and holds every document as text or in base64', async () => {
    const { bytes, json } = await from.export('json');
    expect(bytes.toString('utf8')).toBe(canonicalText(json));
    const bytesOf = (entry: Record<string, string>) =>
      'text' in entry ? Buffer.from(entry['text'] ?? '') : Buffer.from(entry['base64'] ?? '', 'base64');
    const found = json.entries.map((entry: Record<string, string>) => [
      entry['path'],
      digestOf(bytesOf(entry)),
    ]);
    expect(found).toEqual(contents().map(([path, held]) => [path, digestOf(held.bytes)]));
    const kind = (path: string) =>
      json.entries.find((entry: { path: string }) => entry.path === path).text === undefined
        ? 'base64'
        : 'text';
    expect(['a.md', 'data/nul.txt', 'data/no-text.bin', 'data/large.bin'].map(kind)).toEqual([
      'text',
      'text',
      'base64',
      'base64',
    ]);
    expect(json.manifest).toMatchObject({ kb: from.id, seq: 2, knowledge_base_version: version.id });
    expect(json.signature).toBe(version.signature);
  });

  it('as tar is unpacked by the tar of the system, long paths and other alphabets included', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'attestry-tar-'));
    try {
      writeFileSync(join(folder, 'base.tar'), (await from.export('tar')).bytes);
      const list = execFileSync('tar', ['-tf', 'base.tar', '--quoting-style=literal'], {
        cwd: folder,
        encoding: 'utf8',
      });
      const telling = `.attestry-${version.id}.json`;
      expect(list.trim().split('\n')).toEqual([telling, ...contents().map(([path]) => path)]);
      execFileSync('tar', ['-xf', 'base.tar'], { cwd: folder });
      for (const [path, { bytes }] of contents())
        expect(readFileSync(join(folder, path)).equals(bytes), path).toBe(true);
      const told = JSON.parse(readFileSync(join(folder, telling), 'utf8'));
      expect(told).toMatchObject({ knowledge_base_version: version.id, signature: version.signature });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('asked for its headers only says what it would give', async () => {
    const head = await from.call('HEAD', from.at('/versions/current/export/car'));
    expect([head.status, head.bytes.length]).toEqual([200, 0]);
    expect(head.headers.get('knowledge-base-version')).toBe(version.id);
    expect(head.headers.get('content-type')).toBe('application/vnd.ipld.car; version=1');
  });

  it('that cannot be recorded is not given', async () => {
    await from.sql`alter table knowledge_retrievals rename to elsewhere`;
    const { status, json } = await from.export('car');
    await from.sql`alter table elsewhere rename to knowledge_retrievals`;
    expect([status, json.error]).toEqual([503, 'audit_unavailable']);
    expect((await from.export('car')).status).toBe(200);
  });

  it('of a base that is paused for reads too is refused', async () => {
    await from.sql`update knowledge_bases set paused = true, reads = false where id = ${from.id}`;
    const { status, json } = await from.export('tar');
    await from.sql`update knowledge_bases set reads = true where id = ${from.id}`;
    expect([status, json.error]).toEqual([409, 'knowledge_base_paused']);
    expect((await from.export('tar')).status).toBe(200);
    await from.sql`update knowledge_bases set paused = false where id = ${from.id}`;
  });

  it('of another kind, of no version, or by nobody who may, is refused, and nothing is recorded', async () => {
    const before = await from.stored();
    const stranger = await from.addActor('human:acme.example:lister', { verbs: ['list'] });
    const current = await from.addActor('human:acme.example:current', { versions: 'current' });
    const refused = async (...args: Parameters<Node['export']>) => {
      const { status, json } = await from.export(...args);
      return [status, json.error];
    };
    expect(await refused('zip')).toEqual([404, 'not_found']);
    expect(await refused('car', cidOf('dag-cbor', Buffer.from('x')))).toEqual([404, 'version_not_found']);
    expect(await refused('car', 'newest')).toEqual([400, 'validation_error']);
    expect(await refused('car', 'current', stranger)).toEqual([403, 'authority_denied']);
    expect(await refused('car', version.id, current)).toEqual([403, 'authority_denied']);
    expect((await from.call('GET', from.at('/versions/current/export/car'), { as: null })).status).toBe(401);
    expect(await from.stored()).toEqual(before);
    expect((await from.export('car', 'current', current)).status).toBe(200);
  });
});

describe('an import', () => {
  let car: Buffer;
  let answer: Awaited<ReturnType<Node['import']>>;
  beforeAll(async () => {
    car = (await from.export('car')).bytes;
    answer = await to.import(version.id, car, { headers: { 'Idempotency-Key': 'arrival' } });
  });

  it('makes the version the first and the current one of its base', async () => {
    expect(answer.json).toMatchObject({
      knowledge_base_id: to.id,
      knowledge_base_version: version.id,
      generation: 1,
      version_seq: 2,
      entries: version.entries,
      bytes: version.bytes,
    });
    expect(await to.visible()).toEqual({
      versions: 1,
      entries: version.entries,
      moves: 1,
      events: 2,
      imports: 0,
      current: version.id,
      last_seq: 2,
    });
    expect(await to.staged()).toEqual([]);
    const { eventId: _, ...stored } = (await findVersion(to.sql, to.id, version.id)) as VersionRecord;
    const { eventId: __, ...sent } = (await findVersion(from.sql, from.id, version.id)) as VersionRecord;
    expect(stored).toEqual(sent);
  });

  it('records the version, and that the pointer moved to it, the one the cause of the other', async () => {
    const rows = await to.sql<
      { kind: string; event_id: string; causation: string; actor: string; data: object }[]
    >`
      select knowledge_events.*, convert_from(sealed, 'UTF8')::json -> 'data' as data
      from knowledge_events join events on events.id = event_id order by xact, ordinal`;
    expect(rows.map(({ kind, actor }) => [kind, actor])).toEqual([
      ['KnowledgeBaseVersionCreated', to.operator.id],
      ['KnowledgeBaseCurrentPointerMoved', to.operator.id],
    ]);
    const [created, moved] = rows;
    expect([created?.causation, moved?.causation]).toEqual([
      (await findBase(to.sql, to.id))?.eventId,
      created?.event_id,
    ]);
    expect(JSON.stringify(moved?.data)).toContain('"reason":"import"');
    expect(JSON.stringify(rows)).not.toContain('refund');
  });

  it('gives the same listing, the same tree and the same documents', async () => {
    const range = { prefix: '', after: '', limit: 1_000 };
    const listed = await entriesAt(to.sql, to.id, version.seq, range);
    expect(listed).toEqual(await entriesAt(from.sql, from.id, version.seq, range));
    const reader = { profile: KNOWLEDGE_TREE, blocks: to.blocks };
    for (const { path, entry, blob } of listed) {
      expect(await getValue(reader, version.content, path)).toBe(entry);
      const held = from.contentsOf(version).get(path);
      expect(Buffer.from(digestOfCid(blob)).toString('hex')).toBe(digestOf(held?.bytes ?? new Uint8Array()));
      expect(await to.blobs.head(blobKey(digestOf(held?.bytes ?? new Uint8Array())))).toBeDefined();
    }
  });

  it('is found by the same words, with the same scores', async () => {
    const hits = await hitsAt(to.sql, to.id, version.seq, ['refund'], { limit: 10 });
    expect(hits).toEqual(await hitsAt(from.sql, from.id, version.seq, ['refund'], { limit: 10 }));
    expect(hits.map(({ path }) => path)).toEqual(['a.md', 'b/c.md', 'b/same.md']);
  });

  it.each(['car', 'tar', 'json'])(
    'is exported as %s with the very bytes of the node that it came from',
    async (format) => {
      const [there, here] = [await from.export(format), await to.export(format, version.id)];
      expect(here.bytes.equals(there.bytes)).toBe(true);
      expect(here.headers.get('retrieved-content-hash')).toBe(there.headers.get('retrieved-content-hash'));
    },
  );

  it('sent again under its key is answered as before; under another, or none, there is something already', async () => {
    const before = await to.visible();
    const again = await to.import(version.id, car, { headers: { 'Idempotency-Key': 'arrival' } });
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([answer.status, 'true']);
    expect(again.json).toEqual(answer.json);
    const other = await to.import(version.id, car);
    expect([other.status, other.json.error]).toEqual([409, 'already_exists']);
    const misused = await to.import(cidOf('dag-cbor', Buffer.from('x')), car, {
      headers: { 'Idempotency-Key': 'arrival' },
    });
    expect([misused.status, misused.json.error]).toEqual([409, 'idempotency_conflict']);
    expect(await to.visible()).toEqual(before);
  });
});

describe('an export of what was erased', () => {
  it('is refused with the paths, in every format; a version without it is given', async () => {
    const world = from;
    const next = await world.addVersion({ 'secret.md': 'a secret', 'also/secret.md': 'a secret' });
    const after = await world.addVersion({ 'secret.md': null, 'also/secret.md': null });
    await world.sql`
      insert into knowledge_erasures (base, blob, actor, authority, reason_code, at, event_id)
      values (${world.id}, decode(${digestOf(Buffer.from('a secret'))}, 'hex'), 'human:acme.example:operator', 'law', 'wish',
        now(), 'erasure')`;
    const before = await world.stored();
    for (const format of ['car', 'tar', 'json']) {
      const { status, json } = await world.export(format, next.id);
      expect([status, json.error, json.details.paths]).toEqual([
        410,
        'content_erased',
        ['also/secret.md', 'secret.md'],
      ]);
    }
    expect(await world.stored()).toEqual(before);
    expect((await world.export('car', after.id)).status).toBe(200);
  });
});

describe('exports of one account', () => {
  it('are two at most at once; whoever hangs up makes room', async () => {
    const big = await from.addBase('kb:acme.example:claims:big', {
      'big.bin': Buffer.alloc(40 * 1024 * 1024, 1),
    });
    const reader = await from.addActor('human:acme.example:big-reader', { bases: [big.id] });
    const address = from.url + from.at('/versions/current/export/car', big.id);
    const open = async () => {
      const hangUp = new AbortController();
      const headers = { Authorization: `Bearer ${reader.token}` };
      const reply = await fetch(address, { headers, signal: hangUp.signal });
      return { reply, status: reply.status, hangUp: () => hangUp.abort() };
    };
    const [first, second] = [await open(), await open()];
    expect([first.status, second.status, (await open()).status]).toEqual([200, 200, 503]);
    first.hangUp();
    await expect.poll(async () => (await open()).status).toBe(200);
    second.hangUp();
  });
});

describe('an export that finds other bytes than the version says', () => {
  const brokenOff = async (node: Node, format: string): Promise<boolean> => {
    const reply = await fetch(node.url + node.at(`/versions/${version.id}/export/${format}`), {
      headers: { Authorization: `Bearer ${node.reader.token}` },
    });
    expect(reply.status).toBe(200);
    return reply.arrayBuffer().then(
      () => false,
      () => true,
    );
  };

  it('breaks off instead of ending', async () => {
    expect(await brokenOff(to, 'car')).toBe(false);
    await to.blobs.delete(blobKey(digestOf(Buffer.from('page 79 of many'))));
    for (const format of ['car', 'tar', 'json']) expect(await brokenOff(to, format)).toBe(true);
  });

  it('breaks off where the table of entries is not that of the tree', async () => {
    const old = from.versions[0] as VersionRecord;
    await from.sql`delete from knowledge_entries where base = ${from.id} and path = 'old.md'`;
    const look = await lookAtExport({ db: from.sql, blocks: from.blocks, blobs: from.blobs })(
      from.id,
      old.id,
      {
        kind: 'export',
        format: 'car',
      },
    );
    const reading = async () => {
      for await (const _ of look.given.chunks());
    };
    await expect(reading()).rejects.toThrow(/differ/);
  });
});
