// A tree node (AT Protocol repository specification, "MST structure"), strictly read. Pure.
import { concatBytes, fromUtf8 } from '../../../keys/bytes.ts';
import { type CborObject, type CborValue, cidOfLink, decodeCbor, isLink } from '../cbor.ts';
import { type Cid, codecOf } from '../cid.ts';
import { ContentError } from '../content-errors.ts';
import { type KnowledgePath, pathProblems } from '../knowledge-path.ts';
import { maxNodeBytes, type TreeProfile } from './profile.ts';

export interface TreeEntry {
  readonly path: KnowledgePath;
  readonly value: Cid;
}

export interface NodeEntry extends TreeEntry {
  /** The subtree of the paths between this one and the next. */
  readonly tail: Cid | null;
}

/** In the block `{l, e: [{p, k, v, t}]}`: `p` is how many bytes a key shares with the key before, `k` holds the rest. */
export interface TreeNode {
  /** The subtree of the paths before the first. */
  readonly left: Cid | null;
  readonly entries: readonly NodeEntry[];
}

const MAX_DEPTH = 4;

/** How many bytes both begin with. */
export const sharedPrefix = (left: Uint8Array, right: Uint8Array): number => {
  const length = Math.min(left.length, right.length);
  let at = 0;
  while (at < length && left[at] === right[at]) at += 1;
  return at;
};

const refuse = (where: string): never => {
  throw new ContentError('node_form', { where });
};

const membersOf = (value: CborValue | undefined, names: string, where: string): CborObject => {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap || value instanceof Uint8Array || isLink(value)) return refuse(where);
  const members = value as CborObject;
  return Object.keys(members).sort().join() === names ? members : refuse(where);
};

const readChild = (value: CborValue | undefined, where: string): Cid | null => {
  if (value === null) return null;
  const cid = isLink(value) ? cidOfLink(value) : refuse(where);
  return codecOf(cid) === 'dag-cbor' ? cid : refuse(where);
};

const readKey = (before: Uint8Array, { p, k }: CborObject, where: string): Uint8Array => {
  if (typeof p !== 'number' || !(k instanceof Uint8Array)) return refuse(where);
  // A key that goes on as the one before it does should have left more out.
  if (p < 0 || p > before.length || (k.length > 0 && p < before.length && k[0] === before[p]))
    throw new ContentError('node_prefix', { where, found: p });
  return concatBytes(before.subarray(0, p), k);
};

const readPath = (key: Uint8Array, where: string): KnowledgePath => {
  const text = fromUtf8(key);
  const problems = text === undefined ? ['no UTF-8'] : pathProblems(text);
  if (problems.length > 0) throw new ContentError('node_key', { where, problems });
  return text as KnowledgePath;
};

const ascends = (before: Uint8Array, key: Uint8Array): boolean => {
  const at = sharedPrefix(before, key);
  return at < key.length && (at === before.length || (before[at] ?? 0) < (key[at] ?? 0));
};

const readEntries = (list: readonly CborValue[]): readonly NodeEntry[] => {
  const entries: NodeEntry[] = [];
  let before: Uint8Array = new Uint8Array();
  for (const [at, item] of list.entries()) {
    const where = `e/${at}`;
    const members = membersOf(item, 'k,p,t,v', where);
    const key = readKey(before, members, where);
    if (!ascends(before, key)) throw new ContentError('node_order', { where });
    const value = isLink(members['v']) ? cidOfLink(members['v']) : refuse(where);
    entries.push({ path: readPath(key, where), value, tail: readChild(members['t'], where) });
    before = key;
  }
  return entries;
};

const checkEntries = (found: number, { maxEntries }: TreeProfile): void => {
  if (found > maxEntries) throw new ContentError('node_too_large', { expected: maxEntries, found });
};

/**
 * Reads a block as a node; what only its place in the tree tells, `readNode` checks.
 * @throws ContentError `node_form`, `node_too_large`, `node_prefix`, `node_key` or `node_order`; as `decodeCbor` where
 *   the block is no canonical dag-cbor
 */
export const decodeNode = (bytes: Uint8Array, profile: TreeProfile): TreeNode => {
  const maxBytes = maxNodeBytes(profile);
  if (bytes.length > maxBytes)
    throw new ContentError('node_too_large', { expectedBytes: maxBytes, foundBytes: bytes.length });
  const { l, e } = membersOf(decodeCbor(bytes, { maxBytes, maxDepth: MAX_DEPTH }), 'e,l', '');
  if (!Array.isArray(e)) return refuse('e');
  checkEntries(e.length, profile);
  return { left: readChild(l, 'l'), entries: readEntries(e) };
};
