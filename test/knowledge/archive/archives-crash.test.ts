// An import that is torn off anywhere: nothing of it is seen, and what lies about is swept; then it is sent again.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImportDeps } from '../../../src/knowledge/archive/import.ts';
import { sweepImports } from '../../../src/knowledge/archive/import.ts';
import type { VersionRecord } from '../../../src/knowledge/versions/version.ts';
import { digestOf } from '../../../storage/digest.ts';
import { blobKey } from '../../../storage/object-keys.ts';
import { breakableStore, type Node, startPair } from '../world/archive-world.ts';
import type { Content } from '../world/written-base.ts';

/** So many that they come in several batches, some of which wait on disk. */
const documents: Record<string, Content> = Object.fromEntries(
  Array.from({ length: 700 }, (_, at) => [`page-${at}.md`, `page ${at} ${'x'.repeat((at % 10) * 60)}`]),
);

const disk = breakableStore();
let pair: Awaited<ReturnType<typeof startPair>>;
let [from, to] = [] as unknown as [Node, Node];
let version: VersionRecord;
let car: Buffer;
let failing: (deps: ImportDeps) => Partial<ImportDeps> = () => ({});
let clock = 0;

beforeAll(async () => {
  pair = await startPair(
    { entries: documents },
    {
      blobs: disk.blobs,
      stagedInMemory: 400,
      now: () => new Date(Date.now() + clock),
      importing: (deps) => ({
        ...deps,
        record: (...args) => (failing(deps).record ?? deps.record)(...args),
        putBlocks: (blocks) => (failing(deps).putBlocks ?? deps.putBlocks)(blocks),
      }),
    },
  );
  [from, to] = [pair.from, pair.to];
  version = from.versions[0] as VersionRecord;
  car = (await from.export('car')).bytes;
});
afterAll(() => pair.stop());

const nothing = { versions: 0, entries: 0, moves: 0, events: 0, imports: 0, current: null, last_seq: 0 };

describe('an import that fails', () => {
  it.each([0, 1, 300, 699])('at document %i leaves nothing to be seen', async (at) => {
    disk.breakAfter(at);
    expect((await to.import(version.id, car)).status).toBe(500);
    disk.breakAfter(Number.POSITIVE_INFINITY);
    expect(await to.visible()).toEqual(nothing);
    expect(await to.staged()).toEqual([]);
  });

  it.each([0, 1, 2])('at the blocks of batch %i leaves nothing to be seen', async (batch) => {
    let left = batch;
    failing = ({ putBlocks }) => ({
      putBlocks: async (some) => {
        left -= 1;
        if (left < 0) throw new Error('the database hung up');
        await putBlocks(some);
      },
    });
    expect((await to.import(version.id, car)).status).toBe(500);
    failing = () => ({});
    expect(await to.visible()).toEqual(nothing);
    expect(await to.staged()).toEqual([]);
  });

  it('in the middle of its transaction leaves nothing to be seen', async () => {
    failing = ({ record }) => ({
      record: (attempt, work) =>
        record(attempt, async (tx) => {
          await work(tx);
          throw new Error('the process was killed');
        }),
    });
    expect((await to.import(version.id, car)).status).toBe(500);
    failing = () => ({});
    expect(await to.visible()).toEqual(nothing);
  });

  it('without being able to clean up is swept later, and not before', async () => {
    await to.sql`
      insert into knowledge_imports (import, path, fold, entry, blob, size, media_type, at)
      select 'crashed', 'page-' || n, 'PAGE-' || n, sha256('entry'), sha256('blob'), 1, 'text/plain', now()
      from generate_series(1, 25000) as n`;
    const sweep = sweepImports({ sql: to.sql, now: () => new Date() });
    expect(await sweep(60_000)).toBe(0);
    expect((await to.visible()).imports).toBe(25_000);
    expect(await sweep(0)).toBe(1);
    expect(await to.visible()).toEqual(nothing);
  });

  it('because a sweep took it for one that crashed says so, and leaves nothing to be seen', async () => {
    failing = ({ record }) => ({
      record: async (attempt, work) => {
        await sweepImports({ sql: to.sql, now: () => new Date(Date.now() + 1_000) })(0);
        return record(attempt, work);
      },
    });
    expect((await to.import(version.id, car)).status).toBe(500);
    failing = () => ({});
    expect(await to.visible()).toEqual(nothing);
  });
});

describe('three imports of one base at once', () => {
  it('end with one of them; it is whole, and its bytes are there', async () => {
    clock = 5_000;
    const other = await to.addActor('human:acme.example:other-operator', {
      operations: ['administer'],
      verbs: ['administer'],
      capacities: ['operator'],
    });
    const headers = { 'Idempotency-Key': 'the-same' };
    const answers = await Promise.all([
      to.import(version.id, car, { as: other }),
      to.import(version.id, car, { headers }),
      to.import(version.id, car, { headers }),
    ]);
    const [first, second, third] = answers.map(({ status }) => status);
    // Whoever sends the same twice under one key is told the same twice.
    expect([
      [202, 409, 409],
      [409, 202, 202],
    ]).toContainEqual([first, second, third]);
    expect(await to.visible()).toEqual({
      versions: 1,
      entries: 700,
      moves: 1,
      events: 2,
      imports: 0,
      current: version.id,
      last_seq: 1,
    });
    for (const { bytes } of from.contentsOf(version).values())
      expect(await to.blobs.head(blobKey(digestOf(bytes)))).toBeDefined();
    expect((await to.export('car')).bytes.equals(car)).toBe(true);
  });
});

describe('a document that lay there as garbage', () => {
  it('is there after an import that came while a sweep took it away', async () => {
    const world = from;
    const base = await world.addBase('kb:acme.example:claims:swept', { 'only.md': 'once garbage' });
    const made = base.versions[0] as VersionRecord;
    const reader = await world.addActor('human:acme.example:swept-reader', { bases: [base.id] });
    const archive = await world.call('GET', world.at('/versions/current/export/car', base.id), {
      as: reader,
    });
    await to.addBase(base.id);
    const operator = await to.addActor('human:acme.example:swept-operator', {
      bases: [base.id],
      operations: ['administer'],
      verbs: ['administer'],
      capacities: ['operator'],
    });
    const digest = digestOf(Buffer.from('once garbage'));
    await to.blobs.put(blobKey(digest), {
      size: 12,
      digest,
      read: async function* () {
        yield Buffer.from('once garbage');
      },
    });
    const sweeper = await to.sql.reserve();
    await sweeper`select pg_advisory_lock(hashtextextended(${`blob:${digest}`}, 0))`;
    const importing = to.import(made.id, archive.bytes, { as: operator, base: base.id });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await to.blobs.delete(blobKey(digest));
    await sweeper`select pg_advisory_unlock(hashtextextended(${`blob:${digest}`}, 0))`;
    sweeper.release();
    expect((await importing).status).toBe(202);
    expect(await to.blobs.head(blobKey(digest))).toBeDefined();
  });
});
