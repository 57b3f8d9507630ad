// One HTTP request and its answer, bounded in bytes and time, over a connection to addresses that were checked.
import http, { type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { type Reply, TransportError } from './transport-error.ts';

export interface Exchange {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  readonly maxBytes: number;
  readonly agents: Agents;
  /** IP addresses to connect to. */
  readonly addresses: readonly string[];
  /** Milliseconds since 1970. */
  readonly deadline: number;
  /** Milliseconds between two signs of life. */
  readonly idleMs: number;
  /** Told of the bytes of a body as they come, also of one that is refused in the end. */
  readonly took?: ((bytes: number) => void) | undefined;
}

/** A reply that may lead elsewhere. */
export interface HttpReply extends Reply {
  readonly location: string | undefined;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export const isRedirect = ({ status }: Reply): boolean => REDIRECTS.has(status);

/** Connections that wait to be used again; kept by whoever checked where they lead, and by nobody else. */
export interface Agents {
  readonly http: http.Agent;
  readonly https: https.Agent;
}

const KEPT_MS = 15_000;

export const newAgents = (): Agents => ({
  http: new http.Agent({ keepAlive: true, timeout: KEPT_MS }),
  https: new https.Agent({ keepAlive: true, timeout: KEPT_MS }),
});

/** Connects to the addresses that were checked, not to what the name may mean a moment later. */
const pinnedTo =
  (addresses: readonly string[]): LookupFunction =>
  (_host, options, done) => {
    const all = addresses.map((address) => ({ address, family: isIP(address) }));
    const [first = { address: '', family: 4 }] = all;
    if (options.all) done(null, all);
    else done(null, first.address, first.family);
  };

const requestOf = ({ url, method, headers, addresses, agents }: Exchange): http.ClientRequest => {
  const options: RequestOptions = { method, headers, lookup: pinnedTo(addresses) };
  return url.protocol === 'https:'
    ? https.request(url, { ...options, agent: agents.https })
    : http.request(url, { ...options, agent: agents.http });
};

interface Watch {
  readonly alive: () => void;
  readonly end: () => void;
}

const watchTime = ({ deadline, idleMs }: Exchange, stop: (error: TransportError) => void): Watch => {
  const overall = setTimeout(() => stop(new TransportError('too_slow', {})), deadline - Date.now());
  const idle = setTimeout(() => stop(new TransportError('silent', { idleMs })), idleMs);
  return {
    alive: () => void idle.refresh(),
    end: () => {
      clearTimeout(overall);
      clearTimeout(idle);
    },
  };
};

const collect = async (
  response: IncomingMessage,
  { maxBytes, took }: Exchange,
  alive: () => void,
): Promise<Buffer> => {
  const announced = Number(response.headers['content-length'] ?? 0);
  if (announced > maxBytes) throw new TransportError('too_large', { maxBytes, announced });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    alive();
    took?.(chunk.length);
    size += chunk.length;
    if (size > maxBytes) throw new TransportError('too_large', { maxBytes });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const refuseEncoding = ({ headers }: IncomingMessage): void => {
  const found = headers['content-encoding'];
  if (found !== undefined && found.toLowerCase() !== 'identity')
    throw new TransportError('content_encoding', { found });
};

const textOf = (header: string | readonly string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : header?.join(', ');

const readAnswer = async (response: IncomingMessage, of: Exchange, alive: () => void): Promise<HttpReply> => {
  const answer = {
    status: response.statusCode ?? 0,
    url: of.url.href,
    body: new Uint8Array(),
    location: response.headers.location,
    header: (name: string) => textOf(response.headers[name]),
  };
  if (isRedirect(answer)) {
    response.destroy();
    return answer;
  }
  refuseEncoding(response);
  return { ...answer, body: await collect(response, of, alive) };
};

const failureOf = (error: unknown, url: URL, answered: boolean, reused: boolean): TransportError => {
  if (error instanceof TransportError)
    return new TransportError(error.code, { url: url.href, ...error.details }, error.cause);
  const errno = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  if (answered) return new TransportError('interrupted', { url: url.href, errno }, error);
  return new TransportError('unreachable', { url: url.href, errno, ...(reused ? { reused } : {}) }, error);
};

/** Redirects are handed back, not followed. @throws TransportError, and nothing else */
export const exchange = (of: Exchange): Promise<HttpReply> =>
  new Promise((resolve, reject) => {
    const request = requestOf(of);
    let answered = false;
    const fail = (error: unknown) => {
      time.end();
      // The first failure is the cause; those that destroying the request brings about change nothing.
      reject(failureOf(error, of.url, answered, request.reusedSocket));
      request.destroy();
    };
    const time = watchTime(of, fail);
    request.on('error', fail);
    request.on('response', (response) => {
      answered = true;
      time.alive();
      readAnswer(response, of, time.alive)
        .then((answer) => {
          time.end();
          resolve(answer);
        })
        .catch(fail);
    });
    request.end(of.body);
  });
