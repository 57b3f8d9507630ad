// The head of a log at one size (C2SP tlog-checkpoint), and the signed note it travels in. Pure.
import { decodeBase64, encodeBase64, equalBytes } from '../../keys/bytes.ts';
import type { Vkey } from '../../keys/key.ts';
import { LogError } from './log-errors.ts';
import { EMPTY_ROOT, HASH_BYTES } from './merkle.ts';
import { parseNote, requireSignedBy } from './signed-note.ts';

export interface Checkpoint {
  /** The name of the log: its URL without scheme and without a slash at the end. */
  readonly origin: string;
  /** Leaves in the tree, up to 2^53 - 1. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/** A checkpoint whose signature has been verified, with the whole note that proves it. */
export type SignedCheckpoint = Checkpoint & { readonly note: string };

const malformed = (where: string, found: string): never => {
  throw new LogError('checkpoint_form', { where, found: found.slice(0, 200) });
};

const sizeOf = (line: string): number => {
  const size = /^(0|[1-9]\d{0,15})$/.test(line) ? Number(line) : Number.NaN;
  return Number.isSafeInteger(size) ? size : malformed('size', line);
};

const rootOfSize = (size: number, line: string): Uint8Array => {
  const root = decodeBase64(line);
  if (root?.length !== HASH_BYTES) return malformed('root', line);
  return size > 0 || equalBytes(root, EMPTY_ROOT) ? root : malformed('root', line);
};

/**
 * Reads the text of a checkpoint; lines after the third are tolerated and mean nothing here.
 * @throws LogError `checkpoint_form`
 */
export const parseCheckpointText = (text: string): Checkpoint => {
  const [origin = '', size = '', root = '', ...more] = text.split('\n');
  const end = more.pop();
  if (end !== '' || more.includes('')) return malformed('lines', text);
  if (!/^[^\p{Cc}\p{Surrogate}]+$/u.test(origin)) return malformed('origin', origin);
  const leaves = sizeOf(size);
  return { origin, size: leaves, root: rootOfSize(leaves, root) };
};

/**
 * `origin`, size in decimal and root in base64, a line each.
 * @throws LogError `checkpoint_form` for a checkpoint that could not be read back
 */
export const checkpointText = ({ origin, size, root }: Checkpoint): string => {
  const text = `${origin}\n${size}\n${encodeBase64(root)}\n`;
  return parseCheckpointText(text).origin === origin ? text : malformed('origin', origin);
};

/**
 * The checkpoint in a note, if the log of that key signed it.
 * @throws LogError `note_form`, `note_too_large`, `note_unsigned`, `note_signature`, `checkpoint_form` or
 * `checkpoint_origin`
 */
export const openCheckpoint = (note: string, vkey: Vkey): SignedCheckpoint => {
  const opened = parseNote(note);
  requireSignedBy(opened, vkey);
  const checkpoint = parseCheckpointText(opened.text);
  if (checkpoint.origin !== vkey.name)
    throw new LogError('checkpoint_origin', { expected: vkey.name, found: checkpoint.origin.slice(0, 200) });
  return { ...checkpoint, note };
};
