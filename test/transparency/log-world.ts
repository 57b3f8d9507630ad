// A log of its own: a database, a blob store and a key, with sealers that tests may start, break and stop.
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { publicKeyOf, sign } from '../../keys/ed25519.ts';
import { publicKeyFromBytes, type Vkey, vkeyOf } from '../../keys/key.ts';
import type { Queryable, Sql } from '../../src/database/connect.ts';
import { migrate } from '../../src/database/migrate.ts';
import { inTransaction } from '../../src/database/transaction.ts';
import { openCheckpoint, parseCheckpointText } from '../../src/protocol/checkpoint.ts';
import { hashLeaf, rootOf } from '../../src/protocol/merkle.ts';
import { parseNote } from '../../src/protocol/signed-note.ts';
import { decodeEntries, entriesPath, TILE_WIDTH, tilePath } from '../../src/protocol/tiles.ts';
import { appendEvent } from '../../src/transparency/append.ts';
import { type Head, readHead } from '../../src/transparency/log-store.ts';
import { putLogObject, readTile } from '../../src/transparency/log-tiles.ts';
import { openLog } from '../../src/transparency/open-log.ts';
import { publishHead, readPublished } from '../../src/transparency/publish-head.ts';
import type { SealedBatch } from '../../src/transparency/seal.ts';
import { type Sealer, type SealSteps, startSealer } from '../../src/transparency/sealer.ts';
import { isSignedByUs, signHead } from '../../src/transparency/sign-head.ts';
import { type BlobStore, readObject } from '../../storage/blob-store.ts';
import { createMemoryStore } from '../../storage/memory-store.ts';
import { LOG_CHECKPOINT_KEY, logTileKey } from '../../storage/object-keys.ts';
import { type OwnDatabase, ownDatabase } from '../world/database.ts';

const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));
export const ORIGIN = 'log.test/attestry';

/** What is wrong with a log, in words; empty where all of it holds together. */
export type Flaws = readonly string[];

export interface SealerChanges {
  readonly replaceSteps?: (steps: SealSteps) => SealSteps;
  readonly onSealed?: (batch: SealedBatch) => void;
  readonly takeLock?: (session: Queryable) => Promise<boolean>;
  readonly blobs?: BlobStore;
}

export interface LogWorld {
  readonly database: OwnDatabase;
  readonly sql: Sql;
  readonly blobs: BlobStore;
  vkey(): Vkey;
  /** Gives the log another key, as a new root does. */
  changeKey(): void;
  readonly troubles: unknown[];
  /** Records events in transactions of their own; returns their ids. */
  record(count: number, subject?: string): Promise<string[]>;
  seal(changes?: SealerChanges): Sealer;
  head(): Promise<Head | undefined>;
  /** Waits until the log covers every event there is. */
  settled(sealer?: Sealer): Promise<Head>;
  /** Entries under the checkpoint that mirrors read; 0 before there is one. */
  publishedSize(): Promise<number>;
  /** Everything that a sound log promises, checked from the outside. */
  flaws(): Promise<Flaws>;
  clear(): Promise<void>;
}

const seedOf = (): Uint8Array => randomBytes(32);

const sameBytes = (a: Uint8Array | undefined, b: Uint8Array): boolean =>
  a !== undefined && Buffer.compare(a, b) === 0;

const flawsOf = async (sql: Sql, blobs: BlobStore, vkey: Vkey): Promise<Flaws> => {
  const flaws: string[] = [];
  const head = await readHead(sql);
  if (head === undefined) return ['there is no head'];
  const rows = await sql<{ position: number; event_id: string; leaf: Uint8Array | null }[]>`
    select leaves.position, leaves.event_id, events.leaf
    from leaves left join events on events.id = leaves.event_id order by leaves.position`;
  if (rows.length !== head.size)
    flaws.push(`the head says ${head.size}, and there are ${rows.length} leaves`);
  rows.forEach((row, at) => {
    if (row.position !== at) flaws.push(`position ${at} is missing`);
    if (row.leaf === null) flaws.push(`leaf ${at} has no event`);
  });
  const leaves = rows.map((row) => new Uint8Array(row.leaf ?? []));
  const hashes = leaves.map(hashLeaf);
  if (!sameBytes(head.root, rootOf(hashes))) flaws.push('the leaves do not hash to the root');
  try {
    const signed = openCheckpoint(head.checkpoint, vkey);
    if (signed.size !== head.size || !sameBytes(signed.root, head.root))
      flaws.push('the checkpoint signs another head');
  } catch (error) {
    flaws.push(`the checkpoint does not open: ${String(error)}`);
  }
  const read = (path: string) => readObject(blobs, logTileKey(path), { maxBytes: 2 ** 25 });
  for (let index = 0; (index + 1) * TILE_WIDTH <= head.size; index += 1) {
    const [start, end] = [index * TILE_WIDTH, (index + 1) * TILE_WIDTH];
    const tile = await read(tilePath({ level: 0, index, width: TILE_WIDTH }));
    if (!sameBytes(tile, Buffer.concat(hashes.slice(start, end)))) flaws.push(`tile 0/${index} is wrong`);
    const bundle = await read(entriesPath(index, TILE_WIDTH));
    const entries = bundle === undefined ? [] : decodeEntries(bundle, TILE_WIDTH);
    if (!entries.every((entry, at) => sameBytes(leaves[start + at], entry)) || entries.length === 0)
      flaws.push(`bundle ${index} is wrong`);
  }
  const published = await readObject(blobs, LOG_CHECKPOINT_KEY, { maxBytes: 2 ** 16 });
  if (published !== undefined) {
    const { size, root } = parseCheckpointText(parseNote(Buffer.from(published).toString('utf8')).text);
    if (!sameBytes(root, rootOf(hashes.slice(0, size))))
      flaws.push('the published checkpoint is another history');
  }
  return flaws;
};

export const logWorld = async (): Promise<LogWorld> => {
  const database = await ownDatabase();
  const { sql } = database;
  await migrate(sql, MIGRATIONS);
  const blobs = createMemoryStore();
  let seed = seedOf();
  const vkey = () => vkeyOf(ORIGIN, publicKeyFromBytes(publicKeyOf(seed)));
  const signer = { vkey, sign: async (message: Uint8Array) => sign(message, seed) };
  const now = () => new Date();
  const append = appendEvent({ now });
  const troubles: unknown[] = [];
  const sealers: Sealer[] = [];
  let numbers = 0;

  const seal: LogWorld['seal'] = ({ replaceSteps, onSealed, takeLock, blobs: store = blobs } = {}) => {
    const tiles = { sql, blobs: store };
    const sealer = startSealer({
      sql,
      open: (session) =>
        openLog({
          session,
          ...tiles,
          readTile: readTile(tiles),
          now,
          sign: signHead(signer),
          isOurs: isSignedByUs(signer),
        }),
      vkey,
      steps: {
        now,
        putObject: putLogObject(store),
        sign: signHead(signer),
        announce: (batch) => onSealed?.(batch),
      },
      publish: publishHead(store),
      replaceSteps,
      takeLock,
      afterTroubleMs: 20,
      onTrouble: (error) => troubles.push(error),
    });
    sealers.push(sealer);
    return sealer;
  };

  const head = () => readHead(sql);
  const eventCount = async () => (await sql<{ n: number }[]>`select count(*) as n from events`)[0]?.n ?? -1;

  return {
    database,
    sql,
    blobs,
    vkey,
    changeKey: () => {
      seed = seedOf();
    },
    troubles,
    seal,
    head,
    record: async (count, subject = 'namespace:vendor.acme') => {
      const ids: string[] = [];
      for (let at = 0; at < count; at += 1) {
        numbers += 1;
        const facts = {
          kind: 'namespace.claimed',
          actor: 'registry',
          subject,
          data: { number: numbers },
        } as const;
        ids.push((await inTransaction(sql, (tx) => append(tx, facts))).id);
      }
      return ids;
    },
    settled: async (sealer) => {
      sealer?.wake();
      for (let tries = 0; tries < 500; tries += 1) {
        const now = await head();
        if (now !== undefined && now.size === (await eventCount())) return now;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      throw new Error(`the log does not settle: ${troubles.map(String).join('; ')}`);
    },
    publishedSize: async () => (await readPublished(blobs))?.size ?? 0,
    flaws: () => flawsOf(sql, blobs, vkey()),
    clear: async () => {
      await Promise.all(sealers.map((sealer) => sealer.stop()));
      await database.drop();
    },
  };
};
