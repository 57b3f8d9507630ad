// Puts private keys of a backup back, and never over others.
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createPrivateFile } from '../../../keys/signers/private-file.ts';
import { UpkeepRefused } from '../refused.ts';
import { makeOwnFolder } from './parts.ts';
import type { Backup } from './read-backup.ts';

interface KeyFile {
  readonly name: string;
  readonly target: string;
  readonly text: string;
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

const filesFor = (keyFolder: string, { folder, manifest }: Backup): Promise<readonly KeyFile[]> =>
  Promise.all(
    manifest.keys.map(async ({ path }) => {
      const name = basename(path);
      return { name, target: join(keyFolder, name), text: await readFile(join(folder, path), 'utf8') };
    }),
  );

const isTaken = async ({ target, text }: KeyFile): Promise<boolean> => {
  const found = await readFile(target, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  return found !== undefined && found !== text;
};

const namesTaken = async (files: readonly KeyFile[]): Promise<readonly string[]> => {
  const taken = await Promise.all(files.map(isTaken));
  return files.filter((_, at) => taken[at]).map(({ name }) => name);
};

/** What a restore that broke off has put may be there. @throws UpkeepRefused keys_taken */
export const requireFreeKeyNames = async (keyFolder: string, backup: Backup): Promise<void> => {
  const names = await namesTaken(await filesFor(keyFolder, backup));
  if (names.length > 0) throw new UpkeepRefused('keys_taken', { folder: keyFolder, names });
};

const putKey = async (keyFolder: string, key: KeyFile): Promise<void> => {
  try {
    await createPrivateFile(key.target, key.text);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    if (await isTaken(key))
      throw new UpkeepRefused('keys_taken', { folder: keyFolder, names: [key.name] }, error);
  }
};

/** Names of the files that are there then. @throws UpkeepRefused keys_taken */
export const putKeys = async (keyFolder: string, backup: Backup): Promise<readonly string[]> => {
  const files = await filesFor(keyFolder, backup);
  if (files.length > 0) await makeOwnFolder(keyFolder);
  for (const file of files) await putKey(keyFolder, file);
  return files.map(({ name }) => name);
};
