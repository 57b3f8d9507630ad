// Where tests put clusters and copies of programs: memory if there is plenty, as they are large and soon gone.
import { statfsSync } from 'node:fs';
import { chmod, mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
const PLENTY_BYTES = 2_000_000_000;

const isRoomy = (folder: string): boolean => {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize > PLENTY_BYTES;
  } catch {
    return false;
  }
};

export const SCRATCH = isRoomy(MEMORY) ? MEMORY : tmpdir();

/** A new folder, its path without links; other accounts may pass, as the server is one when root runs the tests. */
export const scratchFolder = async (prefix: string): Promise<string> => {
  const folder = await realpath(await mkdtemp(join(SCRATCH, prefix)));
  await chmod(folder, 0o755);
  return folder;
};
