// A log as one client has seen it: every head it is shown must continue, or be continued by, the newest one believed.
import type { SignedCheckpoint } from '../protocol/checkpoint.ts';
import type { ReadTile } from '../protocol/tiles.ts';
import {
  type LogDeps,
  markOf,
  openNote,
  rememberedHead,
  requireConsistent,
  requireNotSmaller,
} from './log-history.ts';
import type { Question } from './refusal.ts';
import type { RegistryReader } from './registry-reader.ts';
import { tileReader } from './tile-cache.ts';

export interface LogView {
  /** The largest head believed so far. */
  readonly newest: () => SignedCheckpoint;
  /**
   * Believes another head, from the note it travels in; one that is newer becomes the newest and is remembered.
   * @throws Refusal of `question` for a note that the log's key did not sign; of `checkpoint` for one that does not
   *   belong to the same history, with the place in its evidence where both notes are kept
   */
  readonly believe: (question: Question, note: string) => Promise<SignedCheckpoint>;
  /**
   * Requires that the newest head goes on from one that somebody kept, from the note it travels in.
   * @throws Refusal of `checkpoint`: a rollback, a fork, or no proof; both notes are kept as with `believe`
   */
  readonly requireContinues: (note: string) => Promise<void>;
  /** Remembers the newest head. @throws Refusal of `checkpoint` where another process believes another history */
  readonly settle: () => Promise<void>;
  /** The same view over another reader. */
  readonly through: (reader: RegistryReader) => LogView;
}

/** Each time another process was quicker; more often than this it is no coincidence. */
const MAX_TURNS = 16;

/**
 * Remembers a head unless a larger one is remembered. Whatever another process has put there meanwhile must be of the
 * same history too: else each of two processes could believe one side of a fork.
 */
const settle = async (the: LogDeps, readTile: ReadTile, found: SignedCheckpoint): Promise<void> => {
  const head = markOf(the.vkey, found);
  for (let turn = 0; turn < MAX_TURNS; turn += 1) {
    const state = await the.store.recall();
    // Under a newer root another key may sign the log: who knows only the older one has nothing to say any more.
    if (state === undefined || state.root.version > the.rootVersion) return;
    const before = state.checkpoint;
    const other = rememberedHead(before, the.vkey);
    if (other !== undefined && other.note !== found.note)
      await requireConsistent(the, readTile, other, found);
    if (other !== undefined && other.size >= found.size) return;
    if (await the.store.rememberHead(head, before)) return;
  }
  throw new Error(`${the.store.place} changes too often to be written`);
};

export const logViewFrom = (the: LogDeps, head: SignedCheckpoint): LogView => {
  const readTile = tileReader(the.reader, the.addresses.tile);
  let newest = head;
  let turn: Promise<unknown> = Promise.resolve();

  const believe: LogView['believe'] = async (question, note) => {
    if (note === newest.note) return newest;
    const found = openNote(question, note, the.vkey);
    await requireConsistent(the, readTile, newest, found);
    if (found.size <= newest.size) return found;
    await settle(the, readTile, found);
    newest = found;
    return found;
  };

  return {
    newest: () => newest,
    believe: (question, note) => {
      // One after the other: two heads that each continue the newest might still exclude one another.
      const next = turn.then(() => believe(question, note));
      turn = next.catch(() => undefined);
      return next;
    },
    requireContinues: async (note) => {
      const kept = openNote('checkpoint', note, the.vkey);
      await requireNotSmaller(the, kept, newest);
      if (kept.note !== newest.note) await requireConsistent(the, readTile, kept, newest);
    },
    settle: () => settle(the, readTile, newest),
    through: (reader) => logViewFrom({ ...the, reader }, newest),
  };
};
