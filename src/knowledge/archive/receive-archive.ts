// Stores the content of an archive as it arrives, in batches: rows that nobody sees yet, documents, blocks and words.
import type { BlobStore } from '../../../storage/blob-store.ts';
import { inLanes } from '../../../storage/in-lanes.ts';
import { blobKey } from '../../../storage/object-keys.ts';
import type { Staged, Staging } from '../../../storage/staging.ts';
import { collectBytes } from '../../../storage/verify-bytes.ts';
import type { Sql } from '../../database/connect.ts';
import { type Fault, fault } from '../../protocol/faults.ts';
import type { ArchivedEntry, ArchivedItem } from '../../protocol/knowledge/car.ts';
import { MAX_DOCUMENT_BYTES } from '../../protocol/knowledge/entry.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import { MAX_SEARCHED_BYTES, searchableWords } from '../../protocol/knowledge/words.ts';
import type { KnowledgePath } from '../../protocol/knowledge-path.ts';
import type { Block } from '../../protocol/merkle-tree/growing.ts';
import { type FoundWords, insertImported, insertWords } from './import-store.ts';

export interface ReceiveDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly staging: Staging;
  readonly blobs: BlobStore;
  /** Past what is kept at hand: nobody reads these blocks soon. */
  readonly putBlocks: (blocks: readonly Block[]) => Promise<unknown>;
}

/** An entry whose document waits in staging. */
interface Arrived {
  readonly item: ArchivedEntry;
  readonly staged: Staged;
}

interface Batch {
  readonly blocks: Block[];
  readonly arrived: Arrived[];
  /** Bytes that it holds in memory, and bytes that wait for it on disk. */
  held: number;
  onDisk: number;
}

const MOST_ENTRIES = 256;
const MOST_HELD_BYTES = 2 * 1024 * 1024;
const MOST_BYTES_ON_DISK = 64 * 1024 * 1024;
/** While one batch waits for the disk, the next is stored, and one more arrives. */
const BATCHES_AT_ONCE = 2;
/** Small documents that are put at once share one wait for the disk. */
const DOCUMENTS_AT_ONCE = 64;

const newBatch = (): Batch => ({ blocks: [], arrived: [], held: 0, onDisk: 0 });

const isFull = ({ arrived, blocks, held, onDisk }: Batch): boolean =>
  arrived.length >= MOST_ENTRIES ||
  blocks.length >= 2 * MOST_ENTRIES ||
  held >= MOST_HELD_BYTES ||
  onDisk >= MOST_BYTES_ON_DISK;

/** Everything that is staged stands in `waiting` until it is let go of. */
async function* batchesOf(
  the: ReceiveDeps,
  items: AsyncIterable<ArchivedItem>,
  waiting: Set<Staged>,
): AsyncGenerator<Batch, void, void> {
  let batch = newBatch();
  for await (const item of items) {
    batch.blocks.push(item.block);
    batch.held += item.block.bytes.length;
    if (item.kind === 'entry') {
      const staged = await the.staging.receive(item.document, { maxBytes: MAX_DOCUMENT_BYTES });
      waiting.add(staged);
      batch.arrived.push({ item, staged });
      batch[staged.bytes === undefined ? 'onDisk' : 'held'] += staged.size;
    }
    if (!isFull(batch)) continue;
    yield batch;
    batch = newBatch();
  }
  yield batch;
}

const wordsOf = async ({ item, staged }: Arrived): Promise<readonly FoundWords[]> => {
  if (staged.size > MAX_SEARCHED_BYTES) return [];
  const words = searchableWords(staged.bytes ?? (await collectBytes(staged.read())));
  return words === undefined ? [] : [{ blob: item.entry.blob, words }];
};

const letGo = async (staged: Staged, waiting: Set<Staged>): Promise<void> => {
  await staged.discard();
  waiting.delete(staged);
};

export const erasedFromBase = (base: BaseId, paths: readonly KnowledgePath[]): Fault =>
  fault('content_erased', { knowledge_base_id: base, paths }, 'Some of it was erased from this base.');

const storeBatch = async (
  the: ReceiveDeps,
  id: string,
  base: BaseId,
  { blocks, arrived }: Batch,
  waiting: Set<Staged>,
): Promise<void> => {
  const entries = arrived.map(({ item }) => ({ path: item.path, cid: item.block.cid, entry: item.entry }));
  // Named before they are put, so that no sweep takes them for garbage in between.
  const erased = await insertImported(the.sql, id, base, entries, the.now());
  if (erased.length > 0) throw erasedFromBase(base, erased);
  const found: FoundWords[] = [];
  await inLanes(arrived, DOCUMENTS_AT_ONCE, async (each) => {
    await each.staged.promote(the.blobs, blobKey(each.staged.digest));
    found.push(...(await wordsOf(each)));
    await letGo(each.staged, waiting);
  });
  await the.putBlocks(blocks);
  await insertWords(the.sql, found);
};

/**
 * Takes in all of it, holding a few batches in memory at most. What it leaves in the stores is garbage until a version
 * names it.
 * Rejects with Fault `content_erased`, and as `items` does
 */
export const receiveArchive = async (
  the: ReceiveDeps,
  id: string,
  base: BaseId,
  items: AsyncIterable<ArchivedItem>,
): Promise<void> => {
  const waiting = new Set<Staged>();
  try {
    const batches = batchesOf(the, items, waiting);
    await inLanes(batches, BATCHES_AT_ONCE, (batch) => storeBatch(the, id, base, batch, waiting));
  } finally {
    for (const staged of waiting) await staged.discard();
  }
};
