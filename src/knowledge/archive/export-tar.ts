// A version as a tar of its documents: every file at its path, in the order of the paths, the same bytes anywhere. Pure.
import { encodeHex, utf8 } from '../../../keys/bytes.ts';
import { canonicalBytes, type JsonObject } from '../../../keys/canonical.ts';
import { sha256 } from '../../../keys/hash.ts';
import type { Cid } from '../../protocol/cid.ts';
import type { ArchivedEntry } from '../../protocol/knowledge/car.ts';
import { type SplitName, splitName, tarEnd, tarHeader, tarPadding } from '../../protocol/tar-writer.ts';

/** Before the documents. No document can stand there: a version cannot hold its own name. */
export const tellingPath = (version: Cid): string => `.attestry-${version}.json`;

const PLAIN = /^[\x20-\x7e]*$/;

/** `<length> path=<path>\n`, where the length counts its own digits too (POSIX.1-2001, pax). */
const paxRecord = (path: string): Uint8Array => {
  const rest = utf8(` path=${path}\n`).length;
  let length = rest;
  while (length !== rest + String(length).length) length = rest + String(length).length;
  return utf8(`${length} path=${path}\n`);
};

/** For readers that know no pax header: where they put a file whose path ustar cannot hold. */
const standIn = (folder: string, path: string): SplitName => ({
  prefix: folder,
  name: encodeHex(sha256(utf8(path))),
});

/** Everything before the bytes of a file: its header, behind a pax header where the path is long or not all ASCII. */
function* headersOf(path: string, size: number): Generator<Uint8Array, void, void> {
  const name = PLAIN.test(path) ? splitName(path) : undefined;
  if (name !== undefined) {
    yield tarHeader(name, size);
    return;
  }
  const record = paxRecord(path);
  yield tarHeader(standIn('PaxHeaders', path), record.length, 'x');
  yield record;
  yield tarPadding(record.length);
  yield tarHeader(standIn('LongNames', path), size);
}

/** In many small chunks. @param telling what the version is */
export async function* tarOf(
  version: Cid,
  telling: JsonObject,
  entries: AsyncIterable<ArchivedEntry>,
): AsyncGenerator<Uint8Array, void, void> {
  const told = canonicalBytes(telling);
  yield* headersOf(tellingPath(version), told.length);
  yield told;
  yield tarPadding(told.length);
  for await (const { path, entry, document } of entries) {
    yield* headersOf(path, entry.size);
    yield* document;
    yield tarPadding(entry.size);
  }
  yield tarEnd();
}
