// Signs the heads of the log with the key that the newest root names, and tells its own signature from others.
import type { Vkey } from '../../keys/key.ts';
import { checkpointText, openCheckpoint } from '../protocol/checkpoint.ts';
import { LogError } from '../protocol/log-errors.ts';
import { formatNote, type Sign, signNoteLine } from '../protocol/signed-note.ts';

export interface HeadSignerDeps {
  /** The log's key as the newest root names it. */
  readonly vkey: () => Vkey;
  readonly sign: Sign;
}

/** The signed note of a head (C2SP tlog-checkpoint): nothing is asked here, so whoever calls it has to be sure. */
export const signHead =
  (the: HeadSignerDeps) =>
  async (size: number, root: Uint8Array): Promise<string> => {
    const vkey = the.vkey();
    const text = checkpointText({ origin: vkey.name, size, root });
    return formatNote(text, [await signNoteLine(text, vkey, the.sign)]);
  };

/** Whether today's key signed this checkpoint. */
export const isSignedByUs =
  (the: HeadSignerDeps) =>
  (checkpoint: string): boolean => {
    try {
      openCheckpoint(checkpoint, the.vkey());
      return true;
    } catch (error) {
      if (error instanceof LogError) return false;
      throw error;
    }
  };
