// Writes CAR version 1 (https://ipld.io/specs/transport/car/carv1/): a header, then blocks behind length and id. Pure.
import { concatBytes } from '../../../keys/bytes.ts';
import { encodeCbor, linkTo } from '../cbor.ts';
import { type Cid, cidBytes } from '../cid.ts';

/** Seven bits to a byte, the lowest first, the highest bit set on all but the last (unsigned LEB128, shortest form). */
export const writeVarint = (value: number): Uint8Array => {
  const bytes: number[] = [];
  let left = value;
  for (; left > 0x7f; left = Math.floor(left / 0x80)) bytes.push((left & 0x7f) | 0x80);
  return Uint8Array.from([...bytes, left]);
};

/** What an archive begins with: the ids of the blocks that it is about. */
export const carHeader = (roots: readonly Cid[]): Uint8Array => {
  const header = encodeCbor({ version: 1, roots: roots.map(linkTo) });
  return concatBytes(writeVarint(header.length), header);
};

/** What stands before the `size` bytes of a block. */
export const carFrame = (cid: Cid, size: number): Uint8Array => {
  const id = cidBytes(cid);
  return concatBytes(writeVarint(id.length + size), id);
};
