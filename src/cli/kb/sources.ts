// Where documents of a proposal come from: a folder, an archive, an export, or one file.
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { decodeBase64, utf8 } from '../../../keys/bytes.ts';
import type { JsonObject } from '../../../keys/canonical.ts';
import { strictObjectOf } from '../../client/strict-object.ts';
import { MAX_DOCUMENT_BYTES } from '../../protocol/knowledge/entry.ts';
import { objectOf, textOf } from '../../protocol/manifest/read.ts';
import { UsageError } from '../failure.ts';
import { rowsAt } from '../table.ts';
import { mediaTypeOf } from './media-types.ts';
import { pathNamed } from './names.ts';
import type { SourceDocument } from './source-document.ts';
import { tarFiles } from './tar-file.ts';

const MAX_JSON_BYTES = 256 * 1024 * 1024;

/** @throws UsageError where it is larger than a document may be */
const readDocument = async (path: string): Promise<Uint8Array> => {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > MAX_DOCUMENT_BYTES)
      throw new UsageError(`${path} has ${size} bytes; a document has at most ${MAX_DOCUMENT_BYTES}.`);
    return new Uint8Array(await file.readFile());
  } finally {
    await file.close();
  }
};

const fileAt = (place: string, path: string): SourceDocument => {
  const named = pathNamed(path.normalize('NFC'));
  return { path: named, mediaType: mediaTypeOf(named), meta: {}, read: () => readDocument(place) };
};

/** Hidden files are left out, and what is no file is refused rather than passed over. */
const folderFiles = async (folder: string, below = ''): Promise<readonly SourceDocument[]> => {
  const found = await readdir(folder, { withFileTypes: true });
  const documents: SourceDocument[] = [];
  for (const entry of found.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    const [place, path] = [join(folder, entry.name), below + entry.name];
    if (entry.isDirectory()) documents.push(...(await folderFiles(place, `${path}/`)));
    else if (entry.isFile()) documents.push(fileAt(place, path));
    else
      throw new UsageError(
        `${place} is neither a file nor a folder; leave it out, or copy what it leads to.`,
      );
  }
  return documents;
};

const metaOf = (row: JsonObject): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(objectOf(row['meta']) ?? {}).map(([name, value]) => [name, String(value)]),
  );

const bytesOf = (row: JsonObject, where: string): Uint8Array => {
  const text = textOf(row['text']);
  const bytes = text === undefined ? decodeBase64(textOf(row['base64']) ?? '-') : utf8(text);
  if (bytes === undefined) throw new UsageError(`${where}: give its content as "text" or as "base64".`);
  return bytes;
};

/** `{entries: [{path, text | base64, media_type?, meta?}]}`, as exports are written. */
const jsonFiles = async (file: string): Promise<readonly SourceDocument[]> => {
  if ((await stat(file)).size > MAX_JSON_BYTES) throw new UsageError(`${file} is too large; use a folder.`);
  const read = strictObjectOf(new Uint8Array(await readFile(file)));
  if (!read.ok) throw new UsageError(`${file} is no JSON object: ${read.problem.message}.`);
  const rows = rowsAt(read.object, 'entries');
  if (rows.length === 0)
    throw new UsageError(`${file} holds no entries: {"entries": [{"path": "a.md", "text": "…"}]}`);
  return rows.map((row, at) => {
    const path = pathNamed(textOf(row['path']) ?? '');
    const bytes = bytesOf(row, `${file}, entry ${at}`);
    const mediaType = textOf(row['media_type']) ?? mediaTypeOf(path);
    return { path, mediaType, meta: metaOf(row), read: async () => bytes };
  });
};

/** @throws UsageError for what is none of the four, or holds no document */
export const documentsIn = async (source: string): Promise<readonly SourceDocument[]> => {
  const isFolder = (await stat(source)).isDirectory();
  const found = isFolder
    ? await folderFiles(source)
    : source.endsWith('.tar')
      ? await tarFiles(source)
      : source.endsWith('.json')
        ? await jsonFiles(source)
        : [fileAt(source, basename(source))];
  if (found.length === 0) throw new UsageError(`${source} holds no document.`);
  return found;
};

/** `path=file`, as in claims/refunds.md=refunds.md */
export const documentNamed = (text: string): SourceDocument => {
  const at = text.indexOf('=');
  if (at <= 0) throw new UsageError(`"${text}": write PATH=FILE, as in claims/refunds.md=refunds.md`);
  return { ...fileAt(text.slice(at + 1), text.slice(0, at)) };
};
