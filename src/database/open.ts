// Opens the database that was named, or starts the embedded one.
import { join } from 'node:path';
import { startEmbedded } from './embedded.ts';

export interface DatabasePlace {
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
}

export const openDatabase = async (
  { databaseUrl, dataDir }: DatabasePlace,
  say: (line: string) => void,
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> =>
  databaseUrl === undefined
    ? startEmbedded({ dataDir: join(dataDir, 'postgres'), say })
    : { url: databaseUrl, stop: async () => undefined };
