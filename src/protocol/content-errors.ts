// Why an id, a block, a path or a tree of content was refused: one closed list. Pure.
import type { Evidence } from '../../keys/errors.ts';

export const CONTENT_ERRORS = {
  // Content ids
  cid_form: 'The text or the bytes are no content id in its one spelling (CIDv1, base32 in lower case).',
  cid_version: 'Only content ids of version 1 are known here.',
  cid_codec: 'Only the codecs raw (0x55) and dag-cbor (0x71) are known here.',
  cid_hash: 'Only content ids by SHA-256 are known here.',
  // Blocks of dag-cbor
  cbor_form: 'The bytes are no dag-cbor.',
  cbor_trailing: 'There are bytes after the value.',
  cbor_not_canonical: 'The bytes are not the one dag-cbor spelling of their value.',
  cbor_too_large: 'The block is larger than this reader takes.',
  cbor_too_deep: 'The value is nested deeper than this reader takes.',
  cbor_float: 'A number that is not whole has no place here.',
  cbor_value: 'The value cannot be written as dag-cbor.',
  // Paths of entries
  path_empty: 'A path has at least one segment, and no segment is empty.',
  path_dots: 'No segment of a path is "." or "..".',
  path_character: 'A path holds no backslash and no control character.',
  path_surrogate: 'A path is whole characters: half of a surrogate pair is none.',
  path_not_nfc: 'A path is in Unicode Normalization Form C.',
  path_too_long: 'A path has at most 512 bytes of UTF-8.',
  // Nodes of a tree
  node_form: 'The block is no tree node: {l, e: [{p, k, v, t}]}.',
  node_too_large: 'The node holds more than a node of this profile may.',
  node_prefix: 'An entry does not leave out exactly what it shares with the entry before it.',
  node_key: 'The key of an entry is no path.',
  node_order: 'The keys of a node do not ascend.',
  node_bounds: 'A key stands outside of what the nodes above leave to this one.',
  node_depth: 'A key stands at another depth than its hash gives it.',
  node_empty: 'A node without entries stands where the tree can have none.',
  node_bottom: 'A node of the lowest layer has a child.',
  // Trees
  block_missing: 'A block that the tree names is not there.',
  block_mismatch: 'A block does not have the content that its name says.',
  tree_order: 'The paths to build from do not ascend.',
  change_twice: 'Two changes are to the same path.',
  page_limit: 'A page holds at least one entry.',
  diff_too_large: 'The two trees differ in more blocks than may be read.',
  proof_surplus: 'The proof carries a block that proves nothing.',
  // Blocks of a base
  entry_form: 'The block is no entry: {blob, size, mediaType, meta}.',
  version_form: 'The block is no version manifest of a base.',
  // What is signed about a contribution
  decision_form: 'The bytes are no decision about a revision of a contribution.',
  // Archives of blocks
  car_form: 'The bytes are no CAR version 1 of the kind written here.',
  car_block: 'A block of the archive is not the one that has to come next.',
} as const;

export type ContentErrorCode = keyof typeof CONTENT_ERRORS;

export class ContentError extends Error {
  override readonly name = 'ContentError';
  readonly code: ContentErrorCode;
  readonly details: Evidence;

  constructor(code: ContentErrorCode, details: Evidence = {}, message: string = CONTENT_ERRORS[code]) {
    super(message);
    this.code = code;
    this.details = details;
  }
}
