// Garbage is collected around bases: what any of them holds stays, what was erased or never named goes.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOfCid } from '../../../src/protocol/cid.ts';
import { collectGarbage, type Swept } from '../../../src/upkeep/gc.ts';
import { bytesSource } from '../../../storage/blob-store.ts';
import { digestOf } from '../../../storage/digest.ts';
import { blobKey } from '../../../storage/object-keys.ts';
import { type BaseWorld, startBaseWorld } from '../world/base-world.ts';
import { heldOf, putDocument } from '../world/written-base.ts';

let world: BaseWorld;
let stagingFolder: string;
const HOUR_MS = 60 * 60 * 1_000;

beforeAll(async () => {
  stagingFolder = await mkdtemp(join(tmpdir(), 'attestry-test-'));
  world = await startBaseWorld({ entries: { 'a.md': 'current' }, versions: [{ 'a.md': 'newer' }] });
});
afterAll(async () => {
  await world.stop();
  await rm(stagingFolder, { recursive: true });
});

const bytesOf = (text: string) => Buffer.from(text);
const keyOf = (text: string) => blobKey(digestOf(bytesOf(text)));
const isStored = async (text: string) => (await world.blobs.head(keyOf(text))) !== undefined;
const put = (text: string) => world.blobs.put(keyOf(text), bytesSource(bytesOf(text)));

const collect = async () => {
  const swept: Swept[] = [];
  const { sql, blobs, now } = world;
  const the = { sql, blobs, now, stagingFolder, graceMs: -HOUR_MS, progress: () => undefined };
  await collectGarbage(the)({ remove: true }, (each) => swept.push(each));
  return swept.filter(({ kind }) => kind === 'blob').map(({ name }) => name);
};

const erase = (text: string) => world.sql`
  insert into knowledge_erasures (base, blob, actor, authority, reason_code, at, event_id)
  values (${world.id}, ${digestOfCid(heldOf(text).entry.blob)}, 'human:acme.example:x', 'x', 'x', now(), ${text})`;

describe('collecting garbage', () => {
  it('leaves what versions hold, what was uploaded, and what an import brings', async () => {
    await putDocument(world, world.id, heldOf('uploaded'));
    await put('imported');
    await world.sql`
      insert into knowledge_imports (import, path, fold, entry, blob, size, media_type, at)
      values ('i', 'p', 'p', ${digestOfCid(heldOf('imported').entry.blob)},
        ${digestOfCid(heldOf('imported').entry.blob)}, 8, 'text/markdown', now())`;
    await put('nobody named it');
    expect(await collect()).toEqual([keyOf('nobody named it')]);
    for (const text of ['current', 'newer', 'uploaded', 'imported']) expect(await isStored(text)).toBe(true);
    await world.sql`delete from knowledge_imports`;
    expect(await collect()).toEqual([keyOf('imported')]);
  });

  it('takes what was erased by all who held it', async () => {
    const other = await world.addBase('kb:acme.example:claims:other');
    await putDocument(world, world.id, heldOf('erased here'));
    await putDocument(world, other.id, heldOf('erased here'));
    await erase('erased here');
    expect(await collect()).toEqual([]);
    await world.sql`delete from knowledge_documents where base = ${other.id}`;
    expect(await collect()).toEqual([keyOf('erased here')]);
  });
});
