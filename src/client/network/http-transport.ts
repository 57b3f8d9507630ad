// Speaks HTTP to a registry that may be hostile: follows few redirects, and none into the client's own surroundings.
import {
  type Exchange,
  exchange,
  type HttpReply,
  isRedirect,
  newAgents,
} from '../../network/http-exchange.ts';
import { isPublicAddress } from '../../network/public-address.ts';
import { inTime, type Lookup, resolveHost, systemLookup } from '../../network/resolve.ts';
import { type Reply, TransportError } from '../../network/transport-error.ts';
import { parseHttpUrl } from './http-url.ts';
import type { GetRules, Transport } from './transport.ts';

export interface HttpTransportOptions {
  /** The address the user typed. Its origin may be private, and no other is shown the token. */
  readonly registry: string;
  readonly token?: string | undefined;
  /** More headers that say who asks: like the token, they are shown to that origin only. */
  readonly identity?: Readonly<Record<string, string>> | undefined;
  /** Follows redirects to addresses that only this machine or its network can reach. */
  readonly allowPrivate?: boolean | undefined;
  readonly lookup?: Lookup | undefined;
  /** From the first byte sent to the last one received, redirects included; milliseconds. */
  readonly overallMs?: number | undefined;
  /** Between two signs of life; milliseconds. */
  readonly idleMs?: number | undefined;
}

const MAX_REDIRECTS = 3;
/** Answers to what is sent are documents: no list of ours is longer. */
const MAX_SENT_REPLY = 16 * 1024 * 1024;
const OVERALL_MS = 120_000;
const IDLE_MS = 15_000;

/** Where a redirect leads. @throws TransportError `redirect_scheme` or `redirect_downgrade` */
export const redirectTarget = (from: URL, location: string): URL => {
  const evidence = { from: from.href, to: location.slice(0, 300) };
  const to = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (to === undefined || !['http:', 'https:'].includes(to.protocol) || to.username || to.password)
    throw new TransportError('redirect_scheme', evidence);
  if (from.protocol === 'https:' && to.protocol === 'http:')
    throw new TransportError('redirect_downgrade', evidence);
  return to;
};

/** The addresses of one origin, asked for once: no later answer of a name server changes where it is. */
const pinnedHome = (lookup: Lookup): ((url: URL) => Promise<readonly string[]>) => {
  let pinned: Promise<readonly string[]> | undefined;
  return (url) => {
    if (pinned !== undefined) return pinned;
    const asked = resolveHost(url, lookup).then((addresses) => {
      const outside = addresses.filter(isPublicAddress);
      // A name of both kinds is a public one: a connection that fails must not lead on to this machine.
      return outside.length > 0 ? outside : addresses;
    });
    pinned = asked;
    asked.catch(() => {
      pinned = undefined;
    });
    return asked;
  };
};

/** A server may close a connection it kept for us at the very moment we use it again; that is no failure. */
const hungUpWhileIdle = (error: unknown): boolean =>
  error instanceof TransportError && error.details['reused'] === true;

export const httpTransport = (options: HttpTransportOptions): Transport => {
  const home = parseHttpUrl(options.registry).origin;
  const { token, lookup = systemLookup, overallMs = OVERALL_MS, idleMs = IDLE_MS } = options;

  const authorization: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  const agents = newAgents();
  const homeAddresses = pinnedHome(lookup);

  /** One address of a name that is not public is enough: the next connection might be made to it. */
  const addressesOf = async (url: URL): Promise<readonly string[]> => {
    if (url.origin === home) return homeAddresses(url);
    const addresses = await resolveHost(url, lookup);
    const found = addresses.filter((address) => !isPublicAddress(address));
    if (options.allowPrivate !== true && found.length > 0)
      throw new TransportError('redirect_private', { url: url.href, addresses: found });
    return addresses;
  };

  const perform = async (part: Omit<Exchange, 'addresses' | 'agents' | 'idleMs'>): Promise<HttpReply> => {
    const whoAsks = part.url.origin === home ? { ...options.identity, ...authorization } : {};
    const headers = { 'user-agent': 'attestry', ...part.headers, ...whoAsks };
    const addresses = await inTime(addressesOf(part.url), part.deadline, part.url);
    const attempt = { ...part, headers, addresses, agents, idleMs };
    return exchange(attempt).catch((error: unknown) => {
      if (part.method === 'GET' && hungUpWhileIdle(error)) return exchange(attempt);
      throw error;
    });
  };

  const get = async (address: string, rules: GetRules): Promise<Reply> => {
    const deadline = Math.min(Date.now() + overallMs, rules.deadline ?? Number.POSITIVE_INFINITY);
    const headers = { accept: rules.accept ?? '*/*' };
    let url = parseHttpUrl(address);
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const answer = await perform({ method: 'GET', url, headers, maxBytes: rules.maxBytes, deadline });
      if (!isRedirect(answer)) return answer;
      url = redirectTarget(url, answer.location ?? '');
    }
    throw new TransportError('redirect_limit', { url: address, limit: MAX_REDIRECTS });
  };

  const send: Transport['send'] = async (method, address, body, headers) => {
    const url = parseHttpUrl(address);
    const length: Record<string, string> =
      body === undefined ? {} : { 'content-length': String(body.length) };
    const part = { method, url, body, headers: { ...headers, ...length }, maxBytes: MAX_SENT_REPLY };
    const answer = await perform({ ...part, deadline: Date.now() + overallMs });
    if (isRedirect(answer))
      throw new TransportError('redirect_unexpected', { url: url.href, to: answer.location });
    return answer;
  };

  return { get, send };
};
