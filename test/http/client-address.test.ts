// Whose measure a request takes from: what an untrusted sender says of himself counts nothing.
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { clientAddress } from '../../src/http/client-address.ts';
import type { TrustedProxies } from '../../src/protocol/limits.ts';

const from = (proxies: TrustedProxies, remoteAddress: string, forwarded?: string): string | undefined =>
  clientAddress(proxies)({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  } as unknown as IncomingMessage);

const hidden = (proxies: TrustedProxies, requests: readonly (readonly [string, object])[]): number => {
  let told = 0;
  const addressOf = clientAddress(proxies, () => {
    told += 1;
  });
  for (const [remoteAddress, headers] of requests)
    addressOf({ socket: { remoteAddress }, headers } as unknown as IncomingMessage);
  return told;
};
const FORWARDED = { 'x-forwarded-for': '203.0.113.1' };

describe('a proxy on this machine that was not named', () => {
  it.each([
    [
      'is told of once',
      1,
      0,
      [
        ['127.0.0.1', FORWARDED],
        ['127.0.0.1', FORWARDED],
      ],
    ],
    ['is told of by the header of RFC 7239, too', 1, 0, [['::1', { forwarded: 'for=203.0.113.1' }]]],
    ['is none where nothing is forwarded', 0, 0, [['127.0.0.1', {}]]],
    ['is none elsewhere', 0, 0, [['198.51.100.7', FORWARDED]]],
    ['is no matter once it was named', 0, 1, [['127.0.0.1', FORWARDED]]],
  ] as const)('%s', (_, times, proxies, requests) => {
    expect(hidden(proxies, requests)).toBe(times);
  });
});

describe('the address of a sender', () => {
  it.each([
    ['nobody is trusted: a spoofed header counts nothing', 0, '198.51.100.7', '203.0.113.1', '198.51.100.7'],
    ['one proxy: the last it heard', 1, '10.0.0.2', '203.0.113.1', '203.0.113.1'],
    [
      'one proxy: what stood there before it is the sender’s own word',
      1,
      '10.0.0.2',
      '1.1.1.1, 203.0.113.1',
      '203.0.113.1',
    ],
    ['two proxies', 2, '10.0.0.2', '203.0.113.1, 10.0.0.3', '203.0.113.1'],
    ['fewer hops than named: the farthest there is', 3, '10.0.0.2', '203.0.113.1', '203.0.113.1'],
    [
      'a range: the first outside of it',
      ['10.0.0.0/8'],
      '10.0.0.2',
      '1.1.1.1, 203.0.113.1, 10.9.9.9',
      '203.0.113.1',
    ],
    [
      'a range: a stranger who forwards counts himself',
      ['10.0.0.0/8'],
      '198.51.100.7',
      '1.1.1.1',
      '198.51.100.7',
    ],
    ['nonsense counts for the proxy', 1, '10.0.0.2', 'unknown', '10.0.0.2'],
    ['an address with its port', 1, '10.0.0.2', '203.0.113.1:5555', '203.0.113.1'],
    ['IPv4 in IPv6', 0, '::ffff:198.51.100.7', undefined, '198.51.100.7'],
    ['this machine is everybody: nobody', 0, '127.0.0.1', undefined, undefined],
    ['this machine, mapped', 0, '::ffff:127.0.0.1', undefined, undefined],
    ['this machine by IPv6', 0, '::1', undefined, undefined],
    ['IPv6 by its /64', 0, '2001:db8:1:2:3:4:5:6', undefined, '2001:db8:1:2::/64'],
    ['IPv6, shortened', 0, '2001:db8::1', undefined, '2001:db8:0:0::/64'],
    ['IPv6 in brackets', 1, '10.0.0.2', '[2001:db8:1:2::9]:443', '2001:db8:1:2::/64'],
    ['IPv6 with a zone', 0, 'fe80::1%eth0', undefined, 'fe80:0:0:0::/64'],
  ] as const)('%s', (_, proxies, remote, forwarded, expected) => {
    expect(from(proxies, remote, forwarded)).toBe(expected);
  });
});
