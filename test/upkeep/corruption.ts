// One planted corruption after the other, each in a copy of the same sound registry: what is found, and what can be mended.
import { readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { publicKeyOf, sign } from '../../keys/ed25519.ts';
import { envelopeText, parseEnvelope, signEnvelope } from '../../keys/envelope.ts';
import { parseKeyId, publicKeyFromBytes } from '../../keys/key.ts';
import { entryOf, type FindingCode } from '../../src/upkeep/findings.ts';
import { checkAll } from '../../src/upkeep/fsck.ts';
import { repairAll } from '../../src/upkeep/repair.ts';
import { newWorld, type Original, originalOf, type UpkeepWorld } from './upkeep-world.ts';

export interface Corruption {
  readonly name: string;
  readonly spoil: (world: UpkeepWorld) => Promise<unknown>;
  /** All of the damage that is found, and no more. */
  readonly found: readonly FindingCode[];
  /** What is left of it after a repair; nothing where that mends it. */
  readonly left?: readonly FindingCode[];
}

export const deps = (world: UpkeepWorld) => ({
  sql: world.sql,
  blobs: world.blobs,
  now: () => new Date(),
  progress: () => undefined,
  // Nothing runs that could set anything right.
  patienceMs: 0,
});

type Codes = ReadonlyMap<FindingCode, number>;

export const damageIn = (counts: Codes): FindingCode[] =>
  [...counts.keys()].filter((code) => entryOf(code).severity === 'damage').sort();

export const notesIn = (counts: Codes): FindingCode[] =>
  [...counts.keys()].filter((code) => entryOf(code).severity === 'note').sort();

export const checked = (world: UpkeepWorld) => checkAll(deps(world))({ sample: 'all' });
export const repaired = (world: UpkeepWorld) => repairAll(deps(world))({ sample: 'all' });

const pathOf = (world: UpkeepWorld, key: string): string => join(world.dataDir, 'blobs', key);

export const removeObject = (world: UpkeepWorld, key: string) => unlink(pathOf(world, key));

export const writeObject = (world: UpkeepWorld, key: string, bytes: Uint8Array | string) =>
  writeFile(pathOf(world, key), bytes);

/** Flips one bit in the middle. */
export const flipObject = async (world: UpkeepWorld, key: string): Promise<void> => {
  const bytes = await readFile(pathOf(world, key));
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await writeFile(pathOf(world, key), bytes);
};

export const blobOf = async (world: UpkeepWorld, version: string): Promise<string> => {
  const [row] = await world.sql<{ hex: string }[]>`
    select encode(digest, 'hex') as hex from versions where version = ${version}`;
  return `blobs/sha256/${row?.hex.slice(0, 2)}/${row?.hex}`;
};

export const run = (world: UpkeepWorld, statement: string) => world.sql.unsafe(statement);

const SEED = new Uint8Array(32).fill(7);

/** Somebody who is nobody here. */
export const stranger = {
  keyId: parseKeyId('stranger'),
  publicKey: publicKeyFromBytes(publicKeyOf(SEED)),
  sign: async (message: Uint8Array) => sign(message, SEED),
};

/** The same statement in an envelope that a stranger signed. */
export const resignedByStranger = async (envelope: string): Promise<string> =>
  envelopeText(await signEnvelope(parseEnvelope(envelope), [stranger]));

/** Makes a test of each. */
export const plant = (corruptions: readonly Corruption[]): void => {
  let original: Original;
  beforeAll(async () => {
    original = await originalOf(await newWorld(520));
  });
  afterAll(() => original.clear());

  it.each(corruptions)('$name', async ({ spoil, found, left = found }) => {
    const world = await original.copy();
    try {
      await spoil(world);
      const before = await checked(world);
      expect(damageIn(before.report.counts())).toEqual([...found].sort());
      const after = await repaired(world);
      expect(damageIn(after.report.counts())).toEqual([...left].sort());
      if (after.done.length > 0)
        expect(damageIn((await checked(world)).report.counts())).toEqual([...left].sort());
    } finally {
      await world.clear();
    }
  });
};
