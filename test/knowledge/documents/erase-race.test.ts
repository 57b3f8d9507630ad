// Whoever uploads a document while it is erased elsewhere keeps it, and nobody brings it back to the base that erased it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finishErasures } from '../../../src/knowledge/documents/erase.ts';
import { digestOfCid } from '../../../src/protocol/cid.ts';
import type { BaseId } from '../../../src/protocol/knowledge/ids.ts';
import { digestOf } from '../../../storage/digest.ts';
import { blobKey } from '../../../storage/object-keys.ts';
import type { Actor } from '../world/actors.ts';
import { mountRetrieval } from '../world/retrieval-world.ts';
import { eraseParts, startViewingWorld, type ViewingWorld } from '../world/viewing.ts';
import { heldOf, putDocument, type WrittenBase } from '../world/written-base.ts';

let world: ViewingWorld;
let other: WrittenBase;
let everywhere: Actor;
let stagingFolder: string;
const ROUNDS = 24;

beforeAll(async () => {
  stagingFolder = await mkdtemp(join(tmpdir(), 'attestry-test-'));
  world = await startViewingWorld({ mount: mountRetrieval({ uploadsOfOne: 16 }, stagingFolder, []) });
  other = await world.addBase('kb:acme.example:claims:other');
  everywhere = await world.addActor('human:acme.example:everywhere', {
    bases: [world.id, other.id],
    operations: ['propose', 'review', 'administer'],
    verbs: ['propose', 'review', 'administer'],
    capacities: ['architect'],
  });
});
afterAll(async () => {
  await world.stop();
  await rm(stagingFolder, { recursive: true });
});

const pathOf = (text: string, base: BaseId) => world.at(`/documents/${heldOf(text).entry.blob}`, base);

const upload = (text: string, base: BaseId) =>
  world.call('PUT', pathOf(text, base), { as: everywhere, body: heldOf(text).bytes });

const erase = (text: string, base: BaseId) =>
  world.call('POST', world.at('/erasures', base), {
    as: everywhere,
    body: { document: heldOf(text).entry.blob, reason_code: 'personal_data', authority: 'gdpr:art-17' },
  });

const read = (text: string, base: BaseId) => world.call('GET', pathOf(text, base), { as: everywhere });

const left = async (text: string) => ({
  bytes: (await world.blobs.head(blobKey(digestOf(heldOf(text).bytes)))) !== undefined,
  words: (await world.sql`select from knowledge_words where blob = ${digestOfCid(heldOf(text).entry.blob)}`)
    .length,
});

describe.each(Array.from({ length: ROUNDS }, (_, round) => round))('round %i', (round) => {
  const text = `words of round ${round}`;

  it('leaves the other base its document, and this one only the record', async () => {
    await putDocument(world, world.id, heldOf(text));
    const acts = [
      () => erase(text, world.id),
      () => upload(text, other.id),
      () => upload(text, world.id),
      () => upload(text, other.id),
    ];
    // Another one begins each time.
    const order = acts.map((_, at) => acts[(at + round) % acts.length] as (typeof acts)[number]);
    const answers = await Promise.all(order.map((act) => act()));
    const statusOf = (at: number) => answers[(at - round + acts.length * ROUNDS) % acts.length]?.status ?? 0;
    expect(statusOf(0)).toBe(202);
    expect([200, 201]).toContain(statusOf(1));
    expect([200, 201, 410]).toContain(statusOf(2));
    await finishErasures(eraseParts(world))();
    expect((await read(text, world.id)).json.error).toBe('content_erased');
    expect((await read(text, other.id)).bytes.toString()).toBe(text);
    expect(await left(text)).toEqual({ bytes: true, words: 1 });
  });

  it('ends with nothing left when the other base erases it, too', async () => {
    const [erased, again] = await Promise.all([erase(text, other.id), upload(text, other.id)]);
    expect(erased.status).toBe(202);
    expect([200, 410]).toContain(again.status);
    await finishErasures(eraseParts(world))();
    expect(await left(text)).toEqual({ bytes: false, words: 0 });
  });
});
