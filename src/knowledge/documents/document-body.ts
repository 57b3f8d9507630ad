// The bytes of a document on their way out: hashed again on every read, small ones kept at hand once they were.
import { encodeHex } from '../../../keys/bytes.ts';
import { type BlobStore, readBlob, streamBlob } from '../../../storage/blob-store.ts';
import { type Digest, parseDigest } from '../../../storage/digest.ts';
import { type Cid, digestOfCid } from '../../protocol/cid.ts';

/** All of it in memory, or chunks that break off before their end where the bytes are not the ones of their name. */
export type DocumentBody =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'stream'; readonly size: number; readonly chunks: AsyncIterable<Uint8Array> };

export interface OpenedDocument {
  readonly body: DocumentBody;
  /** Lets go of a body that nobody reads on; may be called at any time, and again. */
  readonly release: () => Promise<void>;
}

export interface DocumentMemory {
  readonly get: (blob: Cid) => Uint8Array | undefined;
  readonly keep: (blob: Cid, bytes: Uint8Array) => void;
  /** Lets go of everything: some of it may have been erased. */
  readonly forget: () => void;
}

const OVERHEAD = 200;

/** Holds documents up to so many bytes together, the least lately used let go first. */
export const createDocumentMemory = (maxBytes: number): DocumentMemory => {
  const kept = new Map<Cid, Uint8Array>();
  let held = 0;
  const drop = (blob: Cid, bytes: Uint8Array): void => {
    if (kept.delete(blob)) held -= bytes.length + OVERHEAD;
  };
  const keep = (blob: Cid, bytes: Uint8Array): void => {
    drop(blob, bytes);
    kept.set(blob, bytes);
    held += bytes.length + OVERHEAD;
    for (const [oldest, old] of kept) {
      if (held <= maxBytes) return;
      drop(oldest, old);
    }
  };
  return {
    get: (blob) => {
      const bytes = kept.get(blob);
      if (bytes !== undefined) keep(blob, bytes);
      return bytes;
    },
    keep,
    forget: () => {
      kept.clear();
      held = 0;
    },
  };
};

export interface OpenDeps {
  readonly blobs: BlobStore;
  readonly memory: DocumentMemory;
}

/** The digest under which the blob store holds a document. */
export const digestOfDocument = (blob: Cid): Digest => {
  const digest = parseDigest(encodeHex(digestOfCid(blob)));
  if (digest === undefined) throw new Error(`${blob} has no digest`);
  return digest;
};

/** Larger documents are passed on as they come. */
const MOST_AT_ONCE = 256 * 1024;

const nothing = async (): Promise<void> => undefined;

const readWhole = async ({ blobs, memory }: OpenDeps, blob: Cid, size: number): Promise<Uint8Array> => {
  const known = memory.get(blob);
  if (known !== undefined) return known;
  const bytes = await readBlob(blobs, digestOfDocument(blob), { maxBytes: size });
  memory.keep(blob, bytes);
  return bytes;
};

async function* from(
  first: IteratorResult<Uint8Array>,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let each = first; !each.done; each = await rest.next()) yield each.value;
  } finally {
    await rest.return?.();
  }
}

/**
 * Rejects with StorageError `blob_missing` where there are no bytes, and `blob_corrupt` where those of a small document
 * are others; a large one breaks off then.
 */
export const openDocument =
  (the: OpenDeps) =>
  async (blob: Cid, size: number): Promise<OpenedDocument> => {
    if (size <= MOST_AT_ONCE)
      return { body: { kind: 'bytes', bytes: await readWhole(the, blob, size) }, release: nothing };
    const chunks = streamBlob(the.blobs, digestOfDocument(blob))[Symbol.asyncIterator]();
    const first = await chunks.next();
    return {
      body: { kind: 'stream', size, chunks: from(first, chunks) },
      release: async () => void (await chunks.return?.()),
    };
  };
