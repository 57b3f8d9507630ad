// Sets right what follows of bases from what is left of them: blocks, index, words, records of erasures and pointers.
import { mendBlocks } from './blocks.ts';
import { mendIndexes } from './entries.ts';
import { destroyErased, mendFromEvents } from './events.ts';
import type { MendDeps } from './mend.ts';
import { mendPointers } from './pointers.ts';
import { mendWords } from './words.ts';

/** An erasure that no event tells of may be forged, and what it destroys is gone. */
const mayDestroy = ({ report }: MendDeps): boolean =>
  report.has('erasure_undone', 'erasure_differs') && !report.has('erasure_without_event');

/** Blocks come from an index that is whole, and the index from trees that are: where both are not, a backup is asked for. */
export const mendKnowledge = async (the: MendDeps): Promise<void> => {
  await mendBlocks(the);
  await mendIndexes(the);
  await mendWords(the);
  await mendFromEvents(the);
  if (mayDestroy(the)) await destroyErased(the);
  await mendPointers(the);
};
