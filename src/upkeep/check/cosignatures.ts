// Checks what witnesses signed: each line is a cosignature of the very checkpoint that the log had at that size.
import { KeyError } from '../../../keys/errors.ts';
import { parseWitnessVkey, type WitnessVkey } from '../../../keys/key.ts';
import type { Tx } from '../../database/connect.ts';
import { checkpointText } from '../../protocol/checkpoint.ts';
import { type Edge, edgeRoot } from '../../protocol/growing-tree.ts';
import { LogError } from '../../protocol/log-errors.ts';
import { formatNote, parseNote, verifyCosignature } from '../../protocol/signed-note.ts';
import type { Report } from '../report.ts';
import { type CosignatureRow, cosignaturesIn, witnessedAt } from '../upkeep-store.ts';

export interface CosignaturesDeps {
  readonly tx: Tx;
  readonly report: Report;
  readonly origin: string;
}

/** A witness may be known by its whole key or by its name alone, and then the form is all that can be asked for. */
const keyOf = (witness: string): WitnessVkey | undefined => {
  try {
    return parseWitnessVkey(witness);
  } catch (error) {
    if (error instanceof KeyError) return undefined;
    throw error;
  }
};

const isCosignature = ({ witness, line }: CosignatureRow, text: string): boolean => {
  try {
    const note = parseNote(formatNote(text, [line]));
    const key = keyOf(witness);
    if (key === undefined) return note.signatures[0]?.name === witness;
    return verifyCosignature(note, key) !== undefined;
  } catch (error) {
    if (error instanceof LogError) return false;
    throw error;
  }
};

/** Sizes of cosigned checkpoints above `start` and up to `end`. */
export const cosignedSizes = async (
  { tx }: Pick<CosignaturesDeps, 'tx'>,
  start: number,
  end: number,
): Promise<number[]> => [...new Set((await cosignaturesIn(tx, start, end)).map(({ size }) => size))];

const textOfNote = (note: string): string | undefined => {
  try {
    return parseNote(note).text;
  } catch (error) {
    if (error instanceof LogError) return undefined;
    throw error;
  }
};

/** Those of the checkpoint that a tree has. */
export const checkCosignatures = async (
  { tx, report, origin }: CosignaturesDeps,
  edge: Edge,
): Promise<void> => {
  const text = checkpointText({ origin, size: edge.size, root: edgeRoot(edge) });
  for (const row of await cosignaturesIn(tx, edge.size - 1, edge.size))
    if (!isCosignature(row, text)) report.add('cosignature_invalid', `${row.witness} at ${row.size}`);
  const witnessed = await witnessedAt(tx, edge.size);
  if (witnessed !== undefined && textOfNote(witnessed) !== text)
    report.add('witnessed_differs', `checkpoint of ${edge.size}`);
};

/** Of checkpoints that the log has not reached. */
export const checkEarlyCosignatures = async (
  { tx, report }: CosignaturesDeps,
  size: number,
): Promise<void> => {
  for (const row of await cosignaturesIn(tx, size, Number.MAX_SAFE_INTEGER))
    report.add('cosignature_invalid', `${row.witness} at ${row.size}`);
};
