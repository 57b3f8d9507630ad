// Keeps public documents ready in memory until what they were made from changes.
import type { Document } from './document.ts';

export interface DocumentCache {
  /** The document under this path if it stands ready; never waits. */
  ready(path: string): Document | undefined;
  /**
   * The document under `path`, made if need be; concurrent callers share one making.
   * @param topics what it is made from; `forget` of any of them drops it.
   */
  load(path: string, topics: readonly string[], make: () => Promise<Document>): Promise<Document>;
  /** Drops what was made, or is being made, from this topic. */
  forget(topic: string): void;
}

interface Entry {
  readonly document: Document;
  readonly topics: readonly string[];
  /** Asked for since it was last passed over: it gets a second chance when room is needed. */
  used: boolean;
}

/** What an entry costs beside its bytes. */
const OVERHEAD_BYTES = 1_024;
const costOf = (entry: Entry): number => entry.document.bytes.length + OVERHEAD_BYTES;

export const createDocumentCache = (maxBytes: number): DocumentCache => {
  const entries = new Map<string, Entry>();
  const pathsOf = new Map<string, Set<string>>();
  const making = new Map<string, { readonly topics: readonly string[]; readonly done: Promise<Document> }>();
  let held = 0;

  const drop = (path: string): void => {
    const entry = entries.get(path);
    if (entry === undefined) return;
    entries.delete(path);
    held -= costOf(entry);
    for (const topic of entry.topics) {
      const paths = pathsOf.get(topic);
      paths?.delete(path);
      if (paths?.size === 0) pathsOf.delete(topic);
    }
  };

  const makeRoom = (): void => {
    for (const [path, entry] of entries) {
      if (held <= maxBytes) return;
      if (!entry.used) drop(path);
      else {
        entry.used = false;
        entries.delete(path);
        entries.set(path, entry);
      }
    }
  };

  const keep = (path: string, entry: Entry): void => {
    drop(path);
    entries.set(path, entry);
    held += costOf(entry);
    for (const topic of entry.topics) {
      const paths = pathsOf.get(topic) ?? new Set();
      pathsOf.set(topic, paths.add(path));
    }
    makeRoom();
  };

  const start = (
    path: string,
    topics: readonly string[],
    make: () => Promise<Document>,
  ): Promise<Document> => {
    const attempt = { topics, done: make() };
    making.set(path, attempt);
    const settle = (document?: Document): void => {
      // A making that was forgotten meanwhile may hold what was true before: it is answered with, but not kept.
      if (making.get(path) !== attempt) return;
      making.delete(path);
      if (document !== undefined) keep(path, { document, topics, used: false });
    };
    attempt.done.then(settle, () => settle());
    return attempt.done;
  };

  return {
    ready: (path) => {
      const entry = entries.get(path);
      if (entry === undefined) return undefined;
      entry.used = true;
      return entry.document;
    },
    load: (path, topics, make) => {
      const entry = entries.get(path);
      if (entry !== undefined) return Promise.resolve(entry.document);
      return making.get(path)?.done ?? start(path, topics, make);
    },
    forget: (topic) => {
      for (const path of [...(pathsOf.get(topic) ?? [])]) drop(path);
      for (const [path, attempt] of making) if (attempt.topics.includes(topic)) making.delete(path);
    },
  };
};
