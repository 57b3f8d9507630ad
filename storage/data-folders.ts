// Makes the folders in which a registry keeps its data.
import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { durableDirectories } from './durable-directories.ts';

/** A folder that was there before is somebody's own: its mode is left as it is. */
const makeFolder = async (path: string, mode: number): Promise<void> => {
  const isNew = await stat(path).then(
    () => false,
    () => true,
  );
  await durableDirectories(path).ensure(path);
  if (isNew) await chmod(path, mode);
};

/** Others may pass through to the embedded database, which another account runs where root starts it, but see nothing. */
export const makeDataFolders = async (dataDir: string): Promise<void> => {
  await makeFolder(dataDir, 0o711);
  for (const name of ['blobs', 'staging']) await makeFolder(join(dataDir, name), 0o700);
};
