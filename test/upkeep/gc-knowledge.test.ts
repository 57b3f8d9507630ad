// Garbage is collected around bases: what anybody names stays, what nobody wants goes, whoever proposes meanwhile.
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cidOf, digestOfCid } from '../../src/protocol/cid.ts';
import { collectGarbage, type Swept } from '../../src/upkeep/gc.ts';
import { digestOf } from '../../storage/digest.ts';
import { blobKey } from '../../storage/object-keys.ts';
import { as, BASE, blobOf, type Member, propose, publish, upload } from '../knowledge/world/workforce.ts';
import { meanwhile } from '../world/meanwhile.ts';
import { checked, run } from './corruption.ts';
import { BROUGHT, type Cast, newKnowledgeWorld, type Running, runAt } from './knowledge-world.ts';
import { type Original, originalOf, type UpkeepWorld } from './upkeep-world.ts';

const HOUR_MS = 60 * 60 * 1_000;
const DAY_MS = 24 * HOUR_MS;
const REFUSED = 'draft refused';

let original: Original;
let cast: Cast;
let world: UpkeepWorld;
let running: Running | undefined;
beforeAll(async () => {
  const first = await newKnowledgeWorld();
  cast = first.cast;
  original = await originalOf(first);
});
afterAll(() => original.clear());
beforeEach(async () => {
  world = await original.copy();
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  await world.clear();
});

const start = async (): Promise<Pick<Cast, 'author' | 'reviewer'>> => {
  const here = await runAt(world);
  running = here;
  const calling = (member: Member): Member => ({ ...member, call: as(here, member) });
  return { author: calling(cast.author), reviewer: calling(cast.reviewer) };
};

const KINDS = ['blob', 'unused upload', 'unreached block'];

/** Blobs of any age; uploads as they are after so many days. */
const collect = async (remove: boolean, days = 0): Promise<string[]> => {
  const swept: Swept[] = [];
  const the = {
    sql: world.sql,
    blobs: world.blobs,
    stagingFolder: join(world.dataDir, 'staging'),
    now: () => new Date(Date.now() + days * DAY_MS),
    graceMs: -HOUR_MS,
    progress: () => undefined,
  };
  await collectGarbage(the)({ remove }, (each) => swept.push(each));
  return swept
    .filter(({ kind }) => KINDS.includes(kind))
    .map(({ kind, name, fate }) => `${kind} ${name}: ${fate}`)
    .sort();
};

const hexOf = (text: string) => digestOf(Buffer.from(text));
const isStored = async (text: string) => (await world.blobs.head(blobKey(hexOf(text)))) !== undefined;
const uploadOf = (text: string, fate: string, base: string = BASE) =>
  `unused upload ${base} sha256:${hexOf(text)}: ${fate}`;
const isUploaded = async (text: string) =>
  (await world.sql`select from knowledge_documents where blob = decode(${hexOf(text)}, 'hex')`).length > 0;

const BOTH = ['draft refused', 'draft withdrawn'];

describe('collecting garbage around bases', { timeout: 60_000 }, () => {
  it('leaves everything while it is young, however little grace is asked for', async () => {
    expect(await collect(true)).toEqual([]);
    expect((await checked(world)).report.findings()).toEqual([]);
  });

  it('takes old uploads that only ended contributions name, and all that versions and open ones name stays', async () => {
    expect(await collect(false, 2)).toEqual(BOTH.map((text) => uploadOf(text, 'found')).sort());
    for (const text of BOTH) expect([await isUploaded(text), await isStored(text)]).toEqual([true, true]);
    expect(await collect(true, 2)).toEqual(BOTH.map((text) => uploadOf(text, 'removed')).sort());
    for (const text of BOTH) expect([await isUploaded(text), await isStored(text)]).toEqual([false, false]);
    for (const text of ['draft open', 'draft sent-back', 'alpha alpha beta', 'alpha two', 'gamma'])
      expect([text, await isStored(text)]).toEqual([text, true]);
    expect((await checked(world)).report.findings()).toEqual([]);
    expect(await collect(true, 2)).toEqual([]);
  });

  it('leaves the bytes to another base, and the upload where a base is held by law', async () => {
    await run(
      world,
      `insert into knowledge_documents select '${BROUGHT}', blob, size, uploaded_by, now() + interval '10 days'
       from knowledge_documents where blob = '\\x${hexOf(REFUSED)}'`,
    );
    expect(await collect(true, 2)).toContain(uploadOf(REFUSED, 'removed'));
    expect([await isStored(REFUSED), await isUploaded(REFUSED)]).toEqual([true, true]);
    await run(
      world,
      `update knowledge_bases set registration = jsonb_set(registration, '{retention,legal_hold}', 'true')`,
    );
    expect(await collect(true, 20)).toEqual([]);
    await run(
      world,
      `update knowledge_bases set registration = jsonb_set(registration, '{retention,legal_hold}', 'false')`,
    );
    expect(await collect(true, 20)).toEqual([uploadOf(REFUSED, 'removed', BROUGHT)]);
    expect(await isStored(REFUSED)).toBe(false);
  });

  it('leaves the documents of an import under way, though nothing else names them', async () => {
    await run(
      world,
      `insert into knowledge_imports (import, path, fold, entry, blob, size, media_type, at)
       select 'i', 'p', 'p', blob, blob, size, 'text/markdown', now() from knowledge_documents
       where blob = '\\x${hexOf(REFUSED)}'`,
    );
    expect(await collect(true, 2)).toContain(uploadOf(REFUSED, 'removed'));
    expect(await isStored(REFUSED)).toBe(true);
    await run(world, 'delete from knowledge_imports');
    expect(await collect(true, 2)).toEqual([`blob ${blobKey(hexOf(REFUSED))}: removed`]);
  });

  it('counts the age of an upload from the last time that somebody made it', async () => {
    await run(world, "update knowledge_documents set uploaded_at = now() - interval '9 days'");
    const { author } = await start();
    await upload(author, 'again.md', REFUSED);
    expect(await collect(true)).toEqual([uploadOf('draft withdrawn', 'removed')]);
    expect([await isUploaded(REFUSED), await isStored(REFUSED)]).toEqual([true, true]);
  });
});

const waiting = async (): Promise<number> => {
  const [row] = await world.sql<{ n: number }[]>`
    select count(*) as n from pg_locks join pg_database on pg_database.oid = database
    where not granted and datname = current_database()`;
  return row?.n ?? -1;
};

/** Two that want the same base, in this order, once both wait for it. */
const inThisOrder = async <A, B>(first: () => Promise<A>, second: () => Promise<B>) => {
  const before = await waiting();
  let begun: readonly [Promise<A>, Promise<B>] | undefined;
  await world.sql.begin(async (tx) => {
    await tx`select stop_use(${`base:${BASE}`})`;
    const one = first();
    await expect.poll(waiting, { timeout: 10_000 }).toBe(before + 1);
    const two = second();
    await expect.poll(waiting, { timeout: 10_000 }).toBe(before + 2);
    begun = [one, two];
  });
  if (begun === undefined) throw new Error('nothing began');
  return [await begun[0], await begun[1]] as const;
};

describe('a sweep of uploads beside a proposal', { timeout: 60_000 }, () => {
  const proposal = async (author: Member) => {
    const change = { op: 'put', path: 'late.md', blob: blobOf(REFUSED), size: REFUSED.length };
    const { json } = await author.call('GET', `/knowledge/v1/bases/${BASE}/pointer`);
    const body = {
      base_version: json.knowledge_base_version,
      changes: [{ ...change, media_type: 'text/markdown' }],
      summary: 'After all.',
    };
    return () => author.call('POST', `/knowledge/v1/bases/${BASE}/contributions`, { body });
  };

  beforeEach(() =>
    run(
      world,
      `update knowledge_documents set uploaded_at = now() - interval '9 days' where blob = '\\x${hexOf(REFUSED)}'`,
    ),
  );

  it('that came first leaves the upload to it', async () => {
    const { author } = await start();
    const [answer, swept] = await inThisOrder(await proposal(author), () => collect(true));
    expect(answer.status).toBe(201);
    expect(swept).toEqual([uploadOf(REFUSED, 'kept: named meanwhile')]);
    expect([await isUploaded(REFUSED), await isStored(REFUSED)]).toEqual([true, true]);
    expect((await checked(world)).report.isDamaged()).toBe(false);
  });

  it('that came last has it refused, and nothing of it is stored', async () => {
    const { author } = await start();
    const propose = await proposal(author);
    const [swept, answer] = await inThisOrder(() => collect(true), propose);
    expect(swept).toEqual([uploadOf(REFUSED, 'removed')]);
    expect(answer).toMatchObject({ status: 422, json: { error: 'contribution_invalid' } });
    expect(
      await world.sql`select from knowledge_contributions where proposed_at > now() - interval '2 seconds'
      and state = 'in_review' and id not in (select contribution from knowledge_verdicts)`,
    ).toEqual([]);
    expect((await checked(world)).report.isDamaged()).toBe(false);
  });
});

const blockNames = async (): Promise<Set<string>> => {
  const rows = await world.sql<{ hex: string }[]>`select encode(digest, 'hex') as hex from knowledge_blocks`;
  return new Set(rows.map(({ hex }) => hex));
};

const STRAY = Buffer.from('a0', 'hex');
const stray = cidOf('dag-cbor', STRAY);
const putStray = () =>
  world.sql`insert into knowledge_blocks (digest, bytes) values (${digestOfCid(stray)}, ${STRAY})`;

describe('blocks that no version reaches', { timeout: 60_000 }, () => {
  it('are told, and taken, and all others stay', async () => {
    const before = await blockNames();
    await putStray();
    expect(await collect(false)).toEqual([`unreached block ${stray}: found`]);
    expect(await collect(true)).toEqual([`unreached block ${stray}: removed`]);
    expect(await blockNames()).toEqual(before);
    expect((await checked(world)).report.findings()).toEqual([]);
  });

  it('stay while an import is under way, whose blocks no version names yet', async () => {
    await putStray();
    await run(
      world,
      `insert into knowledge_imports (import, path, fold, entry, blob, size, media_type, at)
       select 'i', 'p', 'p', entry, blob, size, media_type, now() from knowledge_entries limit 1`,
    );
    expect(await collect(true)).toEqual([`unreached block ${stray}: kept: bases are changed`]);
    expect((await blockNames()).has(Buffer.from(digestOfCid(stray)).toString('hex'))).toBe(true);
  });

  it('stay while somebody stores others', async () => {
    await putStray();
    await world.sql.begin(async (tx) => {
      await tx`insert into knowledge_blocks (digest, bytes) values (sha256('x'), 'x')`;
      expect(await collect(true)).toEqual([`unreached block ${stray}: kept: bases are changed`]);
      await tx`delete from knowledge_blocks where digest = sha256('x')`;
    });
    expect(await collect(true)).toEqual([`unreached block ${stray}: removed`]);
  });

  it('are judged by nobody where a tree cannot be read', async () => {
    await putStray();
    const before = await blockNames();
    const [row] = await world.sql<{ content: string }[]>`
      select content from knowledge_versions where base = ${BASE} order by seq desc limit 1`;
    await world.sql`update knowledge_blocks set bytes = 'x' where digest = ${digestOfCid(row?.content as never)}`;
    expect(await collect(true)).toEqual([]);
    expect(await blockNames()).toEqual(before);
  });

  it('that an acceptance is about to need are there when it has committed', async () => {
    const { author, reviewer } = await start();
    const write = (at: number) =>
      publish(author, reviewer, { [`race/${at % 3}.md`]: `one of few ${at % 2}`, 'b.md': `and ${at}` });
    const [swept] = await meanwhile(write, async () => {
      const all: string[] = [];
      for (let times = 0; times < 12; times += 1) {
        // What older trees had, left behind as if an import had broken off, may be made again at any time.
        await run(
          world,
          `insert into knowledge_blocks (digest, bytes)
           select sha256(bytes), bytes from (select convert_to('left ' || ${times}, 'UTF8') as bytes) as left_behind`,
        );
        all.push(...(await collect(true)));
      }
      return [all] as const;
    });
    expect(swept.some((line) => line.includes('removed'))).toBe(true);
    await running?.stop();
    running = undefined;
    expect((await checked(world)).report.isDamaged()).toBe(false);
  });

  it('and that it would store again are stored again by it, whenever they were taken', async () => {
    const { author, reviewer } = await start();
    const before = await blockNames();
    await publish(author, reviewer, { 'twice.md': 'the same tree twice' });
    const made = [...(await blockNames())].filter((name) => !before.has(name));
    const rows = await world.sql<{ digest: Uint8Array; bytes: Uint8Array }[]>`
      select digest, bytes from knowledge_blocks where encode(digest, 'hex') = any(${made}::text[])`;
    await running?.stop();
    await world.clear();
    world = await original.copy();
    const again = await start();
    for (const { digest, bytes } of rows)
      await world.sql`insert into knowledge_blocks (digest, bytes) values (${digest}, ${bytes})`;
    const { json, status } = await propose(again.author, { files: { 'twice.md': 'the same tree twice' } });
    expect(status).toBe(201);
    const decision = { revision_digest: json.revision_digest, decision: 'accept' };
    const path = `/knowledge/v1/contributions/${json.contribution_id}/decisions`;
    const [swept, accepted] = await Promise.all([
      collect(true),
      again.reviewer.call('POST', path, { body: decision }),
    ]);
    expect(accepted.status).toBe(200);
    expect(swept.every((line) => line.startsWith('unreached block'))).toBe(true);
    for (const name of made) expect((await blockNames()).has(name)).toBe(true);
    expect((await checked(world)).report.isDamaged()).toBe(false);
  });
});
