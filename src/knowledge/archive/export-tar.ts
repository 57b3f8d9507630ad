// A version as a tar of its documents: every file at its path, in the order of the paths, the same bytes anywhere. Pure.
import { canonicalBytes, type JsonObject } from '../../../keys/canonical.ts';
import type { Cid } from '../../protocol/cid.ts';
import type { ArchivedEntry } from '../../protocol/knowledge/car.ts';
import { tarHeaders } from '../../protocol/tar-names.ts';
import { tarEnd, tarPadding } from '../../protocol/tar-writer.ts';

/** Before the documents. No document can stand there: a version cannot hold its own name. */
export const tellingPath = (version: Cid): string => `.attestry-${version}.json`;

/** In many small chunks. @param telling what the version is */
export async function* tarOf(
  version: Cid,
  telling: JsonObject,
  entries: AsyncIterable<ArchivedEntry>,
): AsyncGenerator<Uint8Array, void, void> {
  const told = canonicalBytes(telling);
  yield* tarHeaders(tellingPath(version), told.length);
  yield told;
  yield tarPadding(told.length);
  for await (const { path, entry, document } of entries) {
    yield* tarHeaders(path, entry.size);
    yield* document;
    yield tarPadding(entry.size);
  }
  yield tarEnd();
}
