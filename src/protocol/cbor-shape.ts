// How CBOR bytes nest, read head by head without a value made of them, so that hostile ones cost nothing. Pure.
import { ContentError } from './content-errors.ts';

interface Head {
  readonly major: number;
  readonly argument: number;
  readonly next: number;
}

const BYTES = 2;
const TEXT = 3;
const LIST = 4;
const MAP = 5;
const TAG = 6;
const SIMPLE = 7;

const refuse = (at: number): never => {
  throw new ContentError('cbor_form', { at });
};

/** The big-endian number of `width` bytes; above 2^53 only about right, which no length is. */
const numberAt = (bytes: Uint8Array, at: number, width: number): number => {
  let value = 0;
  for (let offset = 0; offset < width; offset += 1) value = value * 256 + (bytes[at + offset] ?? 0);
  return value;
};

const headAt = (bytes: Uint8Array, at: number): Head => {
  const first = bytes[at] ?? refuse(at);
  const [major, info] = [first >> 5, first & 31];
  if (info < 24) return { major, argument: info, next: at + 1 };
  // 28 to 30 mean nothing, 31 is a length not told beforehand: neither is dag-cbor.
  if (info > 27) return refuse(at);
  const width = 2 ** (info - 24);
  if (at + width >= bytes.length) return refuse(at);
  const argument = numberAt(bytes, at + 1, width);
  if (major !== SIMPLE && argument < (width === 1 ? 24 : 256 ** (width / 2)))
    throw new ContentError('cbor_not_canonical', { at });
  return { major, argument, next: at + 1 + width };
};

const childrenOf = ({ major, argument }: Head): number =>
  major === LIST ? argument : major === MAP ? argument * 2 : major === TAG ? 1 : 0;

const endOf = ({ major, argument, next }: Head): number =>
  major === BYTES || major === TEXT ? next + argument : next;

/**
 * Passes bytes that are one complete CBOR value with lists, maps and tags at most `maxDepth` deep, each number in as
 * few bytes as hold it.
 * @throws ContentError `cbor_form`, `cbor_not_canonical`, `cbor_too_deep` or `cbor_trailing`
 */
export const checkShape = (bytes: Uint8Array, maxDepth: number): void => {
  const open: number[] = [1];
  let at = 0;
  while (open.length > 0) {
    const head = headAt(bytes, at);
    at = endOf(head);
    if (at > bytes.length) refuse(at);
    const children = childrenOf(head);
    if (children > 0 && open.length > maxDepth) throw new ContentError('cbor_too_deep', { depth: maxDepth });
    open.push((open.pop() ?? 0) - 1);
    if (children > 0) open.push(children);
    while (open.at(-1) === 0) open.pop();
  }
  if (at !== bytes.length) throw new ContentError('cbor_trailing', { expected: at, found: bytes.length });
};
