// Puts a file in its place at once: whoever reads there sees all of the old one or all of the new one.
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { partOf, removePart } from '../client/part-files.ts';

const readIfThere = (path: string): Promise<Buffer | undefined> =>
  readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

export const fileAt = readIfThere;

/** At most so many bytes and one more: what a name leads to may be larger than any file that is wanted, or never end. */
export const boundedFileAt = async (path: string, most: number): Promise<Buffer | undefined> => {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    const parts: Buffer[] = [];
    for await (const part of file.createReadStream({ end: most, autoClose: false }))
      parts.push(part as Buffer);
    return Buffer.concat(parts);
  } finally {
    await file.close();
  }
};

const writeDurably = async (path: string, bytes: Uint8Array): Promise<void> => {
  const file = await open(path, 'w');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
};

/** False where these bytes are there already. */
export const placeFile = async (path: string, bytes: Uint8Array): Promise<boolean> => {
  if ((await readIfThere(path))?.equals(bytes) === true) return false;
  await mkdir(dirname(path), { recursive: true });
  const aside = partOf(path);
  try {
    await writeDurably(aside, bytes);
    await rename(aside, path);
  } finally {
    await removePart(aside);
  }
  return true;
};
