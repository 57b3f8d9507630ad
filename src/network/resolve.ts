// Turns the host of an address into IP addresses, and waits for that no longer than it may take.
import { lookup as dnsLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { TransportError } from './transport-error.ts';

/** All addresses of a host name. */
export type Lookup = (host: string) => Promise<readonly string[]>;

export const systemLookup: Lookup = async (host) =>
  (await dnsLookup(host, { all: true })).map(({ address }) => address);

/** @throws TransportError `unreachable` */
export const resolveHost = async (url: URL, lookup: Lookup): Promise<readonly string[]> => {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0) return [host];
  const addresses = await lookup(host).catch((cause: unknown) => {
    const errno = cause instanceof Error && 'code' in cause ? cause.code : String(cause);
    throw new TransportError('unreachable', { url: url.href, errno }, cause);
  });
  if (addresses.length === 0) throw new TransportError('unreachable', { url: url.href, errno: 'no address' });
  return addresses;
};

/** Name resolution cannot be called off, but it need not be waited for. */
export const inTime = async <T>(work: Promise<T>, deadline: number, url: URL): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const tooSlow = () => reject(new TransportError('too_slow', { url: url.href }));
    timer = setTimeout(tooSlow, deadline - Date.now());
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
};
