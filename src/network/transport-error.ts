// Every way in which asking over the network can fail, and what an answer is. Pure.

/** `url` is the address that answered in the end; `body` is never longer than was asked for. */
export interface Reply {
  readonly status: number;
  readonly url: string;
  readonly body: Uint8Array;
  /** The header of that name, where a transport hands it on. */
  readonly location?: string | undefined;
  /** A header of the answer, by its name in lower case; absent where a transport does not hand them on. */
  readonly header?: ((name: string) => string | undefined) | undefined;
}

export const TRANSPORT_ERRORS = {
  address_invalid: 'The address is not an http or https URL that can be used.',
  unreachable: 'The server cannot be reached.',
  interrupted: 'The connection ended in the middle of the answer.',
  too_slow: 'The answer did not come to its end in time.',
  silent: 'The server fell silent in the middle of the answer.',
  too_large: 'The answer is larger than it may be.',
  content_encoding: 'The answer carries a Content-Encoding that nobody asked for.',
  redirect_unexpected: 'The server redirects a request that must not be redirected.',
  redirect_limit: 'The server redirects too many times.',
  redirect_scheme: 'The server redirects to something that is neither http nor https.',
  redirect_downgrade: 'The server redirects from https to http.',
  redirect_private: 'The server redirects to an address that is not public.',
  not_bundled: 'The bundle holds no answer to that.',
} as const;
export type TransportErrorCode = keyof typeof TRANSPORT_ERRORS;

export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly code: TransportErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: TransportErrorCode, details: Readonly<Record<string, unknown>>, cause?: unknown) {
    super(TRANSPORT_ERRORS[code], cause === undefined ? {} : { cause });
    this.code = code;
    this.details = details;
  }
}
