// Bases in a backup: the same version answers with the same bytes afterwards, and what was erased stays erased.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from '../../src/database/migrate.ts';
import { makeBackup } from '../../src/upkeep/backup/backup.ts';
import { manifestText } from '../../src/upkeep/backup/backup-format.ts';
import { tableNames } from '../../src/upkeep/backup/backup-store.ts';
import { restoreBackup } from '../../src/upkeep/backup/restore.ts';
import { requireKnownShape, shapeAs } from '../../src/upkeep/backup/restore-schema.ts';
import { type BlobStore, bytesSource } from '../../storage/blob-store.ts';
import { digestOf } from '../../storage/digest.ts';
import { openDiskStore } from '../../storage/disk-store.ts';
import { blobKey } from '../../storage/object-keys.ts';
import { as, BASE, blobOf, currentOf, type Member, publish } from '../knowledge/world/workforce.ts';
import type { Answer } from '../world/registry.ts';
import { checked, removeObject, resignedByStranger, run } from './corruption.ts';
import { at, BROUGHT, type Cast, ERASED, newKnowledgeWorld, ok, runAt } from './knowledge-world.ts';
import {
  barePlace,
  emptyPlace,
  newWorld,
  type Original,
  originalOf,
  type UpkeepWorld,
  worldAt,
} from './upkeep-world.ts';

const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));
const LATER = 'erased between two backups';

let original: Original;
let cast: Cast;
let world: UpkeepWorld;
let folder: string;
const made: UpkeepWorld[] = [];
beforeAll(async () => {
  const first = await newKnowledgeWorld();
  cast = first.cast;
  original = await originalOf(first);
});
afterAll(() => original.clear());
beforeEach(async () => {
  world = await original.copy();
  folder = await mkdtemp(join(tmpdir(), 'attestry-backup-'));
});
afterEach(async () => {
  await world.clear();
  for (const each of made.splice(0)) await each.clear();
  await rm(folder, { recursive: true, force: true });
});

const common = (of: UpkeepWorld) => ({
  sql: of.sql,
  blobs: of.blobs,
  keyFolder: join(of.dataDir, 'keys'),
  now: () => new Date(),
  progress: () => undefined,
});

const backup = (changes: object = {}) =>
  makeBackup({ ...common(world), ...changes })({ folder, withKeys: true });

const fresh = async (): Promise<UpkeepWorld> => {
  const target = await worldAt(await emptyPlace());
  made.push(target);
  return target;
};

const restore = async (target: UpkeepWorld, more: object = {}) => {
  const options = { folder, newerCheckpoint: undefined, despiteDamage: false, ...more };
  await restoreBackup({ ...common(target), migrations: MIGRATIONS })(options);
  return target;
};

const keyOf = (text: string) => blobKey(digestOf(Buffer.from(text)));
const inBackup = async (text: string) =>
  (await (await openDiskStore(join(folder, 'objects'))).head(keyOf(text))) !== undefined;

/** Does something to a registry that runs on it. */
const during = async <T>(place: UpkeepWorld, work: (members: Cast) => Promise<T>): Promise<T> => {
  const running = await runAt(place);
  const here = (member: Member): Member => ({ ...member, call: as(running, member) });
  try {
    return await work({
      steward: here(cast.steward),
      reviewer: here(cast.reviewer),
      author: here(cast.author),
      critic: here(cast.critic),
      scribe: here(cast.scribe),
    });
  } finally {
    await running.stop();
  }
};

const erase = async ({ steward }: Pick<Cast, 'steward'>, text: string) =>
  ok(
    await steward.call('POST', at('/erasures'), {
      body: { document: blobOf(text), reason_code: 'asked_for', authority: 'ticket:8' },
    }),
  );

const versionsIn = async ({ sql }: UpkeepWorld) =>
  sql<{ base: string; id: string }[]>`select base, id from knowledge_versions order by base, seq`;

const REQUESTS = [
  '/entries?proof=1',
  '/entries/a.md',
  '/proofs/topic/7.md',
  '/search?q=topic+once&proof=1',
  '/export/json',
];

/** The proof that the log has the version is of the newest checkpoint, which goes on with every read. */
const contentIn = ({ status, bytes, json }: Answer): string => {
  // Refusals are told with ids and times of their own.
  if (status !== 200) return '';
  return digestOf(json?.proof === undefined ? bytes : Buffer.from(JSON.stringify({ ...json, proof: null })));
};

/** What every version answers to everything that is asked of it. */
const answersOf = async (place: UpkeepWorld): Promise<readonly string[]> => {
  const answers: string[] = [];
  const versions = await versionsIn(place);
  await during(place, async ({ author }) => {
    for (const { base, id } of versions)
      for (const request of REQUESTS) {
        const answer = await author.call('GET', `/knowledge/v1/bases/${base}/versions/${id}${request}`);
        answers.push(`${base} ${id} ${request} ${answer.status} ${contentIn(answer)}`);
      }
  });
  return answers;
};

describe('a backup of bases', { timeout: 60_000 }, () => {
  it('gives them back: at each version the same request has the same bytes, and work goes on', async () => {
    await backup();
    const target = await restore(await fresh());
    expect((await checked(target)).report.findings()).toEqual([]);
    const before = await answersOf(world);
    expect(before.some((line) => line.includes(' 200 '))).toBe(true);
    expect(await answersOf(target)).toEqual(before);
    await during(target, async ({ author, reviewer }) => {
      const version = await publish(author, reviewer, { 'next.md': 'after the restore' });
      expect(await currentOf(author)).toBe(version);
      await publish(author, reviewer, { 'next.md': 'here as well' }, BROUGHT);
    });
    expect((await checked(target)).report.findings()).toEqual([]);
  });

  it('carries every document that a version, an upload or an open contribution names', async () => {
    await backup();
    const target = await restore(await fresh());
    for (const text of ['alpha two', 'where it was second', 'draft open', 'draft refused'])
      expect(await target.blobs.head(keyOf(text))).toBeDefined();
  });

  it('carries nothing that was erased, and lets go of it where an earlier one had it', async () => {
    expect(await backup().then(() => inBackup(ERASED))).toBe(false);
    await during(world, async ({ author, reviewer }) => {
      await publish(author, reviewer, { 'later.md': LATER });
    });
    await backup();
    expect(await inBackup(LATER)).toBe(true);
    await during(world, (members) => erase(members, LATER));
    await backup();
    expect(await inBackup(LATER)).toBe(false);
    const target = await restore(await fresh());
    expect((await checked(target)).report.findings()).toEqual([]);
  });

  it('begins anew where a document is erased before it was copied', async () => {
    let erased = false;
    const get: BlobStore['get'] = async (key, range) => {
      if (key === keyOf('gamma') && !erased) {
        erased = true;
        await during(world, (members) => erase(members, 'gamma'));
      }
      return world.blobs.get(key, range);
    };
    const manifest = await backup({ blobs: { ...world.blobs, get } });
    expect(erased).toBe(true);
    expect(await inBackup('gamma')).toBe(false);
    expect((await readdir(folder)).filter((name) => name.startsWith('snapshot-'))).toEqual([
      manifest.snapshot,
    ]);
    const target = await restore(await fresh());
    expect((await checked(target)).report.findings()).toEqual([]);
  });

  it('is none where a document is lost that somebody holds', async () => {
    await removeObject(world, keyOf('gamma'));
    await expect(backup()).rejects.toMatchObject({ code: 'blob_missing' });
    await expect(fresh().then(restore)).rejects.toMatchObject({ code: 'backup_unfinished' });
  });
});

describe('a backup of a time before there were bases', { timeout: 60_000 }, () => {
  it('is restored as ever', async () => {
    const packs = await newWorld(20, false);
    made.push(packs);
    const manifest = await makeBackup(common(packs))({ folder, withKeys: false });
    const migrations = manifest.migrations.filter(({ name }) => name < '0008');
    const place = await barePlace();
    await shapeAs(place.database.sql, await requireKnownShape(MIGRATIONS, migrations));
    const names = new Set(await tableNames(place.database.sql));
    const tables = manifest.tables.filter(({ table }) => names.has(table));
    await writeFile(join(folder, 'manifest.json'), manifestText({ ...manifest, migrations, tables }));
    const target = await worldAt(place);
    made.push(target);
    await restore(target);
    expect(await target.sql`select count(*) as versions from versions`).toEqual([{ versions: 3 }]);
    await migrate(target.sql, MIGRATIONS);
    expect((await checked(target)).report.findings()).toEqual([]);
  });
});

describe('a restore of bases', { timeout: 60_000 }, () => {
  it('leaves erased what was: reads answer with the record, and the bytes are nowhere', async () => {
    await backup();
    const target = await restore(await fresh());
    expect(await target.blobs.head(keyOf(ERASED))).toBeUndefined();
    await during(target, async ({ author }) => {
      const [first] = await versionsIn(target).then((all) => all.filter(({ base }) => base === BASE));
      const { status, json } = await author.call('GET', at(`/versions/${first?.id}/entries/b.md`));
      expect({ status, json }).toMatchObject({ status: 410, json: { error: 'content_erased' } });
    });
  });

  it('ends what an erasure had begun when the backup was made', async () => {
    await run(world, 'update knowledge_erasures set destroyed = false');
    await backup();
    const target = await restore(await fresh());
    expect(await target.sql`select destroyed from knowledge_erasures`).toEqual([{ destroyed: true }]);
  });

  it('destroys erased content that lay where it was restored to, as far as that was let in', async () => {
    await backup();
    const objects = await openDiskStore(join(folder, 'objects'));
    const target = await fresh();
    for (const store of [objects, target.blobs])
      await store.put(keyOf(ERASED), bytesSource(Buffer.from(ERASED)));
    await restore(target);
    expect(await target.blobs.head(keyOf(ERASED))).toBeUndefined();
    expect((await checked(target)).report.findings()).toEqual([]);
  });

  it('is refused where somebody saw what came after, so that no erasure of that time is forgotten', async () => {
    await backup();
    await during(world, (members) => erase(members, 'gamma'));
    const [head] = await world.sql<{ checkpoint: string }[]>`select checkpoint from log_head`;
    const target = await fresh();
    await expect(restore(target, { newerCheckpoint: head?.checkpoint })).rejects.toMatchObject({
      code: 'log_would_shrink',
    });
    expect(await target.sql`select from knowledge_bases`).toEqual([]);
    expect(await target.blobs.head(keyOf('gamma'))).toBeUndefined();
    // Who was never told of it cannot know: the log only commits to what was erased.
    await restore(target);
    expect(await target.blobs.head(keyOf('gamma'))).toBeDefined();
  });

  it('is refused where a version was damaged already, unless that is asked for', async () => {
    const [row] = await world.sql<{ signature: string }[]>`
      select signature from knowledge_versions where base = ${BASE} and seq = 2`;
    const signature = await resignedByStranger(row?.signature ?? '');
    await world.sql`update knowledge_versions set signature = ${signature} where base = ${BASE} and seq = 2`;
    await backup();
    const target = await fresh();
    await expect(restore(target)).rejects.toMatchObject({ code: 'backup_of_damage' });
    expect(await target.sql`select from knowledge_bases`).toEqual([]);
    await restore(target, { despiteDamage: true });
    expect((await checked(target)).report.findings().map(({ code }) => code)).toEqual([
      'base_version_signature',
    ]);
  });
});
