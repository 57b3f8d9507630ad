// Which version of OpenWOP an address speaks: the registry is versioned by its trees, and a header may only agree. Pure.
import { type Fault, fault } from '../protocol/faults.ts';
import { treeOf } from './tree.ts';

const VERSION = /^[1-9]\d{0,2}(?:\.\d{1,3})?$/;

/** What answers under /v2 say they speak. */
export const V2_VERSION = '2.0';
export const VERSION_HEADER = 'OpenWOP-Version';

/**
 * Version negotiation, v1: another value than 1 under /v1 is a mistake; v2: an unknown major is not acceptable, and v1 is
 * spoken elsewhere. Other addresses are our own, which the header says nothing about.
 */
export const versionProblem = (path: string, header: string | undefined): Fault | undefined => {
  if (header === undefined) return undefined;
  const major = VERSION.test(header) ? header.split('.')[0] : undefined;
  const found = header.slice(0, 40);
  if (path.startsWith('/v1/') && major !== '1')
    return fault('protocol_version_mismatch', { found, expected: '1.0' });
  if (treeOf(path) !== 'v2' || major === '2') return undefined;
  if (major === '1') return fault('protocol_version_mismatch', { found, expected: V2_VERSION });
  return fault('protocol_version_unsupported', { found, supported: ['1.0', V2_VERSION] });
};
