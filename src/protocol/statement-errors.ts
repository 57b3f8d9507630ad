// Why a release statement was refused: one closed list. Pure.
import type { Evidence } from '../../keys/errors.ts';

export const STATEMENT_ERRORS = {
  // On its way
  too_large: 'The release statement is larger than this registry takes.',
  encoding: 'The release statement is not the padded base64 of UTF-8 text.',
  envelope: 'The release statement is not a DSSE envelope.',
  // Whose it is
  payload_type: 'The envelope of the release statement carries another payload type.',
  unsigned: 'A pack that nobody signed cannot have a release statement.',
  signature: 'The release statement is not signed by the key that signed pack.json.',
  // What it says
  json: 'The release statement is not strict JSON.',
  type: 'The release statement is no in-toto Statement v1.',
  predicate_type: 'The statement is about something else than a release.',
  subject: 'The release statement must be about one version of one pack.',
  predicate: 'The release statement does not say all that a release statement says.',
  disagrees: 'The release statement is about another tarball.',
} as const;

export type StatementErrorCode = keyof typeof STATEMENT_ERRORS;

export class StatementError extends Error {
  override readonly name = 'StatementError';
  readonly code: StatementErrorCode;
  readonly details: Evidence;

  constructor(code: StatementErrorCode, details: Evidence = {}) {
    super(STATEMENT_ERRORS[code]);
    this.code = code;
    this.details = details;
  }
}
