// What lies about and belongs to nothing: blobs nobody holds, uploads nobody wants, tiles that made room for others.
import { randomBytes } from 'node:crypto';
import { type BlobStore, bytesSource } from '../../storage/blob-store.ts';
import { oldTemps } from '../../storage/files.ts';
import { blobKey, logTileKey, type ObjectKey } from '../../storage/object-keys.ts';
import type { Sql } from '../database/connect.ts';
import type { BaseId } from '../protocol/knowledge/ids.ts';
import { readHead } from '../transparency/log-store.ts';
import { unnamedBlobs } from './check/objects.ts';
import { listLogObjects, standingOf } from './check/published.ts';
import { unusedUploads, uploadsBeforeGrace } from './unused-uploads.ts';
import type { Upload } from './upload-store.ts';

export type GarbageKind =
  | 'blob'
  | 'staged upload'
  | 'unused upload'
  | 'unreached block'
  | 'superseded tile'
  | 'object beyond the head';

export interface Garbage {
  readonly kind: GarbageKind;
  /** The key of an object, the path of a file, a base and the digest of a document, or the content id of a block. */
  readonly name: string;
  readonly bytes: number;
  /** Null where nobody knows. */
  readonly modifiedAt: Date | null;
}

export interface GarbageDeps {
  readonly sql: Sql;
  readonly blobs: BlobStore;
  /** Where uploads wait on their way in. */
  readonly stagingFolder: string;
  readonly now: () => Date;
  readonly graceMs: number;
  readonly progress: (done: number) => void;
}

const PROBE_BYTES = 32;

/** What time it is for whoever dates the objects: bytes that nobody has seen before are put there, and taken away. */
const clockOf = async (blobs: BlobStore): Promise<Date> => {
  const source = bytesSource(randomBytes(PROBE_BYTES));
  const key: ObjectKey = blobKey(source.digest);
  await blobs.put(key, source);
  const found = await blobs.head(key);
  await blobs.delete(key);
  if (found === undefined) throw new Error('the blob store lost an object right after it took it');
  return found.modifiedAt;
};

async function* oldBlobs(the: GarbageDeps, before: Date): AsyncGenerator<Garbage, void, undefined> {
  for await (const { key, size, modifiedAt } of unnamedBlobs(the))
    if (modifiedAt < before) yield { kind: 'blob', name: key, bytes: size, modifiedAt };
}

const KIND_OF = { superseded: 'superseded tile', 'left by a crash': 'object beyond the head' } as const;

/** Nothing of a log that was larger: that is no garbage but evidence. */
async function* oldLogObjects(the: GarbageDeps, before: Date): AsyncGenerator<Garbage, void, undefined> {
  const size = (await readHead(the.sql))?.size ?? 0;
  for await (const object of listLogObjects(the.blobs)) {
    const standing = standingOf(object, size);
    if (standing === 'covered' || standing === 'of a larger log' || object.modifiedAt >= before) continue;
    const { path, size: bytes, modifiedAt } = object;
    yield { kind: KIND_OF[standing], name: logTileKey(path), bytes, modifiedAt };
  }
}

/** How an upload is called, and read back. */
const uploadName = ({ base, digest }: Pick<Upload, 'base' | 'digest'>): string => `${base} sha256:${digest}`;

export const uploadNamed = (name: string): Pick<Upload, 'base' | 'digest'> => {
  const [base, digest = ''] = name.split(' sha256:') as [BaseId, string?];
  return { base, digest };
};

async function* oldUploads({ sql, now, graceMs }: GarbageDeps): AsyncGenerator<Garbage, void, undefined> {
  for await (const upload of unusedUploads(sql, uploadsBeforeGrace(now(), graceMs)))
    yield {
      kind: 'unused upload',
      name: uploadName(upload),
      bytes: upload.size,
      modifiedAt: upload.uploaded_at,
    };
}

/** Everything that is older than the grace, by the clock of whoever keeps it. */
export async function* findGarbage(the: GarbageDeps): AsyncGenerator<Garbage, void, undefined> {
  const before = new Date((await clockOf(the.blobs)).getTime() - the.graceMs);
  // First: where its bytes go with it, they are no blob without a name any more.
  yield* oldUploads(the);
  yield* oldBlobs(the, before);
  yield* oldLogObjects(the, before);
  for (const { path, size, changedAt } of await oldTemps(
    the.stagingFolder,
    the.now().getTime() - the.graceMs,
  ))
    yield { kind: 'staged upload', name: path, bytes: size, modifiedAt: changedAt };
}
