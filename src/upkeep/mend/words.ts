// Counts the words of documents again, where those they are found by are others.

import { StorageError } from '../../../storage/errors.ts';
import { blobKey } from '../../../storage/object-keys.ts';
import { inTransaction } from '../../database/transaction.ts';
import { digestOfHeld, readWords, wordsDifference } from '../check/knowledge-documents.ts';
import { type HeldDocument, heldDocuments, writeWords } from '../document-store.ts';
import { inSnapshot } from '../upkeep-store.ts';
import type { MendDeps } from './mend.ts';

const mendDocument = async ({ sql, blobs, tell }: MendDeps, held: HeldDocument): Promise<void> => {
  const found = await blobs.head(blobKey(digestOfHeld(held)));
  const words = found && (await readWords(blobs, held, found.size));
  if (found === undefined || words instanceof StorageError) return;
  const done = await inTransaction(sql, async (tx) => {
    if ((await wordsDifference(tx, held.digest, words)) === undefined) return false;
    await writeWords(tx, held.digest, words);
    return true;
  });
  if (done) tell(`document sha256:${held.digest}: words counted again`);
};

/** Goes through all documents: of what differs a report keeps no more than the first ones. */
export const mendWords = async (the: MendDeps): Promise<void> => {
  if (!the.report.has('words_differ')) return;
  await inSnapshot(the.sql, async (tx) => {
    for await (const held of heldDocuments(tx)) await mendDocument(the, held);
  });
};
