// Tells which address sends a request, believing only the proxies that the operator named.
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { TrustedProxies } from '../protocol/limits.ts';

/** Undefined for this machine itself: everybody behind a proxy that was not named looks like that. */
export type AddressOf = (req: IncomingMessage) => string | undefined;

const plain = (address: string): string => {
  const text = address.trim().replace(/^\[([^\]]*)\](?::\d+)?$/, '$1');
  const withoutPort = /^\d+\.\d+\.\d+\.\d+:\d+$/.test(text) ? text.slice(0, text.indexOf(':')) : text;
  return withoutPort.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '').replace(/%.*$/, '');
};

const kindOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6');

/** One subscriber holds a whole /64 of IPv6 (RFC 6177). */
const networkOf = (address: string): string => {
  if (isIP(address) === 4) return address;
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const before = head.split(':').filter((group) => group !== '');
  const after = (tail ?? '').split(':').filter((group) => group !== '');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array<string>(zeros).fill('0'), ...after];
  return `${groups.slice(0, 4).join(':')}::/64`;
};

const listOf = (names: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const name of names) {
    const [address = '', bits] = name.split('/');
    if (isIP(address) === 0) continue;
    if (bits === undefined) list.addAddress(address, kindOf(address));
    else list.addSubnet(address, Number(bits), kindOf(address));
  }
  return list;
};

const LOOPBACK = listOf(['127.0.0.0/8', '::1']);
const isIn = (list: BlockList, address: string): boolean => list.check(address, kindOf(address));

/** Nearest first: who is connected, then whom each proxy says to have heard. */
const chainOf = (req: IncomingMessage): readonly string[] => {
  const forwarded = String(req.headers['x-forwarded-for'] ?? '').split(',');
  return [req.socket.remoteAddress ?? '', ...forwarded.reverse()].map(plain).filter((each) => each !== '');
};

const behind = (proxies: TrustedProxies): ((chain: readonly string[]) => string | undefined) => {
  if (typeof proxies === 'number') return (chain) => chain[Math.min(proxies, chain.length - 1)];
  const trusted = listOf(proxies);
  const isOurs = (address: string): boolean => isIP(address) !== 0 && isIn(trusted, address);
  return (chain) => chain.find((address) => !isOurs(address)) ?? chain.at(-1);
};

/** A site holds up to 65,536 networks of its own (RFC 6177); undefined for IPv4. */
export const siteOf = (address: string): string | undefined =>
  address.endsWith('::/64') ? `${address.split(':').slice(0, 3).join(':')}::/48` : undefined;

const isForwarded = ({ headers }: IncomingMessage): boolean =>
  headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined;

/**
 * IPv4 addresses as they are, IPv6 by their /64.
 * @param onHidden hears of the first request that a proxy on this machine forwards, though none was named.
 */
export const clientAddress = (proxies: TrustedProxies, onHidden: () => void = () => undefined): AddressOf => {
  const pick = behind(proxies);
  let isTold = proxies !== 0;
  const tell = (): void => {
    isTold = true;
    onHidden();
  };
  return (req) => {
    const address = pick(proxies === 0 ? [plain(req.socket.remoteAddress ?? '')] : chainOf(req)) ?? '';
    // A proxy that forwards nonsense is held to account itself.
    const known = isIP(address) === 0 ? plain(req.socket.remoteAddress ?? '') : address;
    if (isIP(known) === 0) return undefined;
    if (isIn(LOOPBACK, known)) return void (isTold || !isForwarded(req) || tell());
    return networkOf(known);
  };
};
