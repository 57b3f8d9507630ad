// The files in a tar archive (ustar, with pax headers for long names), read where they lie when they are needed.
import { type FileHandle, open } from 'node:fs/promises';
import { fromUtf8 } from '../../../keys/bytes.ts';
import { MAX_DOCUMENT_BYTES } from '../../protocol/knowledge/entry.ts';
import { BLOCK, readTarBlock, type TarHeader } from '../../protocol/tar-header.ts';
import { UsageError } from '../failure.ts';
import { mediaTypeOf } from './media-types.ts';
import { pathNamed } from './names.ts';
import type { SourceDocument } from './source-document.ts';

const MAX_PAX_BYTES = 64 * 1024;
/** What an export of ours tells of itself, before the documents. */
const TELLING = /^\.attestry-[a-z2-7]+\.json$/;

const readAt = async (file: FileHandle, at: number, size: number): Promise<Uint8Array> => {
  const bytes = new Uint8Array(size);
  const { bytesRead } = await file.read(bytes, 0, size, at);
  return bytes.subarray(0, bytesRead);
};

/** `<length> path=<path>\n` among the records of a pax header. */
const paxPath = (bytes: Uint8Array): string | undefined => {
  const text = fromUtf8(bytes) ?? '';
  return /(?:^|\n)\d+ path=([^\n]+)\n/.exec(text)?.[1];
};

const documentAt = (archive: string, name: string, at: number, size: number): SourceDocument => {
  const path = pathNamed(name.replace(/^\.\//, ''));
  const read = async (): Promise<Uint8Array> => {
    if (size > MAX_DOCUMENT_BYTES) throw new UsageError(`${name} is larger than a document may be.`);
    const file = await open(archive);
    try {
      const bytes = await readAt(file, at, size);
      if (bytes.length < size) throw new UsageError(`${archive} is cut off within ${name}.`);
      return bytes;
    } finally {
      await file.close();
    }
  };
  return { path, mediaType: mediaTypeOf(path), meta: {}, read };
};

const headerAt = async (file: FileHandle, archive: string, at: number): Promise<TarHeader | undefined> => {
  const bytes = await readAt(file, at, BLOCK);
  if (bytes.length < BLOCK) return undefined;
  const block = readTarBlock(bytes);
  if (block.kind === 'broken')
    throw new UsageError(`${archive} cannot be read at byte ${at}: ${block.message}`);
  return block.kind === 'zero' ? undefined : block.header;
};

const read = async (file: FileHandle, archive: string): Promise<readonly SourceDocument[]> => {
  const documents: SourceDocument[] = [];
  let longName: string | undefined;
  for (let at = 0; ; ) {
    const header = await headerAt(file, archive, at);
    if (header === undefined) return documents;
    const { name, type, size } = header;
    const begin = at + BLOCK;
    if (type === 'refused') throw new UsageError(`${name} in ${archive} is no plain file.`);
    if (type === 'extension') longName = paxPath(await readAt(file, begin, Math.min(size, MAX_PAX_BYTES)));
    else {
      if (type === 'file' && !TELLING.test(name))
        documents.push(documentAt(archive, longName ?? name, begin, size));
      longName = undefined;
    }
    at = begin + Math.ceil(size / BLOCK) * BLOCK;
  }
};

/** @throws UsageError for an archive of another form, or with anything but files and folders in it */
export const tarFiles = async (archive: string): Promise<readonly SourceDocument[]> => {
  const file = await open(archive);
  try {
    return await read(file, archive);
  } finally {
    await file.close();
  }
};
