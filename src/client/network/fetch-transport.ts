// Speaks to a registry from a browser, whose own rules say which addresses a page may reach and what a redirect may carry.

import { type Reply, TransportError } from '../../network/transport-error.ts';
import { joinBytes } from '../../protocol/join-bytes.ts';
import { parseHttpUrl } from './http-url.ts';
import type { GetRules, Transport } from './transport.ts';

export interface FetchTransportOptions {
  /** The registry's own address: no other origin is shown the token. */
  readonly registry: string;
  readonly token?: string | undefined;
  /** More headers that say who asks: like the token, they are shown to that origin only. */
  readonly identity?: Readonly<Record<string, string>> | undefined;
  /** From the first byte sent to the last one received; milliseconds; default: two minutes. */
  readonly overallMs?: number | undefined;
}

const OVERALL_MS = 120_000;

/** A browser has undone any Content-Encoding already: what is bounded here is what came out of it. */
const collect = async ({ body }: Response, { maxBytes }: GetRules): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const reader = body?.getReader();
  for (let read = await reader?.read(); read !== undefined && !read.done; read = await reader?.read()) {
    size += read.value.length;
    if (size > maxBytes) {
      await reader?.cancel().catch(() => {});
      throw new TransportError('too_large', { maxBytes });
    }
    pieces.push(read.value);
  }
  return joinBytes(pieces);
};

const failureOf = (error: unknown, url: string, late: boolean): TransportError => {
  if (error instanceof TransportError) return new TransportError(error.code, { url, ...error.details });
  if (late) return new TransportError('too_slow', { url }, error);
  return new TransportError('unreachable', { url, errno: String(error) }, error);
};

/** Only reads: a page has nothing to publish. */
export const fetchTransport = (options: FetchTransportOptions): Transport => {
  const { token, overallMs = OVERALL_MS } = options;
  const home = parseHttpUrl(options.registry).origin;

  const authorization: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };

  const headersFor = (url: URL, { accept = '*/*' }: GetRules): Record<string, string> =>
    url.origin === home ? { ...options.identity, accept, ...authorization } : { accept };

  const get = async (address: string, rules: GetRules): Promise<Reply> => {
    const url = parseHttpUrl(address);
    const stop = new AbortController();
    const waitMs = Math.min(overallMs, (rules.deadline ?? Number.POSITIVE_INFINITY) - Date.now());
    const timer = setTimeout(() => stop.abort(), waitMs);
    try {
      const headers = headersFor(url, rules);
      const response = await fetch(url.href, { headers, signal: stop.signal, credentials: 'omit' });
      const header = (name: string): string | undefined => response.headers.get(name) ?? undefined;
      return { status: response.status, url: url.href, body: await collect(response, rules), header };
    } catch (error) {
      throw failureOf(error, url.href, stop.signal.aborted);
    } finally {
      clearTimeout(timer);
    }
  };

  const send: Transport['send'] = async (_method, url) => {
    throw new TransportError('unreachable', { url, errno: 'only reading is possible here' });
  };
  return { get, send };
};
