// Files of a backup: written whole and durable with their digest, and read back only as what they were.
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { startDigest } from '../../../storage/digest.ts';
import { type DurableDirectories, durableDirectories } from '../../../storage/durable-directories.ts';
import { UpkeepRefused } from '../refused.ts';
import type { Part } from './backup-format.ts';

const OWNER_ONLY = 0o600;
const FOLDER_OF_OWNER = 0o700;

type Chunks = AsyncIterable<Uint8Array>;

/** Open to their owner alone, as far as they are made here. */
const foldersIn = (folder: string): DurableDirectories =>
  durableDirectories(resolve(folder), FOLDER_OF_OWNER);

/** Makes a folder for what only its owner may read, unless it is there; on disk when this resolves. */
export const makeOwnFolder = (folder: string): Promise<void> => foldersIn(folder).ensure(resolve(folder));

const intoFile = async (file: FileHandle, path: string, chunks: Chunks): Promise<Part> => {
  const digest = startDigest();
  let bytes = 0;
  for await (const chunk of chunks) {
    digest.update(chunk);
    bytes += chunk.length;
    await file.writeFile(chunk);
  }
  await file.sync();
  return { path, bytes, sha256: digest.finish() };
};

/** Writes a part, readable by its owner alone; on disk when this resolves. Never over another one. */
export const writePart = async (folder: string, path: string, chunks: Chunks): Promise<Part> => {
  const target = resolve(folder, path);
  const folders = foldersIn(folder);
  await folders.ensure(dirname(target));
  const file = await open(target, 'wx', OWNER_ONLY);
  try {
    const part = await intoFile(file, path, chunks);
    await folders.sync(dirname(target));
    return part;
  } finally {
    await file.close();
  }
};

async function* linesOf(
  pages: AsyncIterable<readonly string[]>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const lines of pages) yield Buffer.from(lines.map((line) => `${line}\n`).join(''));
}

/** Lines, compressed. */
export const writeLines = async (
  folder: string,
  path: string,
  pages: AsyncIterable<readonly string[]>,
): Promise<Part> => {
  const packed = createGzip();
  const [part] = await Promise.all([
    writePart(folder, path, packed),
    pipeline(Readable.from(linesOf(pages)), packed),
  ]);
  return part;
};

/** Puts a small file in the place of another one, at once and durably. */
export const replaceFile = async (folder: string, path: string, text: string): Promise<void> => {
  const [draft, target] = [join(folder, `${path}.draft`), join(folder, path)];
  const file = await open(draft, 'w', OWNER_ONLY);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, target);
  await foldersIn(folder).sync(resolve(folder));
};

/** @throws UpkeepRefused backup_damaged */
export const requirePart = async (folder: string, { path, bytes, sha256 }: Part): Promise<void> => {
  const digest = startDigest();
  let size = 0;
  try {
    for await (const chunk of createReadStream(join(folder, path))) {
      digest.update(chunk);
      size += chunk.length;
    }
  } catch (error) {
    throw new UpkeepRefused('backup_damaged', { part: path, expected: sha256, found: 'nothing' }, error);
  }
  const found = digest.finish();
  if (size !== bytes || found !== sha256)
    throw new UpkeepRefused('backup_damaged', { part: path, expected: sha256, found });
};

async function* linesIn(chunks: Chunks): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let held = '';
  for await (const chunk of chunks) {
    const lines = (held + decoder.decode(chunk, { stream: true })).split('\n');
    held = lines.pop() ?? '';
    yield* lines;
  }
  if (held !== '') yield held;
}

/** The lines of a part, some at a time. */
export async function* readLines(
  folder: string,
  { path }: Part,
  most: { readonly lines: number; readonly chars: number },
): AsyncGenerator<readonly string[], void, undefined> {
  const unpacked = createGunzip();
  const fed = pipeline(createReadStream(join(folder, path)), unpacked);
  // Whoever reads the lines meets the failure there.
  fed.catch(() => undefined);
  let [page, chars]: [string[], number] = [[], 0];
  for await (const line of linesIn(unpacked)) {
    page.push(line);
    chars += line.length;
    if (page.length < most.lines && chars < most.chars) continue;
    yield page;
    [page, chars] = [[], 0];
  }
  await fed;
  if (page.length > 0) yield page;
}
