// Uploads on their way in: counted and hashed in passing, and gone without trace unless promoted.
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import type { BlobSource, BlobStore } from './blob-store.ts';
import { startDigest } from './digest.ts';
import { storageError } from './errors.ts';
import { diskFailure, readChunks, removeFile, sweepTemps, tempPath } from './files.ts';
import type { ObjectKey } from './object-keys.ts';
import { joinBytes, type Measure } from './verify-bytes.ts';

/** A received upload. It stays until discarded, promoted or not; after that `read` throws `source_discarded`. */
export interface Staged extends BlobSource {
  /** All bytes, when the upload was small enough to stay in memory. */
  readonly bytes?: Uint8Array;
  /** Puts the bytes under `key`, with the promises of `BlobStore.put`; on the same filesystem without copying. */
  readonly promote: (store: BlobStore, key: ObjectKey) => Promise<'created' | 'exists'>;
  /** Lets go of the bytes; may be called again. */
  readonly discard: () => Promise<void>;
}

export interface Staging {
  /**
   * Takes in a whole upload. Throws `too_large` at the first byte beyond `maxBytes` and reads no further; errors of the
   * source pass untouched. Whenever it throws, nothing is left.
   */
  readonly receive: (
    source: AsyncIterable<Uint8Array>,
    limit: { readonly maxBytes: number },
  ) => Promise<Staged>;
  /** Removes what crashed processes left more than `olderThanMs` ago; tells how many files. */
  readonly sweep: (olderThanMs: number) => Promise<number>;
}

export interface StagingOptions {
  /** Best on the filesystem of the disk store; made when first needed. */
  readonly directory: string;
  /** Uploads up to this many bytes never touch the disk; 1 MiB when undefined. */
  readonly memoryBytes?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export const createStaging = ({
  directory,
  memoryBytes = 1024 * 1024,
  now = Date.now,
}: StagingOptions): Staging => ({
  receive: async (source, { maxBytes }) => {
    const area = holdingArea(directory, memoryBytes);
    try {
      const measure = await measureInto(area.keep, source, maxBytes);
      return await area.finish(measure);
    } catch (error) {
      await area.abandon();
      throw error;
    }
  },
  sweep: (olderThanMs) => sweepTemps(directory, now() - olderThanMs),
});

type Keep = (chunk: Uint8Array, total: number) => Promise<void>;

const measureInto = async (
  keep: Keep,
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Measure> => {
  const running = startDigest();
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > maxBytes) throw storageError('too_large', { limit: maxBytes, atLeast: size });
    running.update(chunk);
    await keep(chunk, size);
  }
  return { size, digest: running.finish() };
};

/** Where the bytes of one upload wait: in memory while they are few, in one temporary file once they are many. */
const holdingArea = (directory: string, memoryBytes: number) => {
  let kept: Uint8Array[] = [];
  let path: string | undefined;
  let file: FileHandle | undefined;

  const spill = async (): Promise<void> => {
    await mkdir(directory, { recursive: true }).catch(diskFailure('create', directory));
    path = tempPath(directory);
    file = await open(path, 'wx').catch(diskFailure('create', path));
    for (const chunk of kept) await file.writeFile(chunk).catch(diskFailure('write', path));
    kept = [];
  };

  return {
    keep: (async (chunk, total) => {
      if (file === undefined && total > memoryBytes) await spill();
      if (file === undefined) kept.push(chunk);
      else await file.writeFile(chunk).catch(diskFailure('write', path ?? directory));
    }) satisfies Keep,
    finish: async (measure: Measure): Promise<Staged> => {
      // Not synced here: only what is promoted must be durable, and promoting syncs it.
      await file?.close();
      return path === undefined ? inMemory(measure, joinBytes(kept)) : inFile(measure, path);
    },
    abandon: async (): Promise<void> => {
      await file?.close().catch(() => undefined);
      if (path !== undefined) await removeFile(path);
    },
  };
};

const inMemory = (measure: Measure, bytes: Uint8Array): Staged => {
  const read = async function* () {
    yield bytes;
  };
  return { ...staged({ ...measure, read }, async () => {}), bytes };
};

const inFile = (measure: Measure, file: string): Staged => {
  const read = () => readChunks(file, 0, measure.size - 1);
  return staged({ ...measure, read, file }, async () => void (await removeFile(file)));
};

const staged = (source: BlobSource, release: () => Promise<void>): Staged => {
  let discarded = false;
  const held = (): BlobSource => {
    if (discarded) throw storageError('source_discarded', { digest: source.digest });
    return source;
  };
  return {
    ...source,
    read: () => held().read(),
    promote: async (store, key) => store.put(key, held()),
    discard: async () => {
      discarded = true;
      await release();
    },
  };
};
