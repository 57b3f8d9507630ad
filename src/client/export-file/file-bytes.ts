// The bytes of a file wherever they lie, read where they are needed.
import { open } from 'node:fs/promises';
import { readAt } from '../file-places.ts';
import { cutOff } from './format.ts';

export interface FileBytes {
  readonly size: number;
  /** @throws Refusal `export_unreadable` where the file ends before */
  readonly read: (start: number, length: number) => Promise<Uint8Array>;
  readonly close: () => Promise<void>;
}

/** Stays readable until it is closed, whoever removes its name meanwhile. */
export const fileBytes = async (path: string): Promise<FileBytes> => {
  const file = await open(path, 'r');
  const { size } = await file.stat();
  return {
    size,
    read: (start, length) => readAt(file, start, length, cutOff),
    close: () => file.close(),
  };
};

const WINDOW_BYTES = 4_096;

/** The same for who reads a little here and a little behind it: a header, what fills up a block, the next header. */
export const readAhead = (file: FileBytes): FileBytes => {
  let from = 0;
  let window: Uint8Array = new Uint8Array();
  return {
    ...file,
    read: async (start, length) => {
      const isNear = start >= from && start + length <= from + window.length;
      if (!isNear && start + length > Math.min(start + WINDOW_BYTES, file.size))
        return file.read(start, length);
      if (!isNear) {
        window = await file.read(start, Math.min(WINDOW_BYTES, file.size - start));
        from = start;
      }
      return window.subarray(start - from, start - from + length);
    },
  };
};

export const memoryBytes = (bytes: Uint8Array): FileBytes => ({
  size: bytes.length,
  read: async (start, length) => {
    if (start + length > bytes.length) throw cutOff(bytes.length);
    return bytes.subarray(start, start + length);
  },
  close: async () => undefined,
});
