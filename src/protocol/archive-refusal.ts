// Ends the reading of an archive: the one violation after which the rest of the bytes means nothing. Pure.
import type { FaultCode, Violation } from './faults.ts';

/** Thrown inside the archive readers only; `inspectTarball` turns it into a line of its report. */
export class ArchiveRefused extends Error {
  override readonly name = 'ArchiveRefused';
  readonly violation: Violation;

  constructor(violation: Violation) {
    super(violation.message);
    this.violation = violation;
  }
}

/** `where` is the name of the entry at fault, or empty for the archive as a whole. */
export const refuseArchive = (code: FaultCode, message: string, where = ''): never => {
  throw new ArchiveRefused({ code, where, message });
};
