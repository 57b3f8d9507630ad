// Digests of bills of materials are kept up to a number: what is beyond it is made anew, and nothing is ever left out.
import { expect, it } from 'vitest';
import type { ListedRelease } from '../../src/packs/derived/derived-store.ts';
import { createDigests } from '../../src/packs/derived/sboms.ts';
import type { PackName, PackVersion } from '../../src/protocol/pack-id.ts';
import { digestOf } from '../../storage/digest.ts';

const releases = (letter: string, count: number): readonly ListedRelease[] =>
  Array.from({ length: count }, (_, number) => ({
    name: `vendor.acme.${letter}${number}` as PackName,
    version: '1.0.0' as PackVersion,
    eventId: `${letter}${number}`,
  }));

const digestsUpTo = (most: number) => {
  const made: string[] = [];
  const digests = createDigests(async (wanted) => {
    made.push(...wanted.map(({ eventId }) => eventId));
    await new Promise((resolve) => setImmediate(resolve));
    const digest = digestOf(Buffer.from('tarball'));
    return new Map(
      wanted.map(({ eventId, name, version }) => [
        eventId,
        { name, version, digest, manifest: Buffer.from('{}'), files: [] },
      ]),
    );
  }, most);
  return { digests, made };
};

it('makes each once while there is room, and of more than that only those there was no room for', async () => {
  const { digests, made } = digestsUpTo(400);
  expect(await digests(releases('a', 300))).toHaveLength(300);
  expect(await digests(releases('a', 310))).toHaveLength(310);
  expect(made).toHaveLength(310);
  expect(await digests(releases('a', 500))).toHaveLength(500);
  expect(made).toHaveLength(500);
  expect(await digests(releases('a', 500))).toHaveLength(500);
  expect(made).toHaveLength(600);
});

it('leaves nothing out where two trees are made at the same time', async () => {
  const { digests } = digestsUpTo(150);
  await digests(releases('a', 150));
  const found = await Promise.all([digests(releases('a', 350)), digests(releases('b', 350))]);
  expect(found.map((list) => list.length)).toEqual([350, 350]);
});
