// The one file from which a whole lockfile is installed without a network: lines of JSON, each with the bytes it is about. Pure.
import { utf8 } from '../../../keys/bytes.ts';
import { canonicalText, type JsonObject, type JsonValue } from '../../../keys/canonical.ts';
import { type Digest, parseDigest } from '../../../storage/digest.ts';
import { TransportError } from '../../network/transport-error.ts';
import { listOf, objectOf, textOf } from '../../protocol/manifest/read.ts';
import { otherBundle } from '../bundle.ts';
import { BUNDLE_FORMAT, LOCK_BUNDLE_FORMAT } from '../bundle-formats.ts';
import { type Companion, companionText, parseCompanion } from '../lock/companion.ts';
import { type Lockfile, lockfileText, MAX_LOCKFILE_BYTES, parseLockfile } from '../lock/lockfile.ts';
import { registryBase } from '../network/http-url.ts';
import { refusal } from '../refusal.ts';
import { strictObjectOf } from '../strict-object.ts';

/** Bounds of the whole file, which is never in memory: only one answer of it at a time is. */
export const MAX_LOCK_BUNDLE_BYTES = 16 * 1024 ** 3;
export const MAX_LOCK_BUNDLE_ANSWERS = 200_000;
export const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Of the first line, which holds a lockfile and what stands beside it as JSON texts. */
export const MAX_HEAD_BYTES = 4 * MAX_LOCKFILE_BYTES;
export const MAX_ANSWER_LINE_BYTES = 16 * 1024;

/** What a bundle says of itself; nothing in it is believed for being there. */
export interface LockBundleHead {
  /** RFC 3339, UTC: when all of this was believed. */
  readonly createdAt: string;
  readonly lock: Lockfile;
  /** Undefined where another tool wrote the lockfile. */
  readonly companion: Companion | undefined;
  /** Base addresses that were asked, sorted; answers name them by their place. */
  readonly registries: readonly string[];
  /** Base address of the registry that each pack was had from, by name. */
  readonly sources: Readonly<Record<string, string>>;
}

/** The line before an answer: `bytes` of its body follow, and a newline. */
export interface AnswerHead {
  readonly registry: number;
  readonly path: string;
  readonly status: number;
  readonly bytes: number;
  readonly sha256: Digest;
}

export const unreadable = (reason: string, more: Readonly<Record<string, unknown>> = {}) =>
  refusal('registry', 'bundle_unreadable', { reason, ...more });

export const cutOff = (at: number) => unreadable('cut off', { at });

const lineOf = (object: JsonObject): Uint8Array => utf8(`${canonicalText(object)}\n`);

export const headLine = ({ createdAt, lock, companion, registries, sources }: LockBundleHead): Uint8Array =>
  lineOf({
    format: LOCK_BUNDLE_FORMAT,
    createdAt,
    lock: lockfileText(lock),
    companion: companion === undefined ? null : companionText(companion),
    registries,
    sources,
  });

export const answerLine = ({ registry, path, status, bytes, sha256 }: AnswerHead): Uint8Array =>
  lineOf({ registry, path, status, bytes, sha256 });

/** Without it a bundle was cut off. */
export const endLine = (answers: number): Uint8Array => lineOf({ answers });

const objectIn = (line: Uint8Array): JsonObject => {
  const read = strictObjectOf(line);
  if (!read.ok) throw unreadable('JSON', { ...read.problem });
  return read.object;
};

const baseOf = (value: JsonValue | undefined): string => {
  try {
    return registryBase(textOf(value) ?? '');
  } catch (error) {
    if (error instanceof TransportError) throw unreadable(error.message);
    throw error;
  }
};

/** @throws Refusal `bundle_unreadable`; `pack_lockfile_invalid` */
export const parseHeadLine = (line: Uint8Array): LockBundleHead => {
  const { format, createdAt, lock, companion, registries, sources } = objectIn(line);
  if (format === BUNDLE_FORMAT)
    throw otherBundle(format, 'The bundle is of one version, and not of a lockfile.');
  if (format !== LOCK_BUNDLE_FORMAT)
    throw unreadable('format', {
      expected: LOCK_BUNDLE_FORMAT,
      found: textOf(format)?.slice(0, 100) ?? null,
    });
  const made = new Date(textOf(createdAt) ?? '');
  if (Number.isNaN(made.getTime())) throw unreadable('createdAt');
  const beside = textOf(companion);
  return {
    createdAt: made.toISOString(),
    lock: parseLockfile(utf8(textOf(lock) ?? '')),
    companion: beside === undefined ? undefined : parseCompanion(utf8(beside)),
    registries: listOf(registries).map(baseOf),
    sources: Object.fromEntries(
      Object.entries(objectOf(sources) ?? {}).map(([name, base]) => [name, baseOf(base)]),
    ),
  };
};

const within = (value: JsonValue | undefined, least: number, most: number): value is number =>
  Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;

/** An answer, or how many there were. @throws Refusal `bundle_unreadable` */
export const parseAnswerLine = (line: Uint8Array): AnswerHead | { readonly answers: number } => {
  const object = objectIn(line);
  const { answers, registry, status, bytes } = object;
  if (within(answers, 0, MAX_LOCK_BUNDLE_ANSWERS)) return { answers };
  const path = textOf(object['path']) ?? '';
  const sha256 = parseDigest(textOf(object['sha256']) ?? '');
  const sound =
    path.startsWith('/') &&
    within(registry, 0, MAX_LOCK_BUNDLE_ANSWERS) &&
    within(status, 100, 599) &&
    within(bytes, 0, MAX_ANSWER_BYTES);
  if (!sound || sha256 === undefined) throw unreadable('answer', { path: path.slice(0, 200) });
  return { registry, path, status, bytes, sha256 };
};
