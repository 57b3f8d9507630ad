// What witnesses have signed of our checkpoints, served together with them (C2SP tlog-cosignature).
import type { Sql } from '../database/connect.ts';
import { formatNote, parseNote } from '../protocol/signed-note.ts';
import { cosignaturesOf } from './log-store.ts';

/** The checkpoint of a size, and behind our own signature those of the witnesses that saw it. */
export const withCosignatures =
  (sql: Sql) =>
  async (size: number, checkpoint: string): Promise<string> => {
    const lines = await cosignaturesOf(sql, size);
    if (lines.length === 0) return checkpoint;
    const { text, signatures } = parseNote(checkpoint);
    return formatNote(text, [...signatures.map(({ line }) => line), ...lines]);
  };
