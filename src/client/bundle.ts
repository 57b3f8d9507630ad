// One file that holds every answer a registry gave while a version was verified, so that it can be verified again. Pure.
import { decodeBase64, encodeBase64, utf8 } from '../../keys/bytes.ts';
import { canonicalText, type JsonObject, type JsonValue } from '../../keys/canonical.ts';
import { type Digest, parseDigest } from '../../storage/digest.ts';
import { TransportError } from '../network/transport-error.ts';
import { at, objectOf, textOf } from '../protocol/manifest/read.ts';
import { BUNDLE_FORMAT, LOCK_BUNDLE_FORMAT } from './bundle-formats.ts';
import { registryBase } from './network/http-url.ts';
import { refusal } from './refusal.ts';
import { parseWanted } from './request.ts';
import { RequestInvalid } from './request-invalid.ts';
import type { Wanted } from './resolve.ts';

/** Room for the largest tarball, keyring and list of withdrawn versions there may be, in base64. */
export const MAX_BUNDLE_BYTES = 96 * 1024 * 1024;
const MAX_ANSWERS = 8_192;

export interface RecordedAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** `answers` by path from the base address of the registry, which is all that a verifier may ask. */
export interface Bundle {
  readonly registry: string;
  readonly name: string;
  readonly version: string;
  /** RFC 3339, UTC: when all of this was believed. */
  readonly createdAt: string;
  /** Of the tarball. */
  readonly digest: Digest;
  readonly answers: ReadonlyMap<string, RecordedAnswer>;
}

const unreadable = (reason: string, more: Readonly<Record<string, unknown>> = {}) =>
  refusal('registry', 'bundle_unreadable', { reason, ...more });

/** A bundle it is, and one for another command. */
export const otherBundle = (format: string, message: string) =>
  refusal('registry', 'bundle_unreadable', { reason: 'format', found: format }, message);

const answerJson = ({ status, body }: RecordedAnswer): JsonObject => ({ status, body: encodeBase64(body) });

/** @throws Refusal `bundle_unreadable` for more than a reader would take */
export const bundleBytes = (bundle: Bundle): Uint8Array => {
  const { registry, name, version, createdAt, digest, answers } = bundle;
  const listed = [...answers].map(([path, answer]) => [path, answerJson(answer)] as const);
  const about = { format: BUNDLE_FORMAT, registry, name, version, createdAt, digest };
  const bytes = utf8(`${canonicalText({ ...about, answers: Object.fromEntries(listed) })}\n`);
  if (bytes.length > MAX_BUNDLE_BYTES || answers.size > MAX_ANSWERS)
    throw unreadable('too large', { bytes: bytes.length, answers: answers.size });
  return bytes;
};

const readAnswer = (path: string, value: JsonValue): RecordedAnswer => {
  const status = at(value, 'status');
  const body = decodeBase64(textOf(at(value, 'body')) ?? '!');
  const isStatus = typeof status === 'number' && Number.isInteger(status) && status >= 100 && status <= 599;
  if (!isStatus || body === undefined || !path.startsWith('/')) throw unreadable('answer', { path });
  return { status, body };
};

const readAnswers = (value: JsonValue | undefined): Bundle['answers'] => {
  const entries = Object.entries(objectOf(value) ?? {});
  if (entries.length === 0 || entries.length > MAX_ANSWERS) throw unreadable('answers');
  return new Map(entries.map(([path, answer]) => [path, readAnswer(path, answer)]));
};

const readSubject = (document: JsonObject): Pick<Bundle, 'registry' | 'name' | 'version'> => {
  const text = (member: string): string => textOf(document[member]) ?? '';
  try {
    const { name, version } = parseWanted(text('name'), text('version'));
    return { registry: registryBase(text('registry')), name, version };
  } catch (error) {
    if (!(error instanceof RequestInvalid || error instanceof TransportError)) throw error;
    throw unreadable(error.message);
  }
};

/** What a bundle says of itself; what it answers is believed by nobody yet. */
const readAbout = (document: JsonObject): Omit<Bundle, 'answers'> => {
  const text = (member: string): string => textOf(document[member]) ?? '';
  const digest = parseDigest(text('digest'));
  const createdAt = new Date(text('createdAt'));
  if (text('format') !== BUNDLE_FORMAT) throw unreadable('format', { found: text('format').slice(0, 100) });
  if (digest === undefined || Number.isNaN(createdAt.getTime())) throw unreadable('digest or createdAt');
  return { ...readSubject(document), createdAt: createdAt.toISOString(), digest };
};

/** By its first line, which it has more than one of. */
const isLockBundle = (text: string): boolean =>
  text.slice(0, text.indexOf('\n') + 1).includes(`"format":"${LOCK_BUNDLE_FORMAT}"`);

const parsedText = (text: string): JsonValue => {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    if (isLockBundle(text))
      throw otherBundle(LOCK_BUNDLE_FORMAT, 'The bundle is of a whole lockfile, and not of one version.');
    throw unreadable('JSON');
  }
};

/**
 * Reads a bundle; whether anything in it is true, only verifying shows.
 * @throws Refusal `bundle_unreadable`
 */
export const parseBundle = (text: string): Bundle => {
  if (text.length > MAX_BUNDLE_BYTES) throw unreadable('too large', { characters: text.length });
  const document = objectOf(parsedText(text));
  if (document === undefined) throw unreadable('JSON');
  return { ...readAbout(document), answers: readAnswers(document['answers']) };
};

export const wantedOf = ({ name, version }: Bundle): Wanted => parseWanted(name, version);

/** @throws Refusal `bundle_mismatch` */
export const requireBundled = ({ digest, createdAt }: Bundle, found: Digest): void => {
  if (digest === found) return;
  throw refusal('digest', 'bundle_mismatch', { expected: digest, found, createdAt });
};
