// Which network addresses others may lead us to: public ones, never this machine's own surroundings.
import { BlockList, isIP } from 'node:net';

/** Special-purpose ranges (RFC 6890 and its registries) that are not reachable from everywhere. */
const IPV4_RANGES: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

const IPV6_RANGES: readonly (readonly [string, number])[] = [
  ['::', 96],
  ['::ffff:0:0:0', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
];

/** IPv6 prefixes under which an IPv4 address is reached: mapped (RFC 4291) and translated (RFC 6052). */
const IPV4_INSIDE_IPV6 = ['::ffff:', '64:ff9b::'];

const closedRanges = (): BlockList => {
  const list = new BlockList();
  for (const [net, bits] of IPV6_RANGES) list.addSubnet(net, bits, 'ipv6');
  for (const [net, bits] of IPV4_RANGES) {
    list.addSubnet(net, bits, 'ipv4');
    for (const prefix of IPV4_INSIDE_IPV6) list.addSubnet(prefix + net, 96 + bits, 'ipv6');
  }
  return list;
};

const closed = closedRanges();

/** Whether an IP address literal (without brackets) is a public one; anything that is no address is not. */
export const isPublicAddress = (address: string): boolean => {
  const bare = address.replace(/%.*$/, '');
  const family = isIP(bare);
  return family !== 0 && !closed.check(bare, family === 4 ? 'ipv4' : 'ipv6');
};
