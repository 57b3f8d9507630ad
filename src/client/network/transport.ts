// The port through which a client reaches a registry.
import type { Reply } from '../../network/transport-error.ts';

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
