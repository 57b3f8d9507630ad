// What the rows of an answer tell of entries, each held against the entry that the tree proves.

import type { Entry } from '../../protocol/knowledge/entry.ts';
import type { Asked } from '../proven-event.ts';
import { refusal } from '../refusal.ts';
import type { KnowledgeDeps } from './deps.ts';
import { proveEntry } from './entry.ts';
import type { Blocks, ToldEntry } from './shape.ts';
import { entryBehind, requireTold } from './tree.ts';
import type { BelievedVersion } from './version.ts';

/**
 * The entry behind a row whose place in the tree is proven. Where neither the row nor the blocks are enough for it, the
 * registry is asked for it alone.
 * @throws Refusal `entry_mismatch`; as `proveEntry`
 */
export const entryOf = async (
  the: KnowledgeDeps,
  asked: Asked,
  of: BelievedVersion,
  told: ToldEntry,
  blocks: Blocks,
): Promise<Entry> => {
  const entry = entryBehind(asked, told, blocks);
  if (entry !== undefined) return entry;
  const proven = await proveEntry(the)(of, told.path);
  if (proven !== undefined) return requireTold(asked, told, proven.entry);
  throw refusal(asked.question, 'entry_mismatch', { path: asked.path, at: told.path, found: told });
};
