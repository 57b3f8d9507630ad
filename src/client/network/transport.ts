// The port through which a client reaches a registry, and every way in which that can fail.

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

/** `maxBytes` bounds the body as it arrives, whatever its headers announce. */
export interface GetRules {
  readonly maxBytes: number;
  readonly accept?: string;
  /** When the answer is of no more use; milliseconds since 1970. A transport may wait less, never longer. */
  readonly deadline?: number;
}

/**
 * A transport promises:
 * - a reply holds the bytes the server sent, neither decoded nor cut off;
 * - it ends: with a reply or with a `TransportError`, after a bounded time and a bounded number of bytes;
 * - it follows few redirects, none out of TLS, and none to an address that only this machine can reach;
 * - a token goes to the origin of the registry and nowhere else; what is sent is never redirected.
 */
export interface Transport {
  readonly get: (url: string, rules: GetRules) => Promise<Reply>;
  readonly send: (
    method: 'PUT' | 'POST' | 'DELETE' | 'GET',
    url: string,
    body: Uint8Array | undefined,
    headers: Readonly<Record<string, string>>,
  ) => Promise<Reply>;
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
