// What witnesses have signed of our checkpoints, served together with them (C2SP tlog-cosignature).
import type { Sql } from '../../database/connect.ts';
import { type Document, KINDS, makeDocument } from '../../http/document.ts';
import type { DocumentCache } from '../../http/document-cache.ts';
import { fault } from '../../protocol/faults.ts';
import { formatNote, parseNote } from '../../protocol/signed-note.ts';
import { HEAD_TOPIC } from '../log-documents.ts';
import { cosignaturesOf } from '../log-store.ts';
import { COSIGNED_BELL, newestWitnessed } from './witness-store.ts';

/** The checkpoint of a size, and behind our own signature those of the witnesses that saw it. */
export const withCosignatures =
  (sql: Sql) =>
  async (size: number, checkpoint: string): Promise<string> => {
    const lines = await cosignaturesOf(sql, size);
    if (lines.length === 0) return checkpoint;
    const { text, signatures } = parseNote(checkpoint);
    return formatNote(text, [...signatures.map(({ line }) => line), ...lines]);
  };

export interface WitnessedDeps {
  readonly sql: Sql;
  readonly cache: DocumentCache;
  /** Whether today's log key signed this checkpoint. */
  readonly isOurs: (checkpoint: string) => boolean;
}

/**
 * The newest checkpoint with at least one cosignature: the head moves on faster than witnesses sign.
 * @throws Fault not_found until there is one
 */
export const readWitnessed = (the: WitnessedDeps) => (): Promise<Document> =>
  the.cache.load('/transparency/checkpoint/witnessed', [HEAD_TOPIC], async () => {
    const found = await newestWitnessed(the.sql);
    if (found === undefined || !the.isOurs(found.checkpoint)) throw fault('not_found');
    const note = await withCosignatures(the.sql)(found.size, found.checkpoint);
    return makeDocument(Buffer.from(note), KINDS.checkpoint);
  });

/** Tells this process of every cosignature that any process has taken; the returned function ends that. */
export const followCosignatures = async (sql: Sql, onCosigned: () => void): Promise<() => Promise<void>> => {
  // Whatever rang while the connection was away is not known: what was made then may be old.
  const listening = await sql.listen(COSIGNED_BELL, onCosigned, onCosigned);
  return () => listening.unlisten();
};
