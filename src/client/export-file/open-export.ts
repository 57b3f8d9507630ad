// Opens an export: which addresses are in it and where, nothing else of it in memory, and nothing in it that we do not write.
import { concatBytes, equalBytes } from '../../../keys/bytes.ts';
import { BLOCK, readTarBlock, type TarHeader } from '../../protocol/tar-header.ts';
import { pathInPax, tarHeaders } from '../../protocol/tar-names.ts';
import { tarEnd } from '../../protocol/tar-writer.ts';
import { type FileBytes, readAhead } from './file-bytes.ts';
import {
  type ExportHead,
  HEAD_NAME,
  isServedPath,
  MAX_EXPORT_BYTES,
  MAX_EXPORT_FILES,
  MAX_FILE_BYTES,
  MAX_HEAD_BYTES,
  MAX_NAMES,
  parseHead,
  unreadable,
} from './format.ts';

export interface ExportFile {
  readonly head: ExportHead;
  /** Of the whole file. */
  readonly bytes: number;
  /** Addresses in it. */
  readonly files: number;
  /** Undefined where it holds nothing at that address. */
  readonly sizeOf: (path: string) => number | undefined;
  /** The same. @throws Refusal `export_unreadable` where the file is shorter than it was */
  readonly read: (path: string) => Promise<Uint8Array | undefined>;
  readonly close: () => Promise<void>;
}

interface Place {
  readonly start: number;
  readonly size: number;
}

interface Entry extends Place {
  readonly name: string;
  /** Where the next one begins. */
  readonly next: number;
}

const MAX_PAX_BYTES = 2_048;

const rounded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;

/** Undefined for the empty blocks at the end. */
const headerAt = async (file: FileBytes, at: number): Promise<TarHeader | undefined> => {
  if (at + BLOCK > file.size) throw unreadable('cut off', { at });
  const block = readTarBlock(await file.read(at, BLOCK));
  if (block.kind === 'broken') throw unreadable(block.message, { at });
  return block.kind === 'zero' ? undefined : block.header;
};

/** A name may be as long as it likes; an entry is where its header says, or there is none. */
const entryAt = async (file: FileBytes, at: number): Promise<Entry | undefined> => {
  const first = await headerAt(file, at);
  if (first === undefined) return undefined;
  if (first.type !== 'extension') return placed(at + BLOCK, first.name, first.size);
  if (first.size > MAX_PAX_BYTES) throw unreadable('a name that is too long', { at });
  const record = at + BLOCK;
  const name = pathInPax(await file.read(record, first.size));
  const second = record + rounded(first.size);
  const header = await headerAt(file, second);
  if (name === undefined || header === undefined) throw unreadable('a name that cannot be read', { at });
  return placed(second + BLOCK, name, header.size);
};

const placed = (start: number, name: string, size: number): Entry => ({
  ...{ name, start, size },
  next: start + rounded(size),
});

/** The same path and size are the same bytes: no second reader finds a link, another name or another length in them. */
const requireOurs = async (
  file: FileBytes,
  at: number,
  { name, start, size, next }: Entry,
): Promise<void> => {
  if (size > MAX_FILE_BYTES || next > file.size) throw unreadable('a size that cannot be', { at, size });
  const expected = concatBytes(...tarHeaders(name, size));
  const found = await file.read(at, start - at);
  const padding = await file.read(start + size, next - start - size);
  if (!equalBytes(found, expected) || padding.some((byte) => byte !== 0))
    throw unreadable('an entry that "attestry mirror export" does not write', { at });
};

const requireEnd = async (file: FileBytes, at: number): Promise<void> => {
  const end = tarEnd();
  if (file.size !== at + end.length || !equalBytes(await file.read(at, end.length), end))
    throw unreadable('bytes after its end', { at });
};

const readHead = async (file: FileBytes): Promise<{ readonly head: ExportHead; readonly next: number }> => {
  const entry = file.size < BLOCK ? undefined : await entryAt(file, 0);
  if (entry?.name !== HEAD_NAME || entry.size > MAX_HEAD_BYTES) throw unreadable('it begins otherwise');
  await requireOurs(file, 0, entry);
  return { head: parseHead(await file.read(entry.start, entry.size)), next: entry.next };
};

/** In the order of their addresses, so that each is there once. */
const indexAll = async (file: FileBytes, from: number): Promise<ReadonlyMap<string, Place>> => {
  const places = new Map<string, Place>();
  let last = '';
  let letters = 0;
  for (let at = from; ; ) {
    const entry = await entryAt(file, at);
    if (entry === undefined) {
      await requireEnd(file, at);
      return places;
    }
    await requireOurs(file, at, entry);
    const path = `/${entry.name}`;
    letters += path.length;
    if (letters > MAX_NAMES || places.size >= MAX_EXPORT_FILES) throw unreadable('too many files', { at });
    if (!isServedPath(path) || path <= last)
      throw unreadable('a name that is out of order, or none', { at, name: path.slice(0, 200) });
    places.set(path, { start: entry.start, size: entry.size });
    [last, at] = [path, entry.next];
  }
};

/**
 * Whether anything in it is true, only verifying shows. The file is closed with it.
 * @throws Refusal `export_unreadable`; then whoever opened the file closes it
 */
export const openExport = async (file: FileBytes): Promise<ExportFile> => {
  if (file.size > MAX_EXPORT_BYTES) throw unreadable('too large', { bytes: file.size });
  const near = readAhead(file);
  const { head, next } = await readHead(near);
  const places = await indexAll(near, next);
  return {
    head,
    bytes: file.size,
    files: places.size,
    sizeOf: (path) => places.get(path)?.size,
    read: async (path) => {
      const place = places.get(path);
      return place && file.read(place.start, place.size);
    },
    close: file.close,
  };
};
