// Reads and writes whole stretches of an open file, however few bytes the system moves at once.
import type { FileHandle } from 'node:fs/promises';

export const writeAt = async (file: FileHandle, bytes: Uint8Array, start: number): Promise<void> => {
  for (let done = 0; done < bytes.length; )
    done += (await file.write(bytes, done, bytes.length - done, start + done)).bytesWritten;
};

/** @throws what `cutOff` makes of the place where the file ends before */
export const readAt = async (
  file: FileHandle,
  start: number,
  length: number,
  cutOff: (at: number) => Error,
): Promise<Uint8Array> => {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, start + done);
    if (bytesRead === 0) throw cutOff(start + done);
    done += bytesRead;
  }
  return bytes;
};
