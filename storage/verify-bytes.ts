// Lets bytes pass only as far as they can be believed.
import { type Digest, sameDigest, startDigest } from './digest.ts';

/** What bytes claim, or turn out, to be. */
export interface Measure {
  /** Length in bytes. */
  readonly size: number;
  readonly digest: Digest;
}

/** What was seen instead; without a digest when reading stopped at the first byte too many. */
export interface Mismatch {
  readonly size: number;
  readonly digest?: Digest;
}

/**
 * Passes chunks on and holds the last one back until size and digest agree with `expected`. Whoever writes what it
 * yields has therefore never written the whole of something wrong. Throws what `refuse` returns; errors of the
 * source pass untouched.
 */
export async function* verifyBytes(
  chunks: AsyncIterable<Uint8Array>,
  expected: Measure,
  refuse: (found: Mismatch) => Error,
): AsyncGenerator<Uint8Array, void, undefined> {
  const running = startDigest();
  let size = 0;
  let held: Uint8Array | undefined;
  for await (const chunk of chunks) {
    // An empty chunk held back would let the last real byte go unverified.
    if (chunk.length === 0) continue;
    size += chunk.length;
    if (size > expected.size) throw refuse({ size });
    running.update(chunk);
    if (held !== undefined) yield held;
    held = chunk;
  }
  const digest = running.finish();
  if (size !== expected.size || !sameDigest(digest, expected.digest)) throw refuse({ size, digest });
  if (held !== undefined) yield held;
}

/** Reads everything into one array of its own. */
export const collectBytes = async (chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> => {
  const kept: Uint8Array[] = [];
  for await (const chunk of chunks) kept.push(chunk);
  return joinBytes(kept);
};

/** One plain array (slices of a Buffer would share its memory) with copies of all chunks. */
export const joinBytes = (chunks: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
};
