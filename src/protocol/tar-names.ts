// What stands before the bytes of a file in a tar, whatever its path: its header, behind a pax header where ustar cannot hold it. Pure.
import { encodeHex, fromUtf8, utf8 } from '../../keys/bytes.ts';
import { sha256 } from '../../keys/hash.ts';
import { type SplitName, splitName, tarHeader, tarPadding } from './tar-writer.ts';

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

/** The path in the record that `tarHeaders` writes; undefined for any other record. */
export const pathInPax = (record: Uint8Array): string | undefined =>
  /^\d{1,6} path=([^\n]+)\n$/.exec(fromUtf8(record) ?? '')?.[1];

/** Everything before the bytes of a file: its header, behind a pax header where the path is long or not all ASCII. */
export function* tarHeaders(path: string, size: number): Generator<Uint8Array, void, void> {
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
