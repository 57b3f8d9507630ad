// Makes files that hold secrets: whole or not at all, on disk, and readable by their owner alone.
import { randomUUID } from 'node:crypto';
import { constants, link, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

const OWNER_ONLY = 0o600;

/** A new name is durable only once its directory is; some systems cannot open one, and then need not. */
const syncDirectory = async (path: string): Promise<void> => {
  if (process.platform === 'win32') return;
  const directory = await open(dirname(path), constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
};

const writeDraft = async (path: string, text: string): Promise<void> => {
  const file = await open(path, 'wx', OWNER_ONLY);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
};

/**
 * The name appears with all of the text behind it or not at all, also for a second process that looks; on disk when
 * this resolves. Never replaces a file.
 * @throws the error of the system call that failed; `EEXIST` where the name is taken
 */
export const createPrivateFile = async (path: string, text: string): Promise<void> => {
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeDraft(draft, text);
    await link(draft, path);
    await syncDirectory(path);
  } finally {
    await unlink(draft).catch(() => undefined);
  }
};
