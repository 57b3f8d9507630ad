// A proof of inclusion that is checked offline (C2SP tlog-proof): place, path and checkpoint in one text. Pure.
import { decodeBase64, encodeBase64, utf8 } from '../../keys/bytes.ts';
import { LogError } from './log-errors.ts';
import { HASH_BYTES } from './merkle.ts';

/** UTF-8 bytes of a whole proof. */
export const MAX_PROOF_BYTES = 256 * 1024;
export const MAX_PROOF_HASHES = 63;

/** Bytes of UTF-8 that a unit of UTF-16 takes at most: a short text need not be encoded to be counted. */
const UTF8_PER_UNIT = 3;

const HEADER = 'c2sp.org/tlog-proof@v1';

export interface TlogProof {
  /** Unauthenticated, for whoever knows what to do with it; never empty. */
  readonly extra: Uint8Array | undefined;
  /** Of the entry in the log, from 0. */
  readonly index: number;
  /** From the sibling of the leaf up to the child of the root, 32 bytes each. */
  readonly path: readonly Uint8Array[];
  /** The signed note, verbatim; it is not looked into here. */
  readonly checkpoint: string;
}

const malformed = (where: string, found: string): never => {
  throw new LogError('proof_form', { where, found: found.slice(0, 200) });
};

const refuseOverLimit = (found: number, limit: number): void => {
  if (found > limit) throw new LogError('proof_too_large', { limit, found });
};

const extraOf = (line: string): Uint8Array => {
  const extra = decodeBase64(line.slice('extra '.length));
  return extra === undefined || extra.length === 0 ? malformed('extra', line) : extra;
};

const indexOf = (line: string): number => {
  const [, digits] = /^index (0|[1-9]\d{0,15})$/.exec(line) ?? [];
  const index = Number(digits);
  return Number.isSafeInteger(index) ? index : malformed('index', line);
};

const hashOf = (line: string): Uint8Array => {
  const hash = decodeBase64(line);
  return hash?.length === HASH_BYTES ? hash : malformed('path', line);
};

/**
 * Reads a proof; whether it proves anything is asked afterwards.
 * @throws LogError `proof_form` or `proof_too_large`
 */
export const parseTlogProof = (text: string): TlogProof => {
  refuseOverLimit(text.length, MAX_PROOF_BYTES);
  if (text.length > MAX_PROOF_BYTES / UTF8_PER_UNIT) refuseOverLimit(utf8(text).length, MAX_PROOF_BYTES);
  const end = text.indexOf('\n\n');
  const [header = '', ...lines] = text.slice(0, Math.max(end, 0)).split('\n');
  const checkpoint = text.slice(end + 2);
  // The lines before it are ASCII, each by its own rule.
  if (header !== HEADER || checkpoint === '' || /\p{Surrogate}/u.test(checkpoint))
    return malformed('header', text);
  const extra = lines[0]?.startsWith('extra ') ? extraOf(lines.shift() ?? '') : undefined;
  const index = indexOf(lines.shift() ?? '');
  refuseOverLimit(lines.length, MAX_PROOF_HASHES);
  return { extra, index, path: lines.map(hashOf), checkpoint };
};

/**
 * The text of a proof, for a file `….tlog-proof`.
 * @throws LogError `proof_form` or `proof_too_large` for a proof that could not be read back
 */
export const formatTlogProof = ({ extra, index, path, checkpoint }: TlogProof): string => {
  const extraLines = extra === undefined ? [] : [`extra ${encodeBase64(extra)}`];
  const lines = [HEADER, ...extraLines, `index ${index}`, ...path.map(encodeBase64), '', checkpoint];
  const text = lines.join('\n');
  parseTlogProof(text);
  return text;
};
