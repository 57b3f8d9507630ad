// Keeps the evidence of an alarm beside what a client remembers of the registry, where it is never overwritten.
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { errnoOf, makeDirectory, writeNewFile } from '../files-on-disk.ts';

const OWNER_ONLY = 0o600;

/** `at`: when it was noticed, which makes no other evidence of it. */
interface Alarm {
  readonly at: string;
}

const write = async (path: string, bytes: Uint8Array): Promise<void> => {
  await makeDirectory(dirname(path), 0o700);
  await writeNewFile(path, bytes, OWNER_ONLY).catch((error: unknown) => {
    // Named by its digest: the same evidence lies there already.
    if (errnoOf(error) !== 'EEXIST') throw error;
  });
};

/**
 * `<state>.alarm-<digest>.json`; the alarm stands whether or not it could be written down.
 * @param state the file that the registry is remembered in.
 * @returns where it lies, or why it does not.
 */
export const saveAlarm = async (state: string, alarm: Alarm): Promise<string> => {
  const { at, ...about } = alarm;
  const digest = createHash('sha256').update(JSON.stringify(about)).digest('hex');
  const path = `${state}.alarm-${digest.slice(0, 16)}.json`;
  const bytes = Buffer.from(`${JSON.stringify({ at, ...about }, null, 2)}\n`);
  try {
    await write(path, bytes);
    return path;
  } catch (error) {
    return `could not be saved: ${error instanceof Error ? error.message : String(error)}`;
  }
};
