// Asks one upstream for documents: at public addresses only, within the budget of a sync, again where that may help.
import { setTimeout as sleep } from 'node:timers/promises';
import { redirectTarget } from '../client/network/http-transport.ts';
import { parseHttpUrl } from '../client/network/http-url.ts';
import type { Transport } from '../client/network/transport.ts';
import { exchange, type HttpReply, isRedirect, newAgents } from '../network/http-exchange.ts';
import { isPublicAddress } from '../network/public-address.ts';
import { inTime, type Lookup, resolveHost, systemLookup } from '../network/resolve.ts';
import { waitFor } from '../network/retry-after.ts';
import { TransportError } from '../network/transport-error.ts';
import type { SyncLimits } from './limits.ts';
import { SyncEnd } from './trouble.ts';

export interface FetchOptions {
  /** Without a trailing slash. */
  readonly base: string;
  readonly allowPrivate: boolean;
  readonly limits: SyncLimits;
  /** Ends the sync. */
  readonly quit: AbortSignal;
  readonly lookup?: Lookup | undefined;
}

export type Fetched =
  | { readonly kind: 'fresh'; readonly body: Uint8Array; readonly etag: string | undefined }
  | { readonly kind: 'same' }
  | { readonly kind: 'absent' };

export interface UpstreamReader {
  readonly base: string;
  /** `path` is root-relative. @throws SyncEnd, TransportError */
  readonly get: (path: string, maxBytes: number, etag?: string) => Promise<Fetched>;
  /** The same for the verifying client; asks once. */
  readonly transport: Transport;
  /** Bytes taken in so far. */
  readonly spent: () => number;
}

const USER_AGENT = 'attestry-mirror/1';
const MAX_REDIRECTS = 3;
const ABSENT: ReadonlySet<number> = new Set([404, 410]);
const PASSING: ReadonlySet<string> = new Set(['unreachable', 'interrupted']);
const LONGEST_WAIT_MS = 10_000;

const mayPass = (error: unknown): boolean => error instanceof TransportError && PASSING.has(error.code);

/** Every address of a host must be one that may be asked: the next connection might be made to it. */
export const requireAllowed = async (
  url: URL,
  allowPrivate: boolean,
  lookup: Lookup = systemLookup,
): Promise<readonly string[]> => {
  const addresses = await resolveHost(url, lookup);
  if (!allowPrivate && !addresses.every(isPublicAddress)) throw new SyncEnd('upstream_private', url.host);
  return addresses;
};

/** Who stands outside leads nobody in, also where the operator mirrors registries of the local network. */
export const requireNoWayIn = async (url: URL, isPrivate: boolean, lookup: Lookup = systemLookup) => {
  const addresses = await resolveHost(url, lookup);
  if (isPrivate || addresses.every(isPublicAddress)) return addresses;
  throw new TransportError('redirect_private', { url: url.href });
};

export const openUpstream = (options: FetchOptions): UpstreamReader => {
  const { base, allowPrivate, limits, quit, lookup } = options;
  const agents = newAgents();
  const ends = Date.now() + limits.ms;
  let spent = 0;

  const requireBudget = (): void => {
    if (quit.aborted) throw new SyncEnd('shutting_down');
    if (Date.now() >= ends) throw new SyncEnd('budget_time');
    if (spent >= limits.bytes) throw new SyncEnd('budget_bytes');
  };

  const took = (bytes: number): void => {
    spent += bytes;
  };

  const once = async (address: string, maxBytes: number, deadline: number, headers: Headers) => {
    const sent = { 'user-agent': USER_AGENT, ...headers };
    const bounds = { maxBytes, deadline, idleMs: limits.idleMs, took };
    let url = parseHttpUrl(address);
    let addresses = await inTime(requireAllowed(url, allowPrivate, lookup), deadline, url);
    const isPrivate = !addresses.some(isPublicAddress);
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const reply = await exchange({ method: 'GET', url, headers: sent, ...bounds, agents, addresses });
      if (!isRedirect(reply)) return reply;
      url = redirectTarget(url, reply.location ?? '');
      addresses = await inTime(requireNoWayIn(url, isPrivate, lookup), deadline, url);
    }
    throw new TransportError('redirect_limit', { url: address, limit: MAX_REDIRECTS });
  };

  /** No failure counts that may pass by itself, until it was asked as often as it may be. */
  const ask = async (path: string, maxBytes: number, headers: Headers): Promise<HttpReply> => {
    for (let attempt = 0; ; attempt += 1) {
      requireBudget();
      const deadline = Math.min(Date.now() + limits.documentMs, ends);
      const pause = limits.retryMs[attempt];
      const reply = await once(base + path, maxBytes, deadline, headers).catch((error: unknown) => {
        if (pause === undefined || !mayPass(error)) throw error;
        return undefined;
      });
      if (reply !== undefined && reply.status < 500 && reply.status !== 429) return reply;
      if (pause === undefined)
        throw new TransportError('unreachable', { url: base + path, status: reply?.status ?? null });
      await sleep(waitFor(reply, pause, LONGEST_WAIT_MS), undefined, { signal: quit }).catch(() => undefined);
    }
  };

  const get: UpstreamReader['get'] = async (path, maxBytes, etag) => {
    const headers: Headers = etag === undefined ? {} : { 'if-none-match': etag };
    const reply = await ask(path, maxBytes, headers);
    if (reply.status === 200) return { kind: 'fresh', body: reply.body, etag: reply.header?.('etag') };
    if (reply.status === 304 && etag !== undefined) return { kind: 'same' };
    if (ABSENT.has(reply.status)) return { kind: 'absent' };
    throw new TransportError('unreachable', { url: base + path, status: reply.status });
  };

  const transport: Transport = {
    get: (url, rules) => {
      requireBudget();
      const latest = Math.min(Date.now() + limits.documentMs, ends, rules.deadline ?? ends);
      return once(url, rules.maxBytes, latest, rules.accept === undefined ? {} : { accept: rules.accept });
    },
    send: async (_method, url) => {
      throw new TransportError('unreachable', { url, errno: 'a mirror only reads' });
    },
  };
  return { base, get, transport, spent: () => spent };
};

type Headers = Readonly<Record<string, string>>;
