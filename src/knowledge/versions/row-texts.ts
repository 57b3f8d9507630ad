// Blocks, entries and events as statements take them in: one text costs driver and server far less than many parameters. Pure.
import { encodeBase64 as base64 } from '../../../keys/bytes.ts';
import { digestOfCid } from '../../protocol/cid.ts';
import { type Entry, entryCid } from '../../protocol/knowledge/entry.ts';
import { foldPath, type KnowledgePath } from '../../protocol/knowledge-path.ts';
import type { Block } from '../../protocol/merkle-tree/growing.ts';

/** Whoever puts the same blocks at once puts them in the same order, so that nobody waits for each other. */
export const inOneOrder = (blocks: readonly Block[]): readonly Block[] =>
  [...new Map(blocks.map((block) => [block.cid, block])).values()].sort((a, b) => (a.cid < b.cid ? -1 : 1));

/** As statements read a block. */
export const blockRow = ({ cid, bytes }: Block) => ({
  digest: base64(digestOfCid(cid)),
  bytes: base64(bytes),
});

export const blockRows = (blocks: readonly Block[]): string =>
  JSON.stringify(inOneOrder(blocks).map(blockRow));

/** What stands at a path from a version on; null: nothing does. */
export interface EntryChange {
  readonly path: KnowledgePath;
  readonly entry: Entry | null;
}

/** As statements read a change of the index. */
export const entryRow = ({ path, entry }: EntryChange) => ({
  path,
  fold: foldPath(path),
  entry: entry === null ? null : base64(digestOfCid(entryCid(entry))),
  blob: entry === null ? null : base64(digestOfCid(entry.blob)),
  size: entry?.size ?? null,
  media_type: entry?.mediaType ?? null,
});

export const entryRows = (changes: readonly EntryChange[]): string => JSON.stringify(changes.map(entryRow));
