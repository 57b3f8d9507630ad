// Entries of a base as rows of a list. Pure.
import type { Entry } from '../../protocol/knowledge/entry.ts';

/** An entry as lists show it. */
export const entryRow = (path: string, { blob, size, mediaType }: Entry) => ({
  path,
  size,
  media_type: mediaType,
  document: blob,
});

export const ENTRY_COLUMNS = ['path', 'size', 'media_type', 'document'];
