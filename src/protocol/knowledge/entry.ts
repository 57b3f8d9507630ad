// What stands at a path of a base: a document by its content id, and what it is; as the block that a tree names. Pure.
import { type CborObject, cidOfLink, decodeCbor, encodeCbor, isLink, linkTo } from '../cbor.ts';
import { type Cid, cidOf, codecOf } from '../cid.ts';
import { ContentError } from '../content-errors.ts';

export interface Entry {
  /** The document's bytes, codec raw. */
  readonly blob: Cid;
  /** Bytes. */
  readonly size: number;
  /** RFC 6838, in lower case, without parameters. */
  readonly mediaType: string;
  /** Few short facts about the document, by name. */
  readonly meta: Readonly<Record<string, string>>;
}

export const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;
export const MAX_META = 16;
const MAX_META_TEXT = 512;
const MAX_ENTRY_BYTES = 32 * 1024;
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}$/;
const META_NAME = /^[a-z][a-z0-9_.-]{0,63}$/;

export const isMediaType = (text: string): boolean => MEDIA_TYPE.test(text);

const isMeta = (value: unknown): value is Entry['meta'] => {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isLink(value)) return false;
  const members = Object.entries(value);
  return (
    members.length <= MAX_META &&
    members.every(
      ([name, text]) =>
        META_NAME.test(name) &&
        typeof text === 'string' &&
        text.length <= MAX_META_TEXT &&
        !/[\p{Cc}\p{Surrogate}]/u.test(text),
    )
  );
};

/** Which members of something that came from outside make it no entry; none where it is one. */
export const entryProblems = ({ blob, size, mediaType, meta }: { readonly [K in keyof Entry]?: unknown }) => {
  const problems: (keyof Entry)[] = [];
  if (typeof blob !== 'string' || codecOf(blob as Cid) !== 'raw') problems.push('blob');
  if (!Number.isSafeInteger(size) || Number(size) < 0 || Number(size) > MAX_DOCUMENT_BYTES)
    problems.push('size');
  if (typeof mediaType !== 'string' || !isMediaType(mediaType)) problems.push('mediaType');
  if (!isMeta(meta)) problems.push('meta');
  return problems;
};

export const encodeEntry = ({ blob, size, mediaType, meta }: Entry): Uint8Array =>
  encodeCbor({ blob: linkTo(blob), size, mediaType, meta: { ...meta } }, { maxBytes: MAX_ENTRY_BYTES });

/** An entry never changes, and its id is asked for more than once. */
const ids = new WeakMap<Entry, Cid>();

/** The id that a tree holds at the path. */
export const entryCid = (entry: Entry): Cid => {
  const known = ids.get(entry);
  if (known !== undefined) return known;
  const cid = cidOf('dag-cbor', encodeEntry(entry));
  ids.set(entry, cid);
  return cid;
};

/** @throws ContentError `entry_form`; as `decodeCbor` where the block is no canonical dag-cbor */
export const decodeEntry = (bytes: Uint8Array): Entry => {
  const value = decodeCbor(bytes, { maxBytes: MAX_ENTRY_BYTES, maxDepth: 3 });
  const members = Object.keys((value ?? {}) as object)
    .sort()
    .join();
  if (members !== 'blob,mediaType,meta,size') throw new ContentError('entry_form', { members });
  const { blob, ...rest } = value as CborObject;
  const entry = { ...rest, blob: isLink(blob) ? cidOfLink(blob) : '' };
  const problems = isLink(blob) ? entryProblems(entry) : ['blob'];
  if (problems.length > 0) throw new ContentError('entry_form', { problems });
  return entry as unknown as Entry;
};
