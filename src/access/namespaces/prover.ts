// The port through which a domain is asked what it shows, and every way in which that can fail. Pure.
import type { ProofMethod } from './domain.ts';

/**
 * A prover promises:
 * - it asks that very domain, over the public network, and follows nothing that leads elsewhere;
 * - it ends after a bounded time and a bounded number of bytes: with the texts, or with a `ProverError`.
 */
export interface DomainProver {
  readonly texts: (domain: string, method: ProofMethod) => Promise<readonly string[]>;
}

export const PROVER_ERRORS = {
  unreachable: 'it cannot be reached',
  address_refused: 'its name leads to an address that is not public',
  redirected: 'it redirects, which is not followed',
  absent: 'nothing is there',
  too_large: 'what is there is too large',
  too_slow: 'it does not answer in time',
} as const;
export type ProverErrorCode = keyof typeof PROVER_ERRORS;

/** Why a domain said nothing. */
export class ProverError extends Error {
  override readonly name = 'ProverError';
  readonly code: ProverErrorCode;

  constructor(code: ProverErrorCode, cause?: unknown) {
    super(PROVER_ERRORS[code], cause === undefined ? {} : { cause });
    this.code = code;
  }
}
