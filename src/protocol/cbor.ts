// Blocks of dag-cbor, strictly: one value, one spelling, within bounds, links of the one kind known here. Pure.
import * as dagCbor from '@ipld/dag-cbor';
import { CID } from 'multiformats/cid';
import { equalBytes } from '../../keys/bytes.ts';
import { checkShape } from './cbor-shape.ts';
import { type Cid, cidBytes, cidFromBytes } from './cid.ts';
import { ContentError } from './content-errors.ts';

/** A link to other content, as a value among others: made by `linkTo`, read by `cidOfLink`. */
export type Link = CID;

export type CborValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | Link
  | readonly CborValue[]
  | CborObject;
export interface CborObject {
  readonly [name: string]: CborValue;
}

export interface CborLimits {
  /** Of the whole block; 1 MiB unless told. */
  readonly maxBytes?: number;
  /** Lists, maps and links inside one another; 32 unless told. */
  readonly maxDepth?: number;
  /** Whether a number may be anything but a safe integer; it may not unless told. */
  readonly floats?: boolean;
}

type Bounds = Required<CborLimits>;

const within = (limits: CborLimits): Bounds => ({
  maxBytes: 1_048_576,
  maxDepth: 32,
  floats: false,
  ...limits,
});

export const linkTo = (cid: Cid): Link => CID.decode(cidBytes(cid));

/** @throws ContentError as `cidFromBytes`, for a link of another kind */
export const cidOfLink = (link: Link): Cid => cidFromBytes(link.bytes);

export const isLink = (value: unknown): value is Link => value instanceof CID;

const refuse = (where: string, found: string): never => {
  throw new ContentError('cbor_value', { where, found });
};

const checkText = (text: string, where: string): void => {
  if (/\p{Surrogate}/u.test(text)) refuse(where, 'a lone surrogate');
};

const checkNumber = (value: number, where: string, { floats }: Bounds): void => {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return;
  if (!floats) throw new ContentError('cbor_float', { where, found: String(value) });
  // A whole number this large has two spellings, as an integer and as a float.
  if (!Number.isFinite(value) || Number.isInteger(value)) refuse(where, String(value));
};

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};

const checkMembers = (value: object, where: string, depth: number, bounds: Bounds): void => {
  if (!isPlain(value) || Object.getOwnPropertySymbols(value).length > 0) refuse(where, 'no plain object');
  for (const [name, member] of Object.entries(value)) {
    checkText(name, where);
    // The library takes a map for a link by this name.
    if (name === '/') refuse(where, 'a member named /');
    check(member, `${where}/${name}`, depth + 1, bounds);
  }
};

const checkList = (values: readonly unknown[], where: string, depth: number, bounds: Bounds): void => {
  for (const [at, value] of values.entries()) check(value, `${where}/${at}`, depth + 1, bounds);
};

const checkObject = (value: object, where: string, depth: number, bounds: Bounds): void => {
  if (depth >= bounds.maxDepth) throw new ContentError('cbor_too_deep', { depth: bounds.maxDepth });
  if (isLink(value)) cidOfLink(value);
  else if (Array.isArray(value)) checkList(value, where, depth, bounds);
  else checkMembers(value, where, depth, bounds);
};

const check = (value: unknown, where: string, depth: number, bounds: Bounds): void => {
  if (value === null || typeof value === 'boolean' || value instanceof Uint8Array) return;
  if (typeof value === 'string') checkText(value, where);
  else if (typeof value === 'number') checkNumber(value, where, bounds);
  else if (typeof value === 'object') checkObject(value, where, depth, bounds);
  else refuse(where, typeof value);
};

const written = (value: CborValue, bounds: Bounds): Uint8Array => {
  check(value, '', 0, bounds);
  // Under Node the library may hand out a Buffer, whose slices are no copies.
  return new Uint8Array(dagCbor.encode(value));
};

const checkSize = (bytes: Uint8Array, { maxBytes }: Bounds): void => {
  if (bytes.length > maxBytes)
    throw new ContentError('cbor_too_large', { expected: maxBytes, found: bytes.length });
};

/**
 * The dag-cbor spelling of a value: members by length and then by bytes, the shortest integers, 64-bit floats.
 * @throws ContentError `cbor_value`, `cbor_float`, `cbor_too_deep` or `cbor_too_large`; as `cidFromBytes` for a link of
 *   another kind
 */
export const encodeCbor = (value: CborValue, limits: CborLimits = {}): Uint8Array => {
  const bounds = within(limits);
  const bytes = written(value, bounds);
  checkSize(bytes, bounds);
  return bytes;
};

const read = (bytes: Uint8Array): unknown => {
  try {
    return dagCbor.decode(bytes);
  } catch {
    throw new ContentError('cbor_form');
  }
};

/**
 * Reads a block. Whatever another reader could understand differently (a name given twice, another order, a longer
 * integer, a float where an integer would do, text that is no UTF-8) is refused, because it is not what writing the
 * value again would give.
 * @throws ContentError `cbor_form`, `cbor_trailing`, `cbor_not_canonical`, `cbor_float`, `cbor_value`, `cbor_too_deep`
 *   or `cbor_too_large`; as `cidFromBytes` for a link of another kind
 */
export const decodeCbor = (bytes: Uint8Array, limits: CborLimits = {}): CborValue => {
  const bounds = within(limits);
  checkSize(bytes, bounds);
  checkShape(bytes, bounds.maxDepth);
  const value = read(bytes) as CborValue;
  if (!equalBytes(written(value, bounds), bytes)) throw new ContentError('cbor_not_canonical');
  return value;
};
