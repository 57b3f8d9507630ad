// Puts many small chunks together into few large ones, so that what writes them has less to do. Pure.
import { joinBytes } from './join-bytes.ts';

const PIECE_BYTES = 64 * 1024;

/** The same bytes in chunks of at least 64 KiB, but for the last. */
export async function* inPieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  let held: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    held.push(chunk);
    size += chunk.length;
    if (size < PIECE_BYTES) continue;
    yield held.length === 1 ? chunk : joinBytes(held);
    [held, size] = [[], 0];
  }
  if (size > 0) yield joinBytes(held);
}
