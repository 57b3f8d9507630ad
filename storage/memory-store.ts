// Blobs in this process's memory: for tests and for trying things out.
import {
  type BlobStore,
  type ByteRange,
  rangeWithin,
  requireReplaceable,
  verifiedSource,
} from './blob-store.ts';
import { type ObjectKey, parseObjectKey } from './object-keys.ts';
import { collectBytes } from './verify-bytes.ts';

interface Held {
  readonly bytes: Uint8Array;
  readonly modifiedAt: Date;
}

/** Durable only as long as the process; every other promise of the port is kept. */
export const createMemoryStore = (now: () => number = Date.now): BlobStore => {
  const held = new Map<ObjectKey, Held>();
  return {
    put: async (key, source) => {
      if (held.has(key)) return 'exists';
      const bytes = await collectBytes(verifiedSource(key, source));
      if (held.has(key)) return 'exists';
      held.set(key, { bytes, modifiedAt: new Date(now()) });
      return 'created';
    },
    replace: async (key, bytes) => {
      requireReplaceable(key);
      held.set(key, { bytes: Uint8Array.from(bytes), modifiedAt: new Date(now()) });
    },
    get: async (key, range) => {
      const found = held.get(key);
      return found && { size: found.bytes.length, body: copyOf(found.bytes, key, range) };
    },
    head: async (key) => {
      const found = held.get(key);
      return found && { size: found.bytes.length, modifiedAt: found.modifiedAt };
    },
    list: (prefix) => listed(held, prefix),
    delete: async (key) => void held.delete(key),
    ping: async () => {},
  };
};

/** A copy, so that no reader can change what others read. */
const copyOf = (bytes: Uint8Array, key: ObjectKey, range?: ByteRange): AsyncIterable<Uint8Array> => {
  const { start, end } = rangeWithin(key, bytes.length, range);
  return (async function* () {
    if (end >= start) yield bytes.slice(start, end + 1);
  })();
};

async function* listed(held: ReadonlyMap<ObjectKey, Held>, prefix: string) {
  const keys = [...held.keys()].filter((key) => key.startsWith(prefix) && parseObjectKey(key) !== undefined);
  for (const key of keys.sort()) {
    const found = held.get(key);
    if (found) yield { key, size: found.bytes.length, modifiedAt: found.modifiedAt };
  }
}
