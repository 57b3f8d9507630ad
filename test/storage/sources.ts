// Bytes to put, and sources that break off while they are read.
import { type BlobSource, bytesSource } from '../../storage/blob-store.ts';
import { digestOf } from '../../storage/digest.ts';

/** Bytes nobody else has: the same seed and size give the same bytes. */
export const someBytes = (seed: string, size: number): Uint8Array => {
  const pattern = Buffer.from(digestOf(Buffer.from(seed)), 'hex');
  return Uint8Array.from(Buffer.alloc(size, pattern));
};

/** Gives the bytes in pieces, then fails if told to: what an upload that breaks off looks like. */
export const brokenSource = (bytes: Uint8Array, failure?: Error, pieceBytes = 64 * 1024): BlobSource => ({
  ...bytesSource(bytes),
  read: async function* () {
    const until = failure ? bytes.length / 2 : bytes.length;
    for (let at = 0; at < until; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
    if (failure) throw failure;
  },
});
