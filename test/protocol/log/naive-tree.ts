// RFC 6962 section 2.1 word for word, over ranges of leaves in big integers: slow, obvious, and no code of ours.
import { createHash } from 'node:crypto';

/** The leaves from `from` up to, not including, `to`. */
export interface Range {
  readonly from: bigint;
  readonly to: bigint;
}

const sha256 = (...parts: readonly Uint8Array[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

/** The largest power of two smaller than n. */
const splitOf = (n: bigint): bigint => {
  let k = 1n;
  while (k * 2n < n) k *= 2n;
  return k;
};

/** PATH(m, D[from:to]) as ranges. */
export const naivePath = (m: bigint, { from, to }: Range): readonly Range[] => {
  if (to - from <= 1n) return [];
  const middle = from + splitOf(to - from);
  return m < middle
    ? [...naivePath(m, { from, to: middle }), { from: middle, to }]
    : [...naivePath(m, { from: middle, to }), { from, to: middle }];
};

/** SUBPROOF(m, D[from:to], b) as ranges; m counts from the first leaf of the log. */
const subproof = (m: bigint, { from, to }: Range, b: boolean): readonly Range[] => {
  if (m === to) return b ? [] : [{ from, to }];
  const middle = from + splitOf(to - from);
  return m <= middle
    ? [...subproof(m, { from, to: middle }, b), { from: middle, to }]
    : [...subproof(m, { from: middle, to }, false), { from, to: middle }];
};

/** PROOF(m, D[0:n]) as ranges, for 0 < m <= n. */
export const naiveProof = (m: bigint, n: bigint): readonly Range[] => subproof(m, { from: 0n, to: n }, true);

/** MTH of any range of these leaves; what was hashed once is remembered. */
export const naiveTree = (leaves: readonly Uint8Array[]): ((range: Range) => Uint8Array) => {
  const known = new Map<string, Uint8Array>();
  const mth = ({ from, to }: Range): Uint8Array => {
    if (to === from) return sha256();
    if (to - from === 1n) return sha256(Uint8Array.of(0), leaves[Number(from)] ?? new Uint8Array());
    const middle = from + splitOf(to - from);
    return sha256(Uint8Array.of(1), remembered({ from, to: middle }), remembered({ from: middle, to }));
  };
  const remembered = (range: Range): Uint8Array => {
    const name = `${range.from}-${range.to}`;
    const hash = known.get(name) ?? new Uint8Array(mth(range));
    known.set(name, hash);
    return hash;
  };
  return remembered;
};
