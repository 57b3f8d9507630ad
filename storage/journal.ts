// Makes many small blobs durable with one sync: they go into a journal first, and into files of their own after that.
import { randomBytes, randomUUID } from 'node:crypto';
import { closeSync, fdatasync, fstatSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Digest } from './digest.ts';
import type { DurableDirectories } from './durable-directories.ts';
import { diskFailure, openNew, removeFile } from './files.ts';
import { EPOCH_BYTES, encodeRecords, type JournalRecord, recordLength } from './journal-records.ts';
import { JOURNAL_ENDING } from './journal-replay.ts';

/** Blobs up to this many bytes go through a journal. */
export const JOURNALED_BYTES = 64 * 1024;

/** Whole at once, so that a sync writes bytes only and no file system has anything of its own to record. */
const SEGMENT_BYTES = 8 * 1024 * 1024;
const BATCH_BYTES = 1024 * 1024;

export interface Journal {
  /**
   * Makes a small blob durable, then calls `place`, which gives it a file, and resolves to what that resolves to. Until
   * the file is durable itself the journal holds the bytes, and whoever opens the store next finds them there.
   */
  readonly commit: <T>(record: JournalRecord, place: () => Promise<T>) => Promise<T>;
}

export interface JournalDeps {
  /** Where the journals of all processes lie; made when first needed. */
  readonly folder: string;
  readonly directories: DurableDirectories;
  /** Makes the files of these blobs durable, as far as they are still there. */
  readonly settle: (digests: readonly Digest[]) => Promise<void>;
}

interface Segment {
  readonly path: string;
  readonly fd: number;
  readonly ino: number;
  epoch: Uint8Array;
  used: number;
  /** Blobs that only this segment makes durable. */
  held: Digest[];
  /** Settles when each of them has a file, or never will. */
  placed: Promise<unknown>;
}

interface Waiting {
  readonly record: JournalRecord;
  /** Never rejects. */
  readonly place: () => Promise<void>;
  readonly reject: (error: unknown) => void;
}

const sync = promisify(fdatasync);

/**
 * Whatever waits when a sync begins shares it. One segment is written while the files of the one before are made durable; then they change places, so what
 * overtakes the disk waits here.
 */
export const createJournal = (the: JournalDeps): Journal => {
  const waiting: Waiting[] = [];
  let working = false;
  let active: Segment | undefined;
  let resting: Promise<Segment | undefined> = Promise.resolve(undefined);

  const rest = async (full: Segment): Promise<Segment | undefined> => {
    try {
      await full.placed;
      await the.settle(full.held);
      if (isOurs(full)) return full;
    } catch {
      // The segment stays where it is, with all it holds, for whoever opens the store next.
    }
    closeSync(full.fd);
    return undefined;
  };

  const segmentWithRoom = async (bytes: number): Promise<Segment> => {
    if (active !== undefined && active.used + bytes <= SEGMENT_BYTES) return active;
    const next = await resting;
    if (active !== undefined) resting = rest(active);
    else resting = Promise.resolve(undefined);
    active = undefined;
    active = next === undefined ? await createSegment(the) : renewed(next);
    return active;
  };

  const leave = async (segment: Segment): Promise<void> => {
    active = undefined;
    const settled = await rest(segment);
    if (settled === undefined) return;
    closeSync(settled.fd);
    await removeFile(settled.path);
  };

  const makeDurable = async (records: readonly JournalRecord[]): Promise<Segment> => {
    const bytes = records.reduce((sum, record) => sum + recordLength(record), 0);
    for (;;) {
      const segment = await segmentWithRoom(bytes);
      try {
        writeAll(segment.fd, encodeRecords(segment.epoch, records), segment.used);
        await sync(segment.fd);
      } catch (error) {
        leave(segment).catch(() => undefined);
        diskFailure('write', segment.path)(error);
      }
      // Who takes a journal over renames it before reading it: what was durable before is seen, what comes after is not.
      if (isOurs(segment)) {
        segment.used += bytes;
        for (const { digest } of records) segment.held.push(digest);
        return segment;
      }
      active = undefined;
      closeSync(segment.fd);
    }
  };

  const work = async (): Promise<void> => {
    working = true;
    while (waiting.length > 0) {
      const batch = nextBatch(waiting);
      try {
        const segment = await makeDurable(batch.map(({ record }) => record));
        // Before anything else happens: a segment is settled only when what it holds has files.
        segment.placed = Promise.all([segment.placed, ...batch.map(({ place }) => place())]);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    working = false;
  };

  return {
    commit: (record, place) =>
      new Promise((resolve, reject) => {
        const placing = () => place().then(resolve, reject);
        waiting.push({ record, place: placing, reject });
        // Later in this turn, so that others who come in it share the first sync.
        if (!working) queueMicrotask(() => void (working || work()));
      }),
  };
};

const nextBatch = (waiting: Waiting[]): readonly Waiting[] => {
  let bytes = 0;
  const end = waiting.findIndex(({ record }) => {
    bytes += recordLength(record);
    return bytes > BATCH_BYTES;
  });
  return waiting.splice(0, end < 0 ? waiting.length : end);
};

const createSegment = async ({ folder, directories }: JournalDeps): Promise<Segment> => {
  await directories.ensure(folder);
  const path = join(folder, `${randomUUID()}${JOURNAL_ENDING}`);
  // Never opened again by its name, which another process may take at any time.
  const fd = openNew(path);
  try {
    writeAll(fd, Buffer.alloc(SEGMENT_BYTES), 0);
    await sync(fd).catch(diskFailure('sync', path));
    await directories.sync(folder);
    return {
      path,
      fd,
      ino: fstatSync(fd).ino,
      epoch: randomBytes(EPOCH_BYTES),
      used: 0,
      held: [],
      placed: Promise.resolve(),
    };
  } catch (error) {
    closeSync(fd);
    await removeFile(path);
    throw error;
  }
};

const renewed = (segment: Segment): Segment => ({
  ...segment,
  epoch: randomBytes(EPOCH_BYTES),
  used: 0,
  held: [],
  placed: Promise.resolve(),
});

const isOurs = ({ path, ino }: Segment): boolean => statSync(path, { throwIfNoEntry: false })?.ino === ino;

const writeAll = (fd: number, bytes: Buffer, position: number): void => {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, position + at);
};
