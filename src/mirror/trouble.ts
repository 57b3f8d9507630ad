// Why a version is not mirrored, and why a sync ends before its time. Pure.

import { KeyError } from '../../keys/errors.ts';
import { Refusal } from '../client/refusal.ts';
import { TransportError, type TransportErrorCode } from '../network/transport-error.ts';

/** `lasting`: asked again, it would be refused again, unless upstream changes something. */
export class NotMirrored extends Error {
  override readonly name = 'NotMirrored';
  readonly code: string;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly lasting: boolean;

  constructor(
    code: string,
    message: string,
    evidence: Readonly<Record<string, unknown>> = {},
    lasting = true,
  ) {
    super(message);
    this.code = code;
    this.evidence = evidence;
    this.lasting = lasting;
  }
}

export const SYNC_ENDS = {
  budget_bytes: 'This sync has taken in as many bytes as it may; the next goes on.',
  budget_time: 'This sync has taken as long as it may; the next goes on.',
  upstream_removed: 'The upstream was removed in the meantime, or added anew.',
  export_refused: 'Nothing of the export was taken.',
  import_broken_off: 'What was taken in by then stays. Import the same file again: it goes on from there.',
  shutting_down: 'The registry is shutting down; the next sync goes on.',
  upstream_is_this:
    'This is this registry itself, under another address: it has nothing to mirror from itself. Take it off the list with "attestry mirror remove".',
  upstream_failing: 'The upstream fails again and again; it is asked later.',
  upstream_private:
    'The upstream is at an address that is not public; set ATTESTRY_ALLOW_PRIVATE_ADDRESSES=1 to mirror it.',
  upstream_unusable: 'The upstream answers with something that is no registry.',
} as const;
export type SyncEndCode = keyof typeof SYNC_ENDS;

/** Ends a sync; what was mirrored by then stays. */
export class SyncEnd extends Error {
  override readonly name = 'SyncEnd';
  readonly code: SyncEndCode;

  constructor(code: SyncEndCode, more = '') {
    super(SYNC_ENDS[code] + (more === '' ? '' : ` (${more})`));
    this.code = code;
  }
}

/** A refusal of the verifying client, or of a key, as a reason not to mirror; whatever else was thrown stays. */
export const asNotMirrored = (error: unknown): unknown => {
  if (error instanceof Refusal) return new NotMirrored(error.code, error.message, error.evidence);
  if (error instanceof KeyError) return new NotMirrored('key_unusable', error.message, error.details);
  return error;
};

/** Failures that may pass by themselves; all others are an answer. */
const PASSING: ReadonlySet<TransportErrorCode> = new Set([
  'unreachable',
  'interrupted',
  'too_slow',
  'silent',
]);

export const passes = (error: unknown): boolean => error instanceof TransportError && PASSING.has(error.code);
