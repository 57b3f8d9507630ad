// Which major a client speaks by the header of the protocol, where one address speaks both. Pure.
import { VERSION_HEADER } from '../../http/protocol-version.ts';
import { fault, type Tree } from '../../protocol/faults.ts';

const SPELLINGS: Readonly<Record<string, Tree>> = { '1': 'v1', '1.0': 'v1', '2': 'v2', '2.0': 'v2' };

export const VERSION_OF_TREE = { v1: '1.0', v2: '2.0' } as const satisfies Record<Tree, string>;

/** The tree that the header names, v1 where there is none (spec/v2 version negotiation). @throws Fault protocol_version_unsupported */
export const majorAsked = (header: string | undefined): Tree => {
  if (header === undefined) return 'v1';
  const asked = Object.hasOwn(SPELLINGS, header) ? SPELLINGS[header] : undefined;
  if (asked !== undefined) return asked;
  const found = header.slice(0, 40);
  throw fault('protocol_version_unsupported', {
    header: VERSION_HEADER,
    found,
    supported: Object.values(VERSION_OF_TREE),
  });
};
