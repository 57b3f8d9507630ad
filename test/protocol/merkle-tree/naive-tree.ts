// The Merkle Search Tree by its recursive definition, over plain sorted lists: slow, obvious, and no code of ours.
import { createHash } from 'node:crypto';
import * as dagCbor from '@ipld/dag-cbor';
import { base32 } from 'multiformats/bases/base32';
import { CID } from 'multiformats/cid';
import { create } from 'multiformats/hashes/digest';

export interface NaiveTree {
  readonly root: string;
  /** Every block by its name. */
  readonly blocks: ReadonlyMap<string, Uint8Array>;
}

type Pair = readonly [key: Buffer, value: string];

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());

export const naiveDepth = (key: Uint8Array, bits: number): number => {
  const spelled = [...sha256(key)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return Math.floor((spelled.indexOf('1') + 256) / bits) - 256 / bits;
};

const shared = (left: Buffer, right: Buffer): number => {
  let count = 0;
  while (count < left.length && count < right.length && left[count] === right[count]) count += 1;
  return count;
};

/** The tree of a map from paths to values. */
export const naiveTree = (entries: ReadonlyMap<string, string>, bits: number): NaiveTree => {
  const blocks = new Map<string, Uint8Array>();
  const store = (value: unknown): CID => {
    const bytes = new Uint8Array(dagCbor.encode(value));
    const cid = CID.createV1(0x71, create(0x12, sha256(bytes)));
    blocks.set(cid.toString(base32), bytes);
    return cid;
  };
  const nodeOf = (pairs: readonly Pair[], layer: number): CID | null => {
    if (pairs.length === 0) return null;
    const groups: Pair[][] = [[]];
    const here: Pair[] = [];
    for (const pair of pairs) {
      if (naiveDepth(pair[0], bits) === layer) {
        here.push(pair);
        groups.push([]);
      } else groups.at(-1)?.push(pair);
    }
    const [l, ...tails] = groups.map((group) => nodeOf(group, layer - 1));
    const e = here.map(([key, value], at) => {
      const p = at === 0 ? 0 : shared((here[at - 1] as Pair)[0], key);
      return { p, k: new Uint8Array(key.subarray(p)), v: CID.parse(value), t: tails[at] };
    });
    return store({ l, e });
  };
  const pairs = [...entries].map(([path, value]): Pair => [Buffer.from(path, 'utf8'), value]);
  pairs.sort(([a], [b]) => Buffer.compare(a, b));
  const top = Math.max(0, ...pairs.map(([key]) => naiveDepth(key, bits)));
  const root = nodeOf(pairs, top) ?? store({ l: null, e: [] });
  return { root: root.toString(base32), blocks };
};
