// Why a note, a checkpoint, a proof or a piece of the log was refused: one closed list. Pure.
import type { Evidence } from '../../keys/errors.ts';

export const LOG_ERRORS = {
  // Signed notes
  note_form: 'The text is no signed note: a text, an empty line, signature lines.',
  note_too_large: 'The note is larger, or carries more signatures, than this registry reads.',
  note_signature: 'A signature that names a known key is not by that key.',
  note_unsigned: 'The key that is asked for has not signed the note.',
  // Checkpoints
  checkpoint_form: 'The note is no checkpoint: origin, size and root hash, a line each.',
  checkpoint_origin: 'The checkpoint is of another log than its key.',
  // Proofs
  proof_form: 'The text is no transparency log proof (c2sp.org/tlog-proof@v1).',
  proof_too_large: 'The proof is larger, or has more hashes, than any proof can need.',
  // Tiles
  tile_form: 'The bytes are not the hashes of that tile.',
  entries_form: 'The bytes are not the entries of that bundle.',
} as const;

export type LogErrorCode = keyof typeof LOG_ERRORS;

export class LogError extends Error {
  override readonly name = 'LogError';
  readonly code: LogErrorCode;
  readonly details: Evidence;

  constructor(code: LogErrorCode, details: Evidence = {}, message: string = LOG_ERRORS[code]) {
    super(message);
    this.code = code;
    this.details = details;
  }
}
