// Blocks and ids of content under damage: dag-cbor, CIDs and nodes of the merkle tree.
import * as dagCbor from '@ipld/dag-cbor';
import { CID } from 'multiformats/cid';
import { expect } from 'vitest';
import { decodeCbor, encodeCbor } from '../../src/protocol/cbor.ts';
import { cidBytes, cidFromBytes, parseCid } from '../../src/protocol/cid.ts';
import { ContentError } from '../../src/protocol/content-errors.ts';
import { decodeNode } from '../../src/protocol/merkle-tree/node.ts';
import { KNOWLEDGE_TREE } from '../../src/protocol/merkle-tree/profile.ts';
import { encodeNode } from '../../src/protocol/merkle-tree/write-node.ts';
import { fuzz, thrownAs } from './harness.ts';

fuzz({
  parser: 'cbor',
  read: (input) => {
    const value = decodeCbor(input);
    expect(Buffer.from(encodeCbor(value)).equals(input), 'one spelling').toBe(true);
    expect(Buffer.from(dagCbor.encode(dagCbor.decode(input))).equals(input), 'two readers').toBe(true);
  },
  refuses: thrownAs(ContentError),
});

fuzz({
  parser: 'cid',
  read: (input) => {
    const text = input.toString('utf8');
    const cid = parseCid(text);
    expect(CID.parse(text).toString()).toBe(cid);
    expect(cidFromBytes(cidBytes(cid))).toBe(cid);
  },
  refuses: thrownAs(ContentError),
});

fuzz({
  parser: 'tree-node',
  read: (input) => {
    const node = decodeNode(input, KNOWLEDGE_TREE);
    expect(Buffer.from(encodeNode(node)).equals(input)).toBe(true);
  },
  refuses: thrownAs(ContentError),
});
