// Keeps the documents of an export on disk until they are written in their order: each as it was answered last.
import { type FileHandle, open } from 'node:fs/promises';
import { readAt, writeAt } from '../file-places.ts';
import { removePart } from '../part-files.ts';
import { cutOff, MAX_EXPORT_BYTES, unreadable } from './format.ts';

export interface DocumentSpool {
  readonly put: (path: string, bytes: Uint8Array) => Promise<void>;
  /** The same as if it had never been put. */
  readonly drop: (path: string) => void;
  readonly paths: () => Iterable<string>;
  /** Undefined where there is none. */
  readonly read: (path: string) => Promise<Uint8Array | undefined>;
  readonly remove: () => Promise<void>;
}

interface Place {
  readonly start: number;
  readonly size: number;
  readonly written: Promise<void>;
}

const bytesOf = async (file: FileHandle, { start, size, written }: Place): Promise<Uint8Array> => {
  await written;
  return readAt(file, start, size, cutOff);
};

/** @param place that `partOf` gave */
export const createDocumentSpool = async (place: string): Promise<DocumentSpool> => {
  const file = await open(place, 'wx+', 0o600);
  const kept = new Map<string, Place>();
  let end = 0;
  return {
    put: async (path, bytes) => {
      const start = end;
      end += bytes.length;
      if (end > MAX_EXPORT_BYTES) throw unreadable('too large', { bytes: end });
      const written = writeAt(file, bytes, start);
      kept.set(path, { start, size: bytes.length, written });
      await written;
    },
    drop: (path) => void kept.delete(path),
    paths: () => kept.keys(),
    read: async (path) => {
      const found = kept.get(path);
      return found && bytesOf(file, found);
    },
    remove: async () => {
      await file.close();
      await removePart(place);
    },
  };
};
