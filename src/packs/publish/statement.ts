// Whether the release statement that came with an upload is the word of the key that signed pack.json. Pure.
import { envelopeText } from '../../../keys/envelope.ts';
import type { Digest } from '../../../storage/digest.ts';
import { fault } from '../../protocol/faults.ts';
import { describeRelease, requireAgreement } from '../../protocol/release.ts';
import { readStatementHeader, verifyReleaseStatement } from '../../protocol/statement-envelope.ts';
import { StatementError } from '../../protocol/statement-errors.ts';
import type { BelievedNote } from './believe.ts';

const agreedText = (
  header: string,
  note: BelievedNote | undefined,
  digest: Digest,
  manifest: Uint8Array,
): string => {
  const envelope = readStatementHeader(header);
  if (note === undefined) throw new StatementError('unsigned');
  requireAgreement(verifyReleaseStatement(envelope, note.key), describeRelease(digest, manifest));
  return envelopeText(envelope);
};

/**
 * What is kept of the statement: its envelope in our own spelling, or null where none came.
 * @param digest of the tarball.
 * @param manifest the exact bytes of pack.json in it.
 * @throws Fault statement_invalid, saying what is wrong with it.
 */
export const requireStatement = (
  header: string | undefined,
  note: BelievedNote | undefined,
  digest: Digest,
  manifest: Uint8Array,
): string | null => {
  if (header === undefined) return null;
  try {
    return agreedText(header, note, digest, manifest);
  } catch (error) {
    if (!(error instanceof StatementError)) throw error;
    throw fault('statement_invalid', { problem: error.code, ...error.details }, error.message);
  }
};
