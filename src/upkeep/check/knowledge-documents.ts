// Checks the documents that bases hold: their bytes are there, hash to their names, and are found by their words.
import type { BlobStore } from '../../../storage/blob-store.ts';
import { streamBlob } from '../../../storage/blob-store.ts';
import { type Digest, parseDigest } from '../../../storage/digest.ts';
import { StorageError } from '../../../storage/errors.ts';
import { inLanes } from '../../../storage/in-lanes.ts';
import { blobKey } from '../../../storage/object-keys.ts';
import { collectBytes } from '../../../storage/verify-bytes.ts';
import type { Tx } from '../../database/connect.ts';
import { MAX_SEARCHED_BYTES, searchableWords, type Words } from '../../protocol/knowledge/words.ts';
import {
  countDocuments,
  type HeldDocument,
  heldDocuments,
  placesOf,
  someDocuments,
  wordsOf,
} from '../document-store.ts';
import type { FindingCode } from '../findings.ts';
import type { Report } from '../report.ts';
import { difference } from './told.ts';

export interface DocumentsDeps {
  readonly tx: Tx;
  readonly blobs: BlobStore;
  readonly report: Report;
  /** How many documents are read to the end; of the others only size and place are looked at. */
  readonly sample: number | 'all';
  /** Whether somebody holds the bytes now, which is later than the rows were read: they may have been erased since. */
  readonly isHeld: (digest: string) => Promise<boolean>;
  readonly progress: (done: number, total: number) => void;
}

const DOCUMENTS_AT_ONCE = 4;

export const digestOfHeld = ({ digest }: Pick<HeldDocument, 'digest'>): Digest => {
  const parsed = parseDigest(digest);
  if (parsed === undefined) throw new Error('a stored digest is not one');
  return parsed;
};

/** By where it stands: that is what somebody who has it elsewhere can look for. */
const nameOf = async (tx: Tx, digest: string): Promise<string> => {
  const places = await placesOf(tx, digest);
  const told = places.map(({ base, path, from_seq, to_seq }) =>
    path === null
      ? `${base} (an upload)`
      : `${base} ${path} (versions ${from_seq} to ${to_seq === null ? 'now' : to_seq - 1})`,
  );
  return `${blobKey(digestOfHeld({ digest }))} of ${told.join(', ')}`;
};

const flaw = async (
  the: DocumentsDeps,
  code: FindingCode,
  { digest }: HeldDocument,
  evidence: object,
): Promise<undefined> => {
  if (!(await the.isHeld(digest))) return;
  the.report.add(code, await nameOf(the.tx, digest), evidence);
};

/** Whether the bytes are there; how many there are is said by every row that names them. */
const checkSize = async (the: DocumentsDeps, held: HeldDocument): Promise<boolean> => {
  const found = await the.blobs.head(blobKey(digestOfHeld(held)));
  if (found === undefined) await flaw(the, 'document_missing', held, {});
  else if (held.size !== found.size || held.largest !== found.size)
    await flaw(the, 'document_size', held, { expected: [held.size, held.largest], found: found.size });
  return found !== undefined;
};

/** The words in a document's bytes, undefined where no search looks into it; `corrupt` where they are not its bytes. */
export const readWords = async (
  blobs: BlobStore,
  held: Pick<HeldDocument, 'digest'>,
  size: number,
): Promise<Words | undefined | StorageError> => {
  const bytes = streamBlob(blobs, digestOfHeld(held));
  try {
    if (size <= MAX_SEARCHED_BYTES) return searchableWords(await collectBytes(bytes));
    for await (const _ of bytes);
    return undefined;
  } catch (error) {
    if (error instanceof StorageError && ['blob_missing', 'blob_corrupt'].includes(error.code)) return error;
    throw error;
  }
};

/** Undefined where the row says the same. */
export const wordsDifference = async (tx: Tx, digest: string, words: Words | undefined) => {
  const row = await wordsOf(tx, digest);
  const expected = { words: words && [...words.keys()], counts: words && [...words.values()] };
  if (difference(expected, { words: row?.words, counts: row?.counts }) === undefined) return undefined;
  return { expected: words?.size ?? null, found: row?.words.length ?? null };
};

const checkBytes = async (the: DocumentsDeps, held: HeldDocument): Promise<undefined> => {
  const size = (await the.blobs.head(blobKey(digestOfHeld(held))))?.size ?? 0;
  const words = await readWords(the.blobs, held, size);
  if (words instanceof StorageError)
    return words.code === 'blob_missing'
      ? flaw(the, 'document_missing', held, {})
      : flaw(the, 'document_digest', held, { expected: held.digest, found: words.details['found'] });
  const evidence = await wordsDifference(the.tx, held.digest, words);
  if (evidence !== undefined) await flaw(the, 'words_differ', held, evidence);
};

export const checkDocuments = async (the: DocumentsDeps): Promise<void> => {
  const chosen = the.sample === 'all' ? undefined : await someDocuments(the.tx, the.sample);
  const total = await countDocuments(the.tx);
  let done = 0;
  await inLanes(heldDocuments(the.tx), DOCUMENTS_AT_ONCE, async (held) => {
    if ((await checkSize(the, held)) && (chosen?.has(held.digest) ?? true)) await checkBytes(the, held);
    done += 1;
    the.progress(done, total);
  });
};
