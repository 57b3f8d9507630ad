// Reads what a proposer sends into a revision that cannot be wrong in itself, or says everything that is. Pure.

import type { JsonBody } from '../../http/body.ts';
import { type Cid, codecOf, parseCid } from '../../protocol/cid.ts';
import { ContentError } from '../../protocol/content-errors.ts';
import { fault } from '../../protocol/faults.ts';
import { inPathOrder, isNamedDigest, type KnowledgeChange } from '../../protocol/knowledge/changes.ts';
import { type Entry, entryProblems } from '../../protocol/knowledge/entry.ts';
import { parseWorkforceId } from '../../protocol/knowledge/ids.ts';
import { type KnowledgePath, pathProblems } from '../../protocol/knowledge-path.ts';
import type { Criterion, SignalRef, Source } from './contribution.ts';

/** A revision as it was sent; whether the policy takes it is another question. */
export interface ProposedRevision {
  readonly baseVersion: Cid | null;
  /** In the order of their paths. */
  readonly changes: readonly KnowledgeChange[];
  readonly summary: string;
  readonly sources: readonly Source[];
  readonly confidence: number | null;
  readonly criteria: readonly Criterion[];
  /** The event that led to it, as its sender says. */
  readonly causationId: string | null;
  readonly signal: SignalRef | null;
}

const MAX_SUMMARY = 4_096;
const MAX_URI = 2_048;
const MAX_LIST = 64;
/** However many a policy allows: all of them are hashed in one go. */
export const MAX_CHANGES = 2_000;
const EVENT_ID = /^[A-Za-z0-9:._-]{1,128}$/;
const CRITERION = /^[a-z0-9_.-]{1,64}$/;
const HOST = /^[a-z0-9](?:[a-z0-9.:-]{0,252}[a-z0-9])?$/;

interface Reader {
  readonly refuse: (where: string, message: string) => undefined;
}

const MEMBERS = [
  'base_version',
  'changes',
  'summary',
  'sources',
  'confidence',
  'criteria',
  'causation_id',
  'signal',
];

const isObject = (value: unknown): value is JsonBody =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const refuseUnknown = (the: Reader, value: JsonBody, known: readonly string[], where: string): void => {
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) the.refuse(`${where}/${name}`, 'Nobody knows this member.');
  }
};

const readCid = (the: Reader, value: unknown, codec: 'raw' | 'dag-cbor', where: string): Cid | undefined => {
  try {
    const cid = typeof value === 'string' ? parseCid(value) : undefined;
    if (cid !== undefined && codecOf(cid) === codec) return cid;
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
  }
  return the.refuse(where, `It must be a content id (CIDv1, ${codec}, SHA-256, base32).`);
};

const readPath = (the: Reader, value: unknown, where: string): KnowledgePath | undefined => {
  const problems = typeof value === 'string' ? pathProblems(value) : ['path_empty'];
  if (problems.length === 0) return value as KnowledgePath;
  return the.refuse(where, `It is no path: ${problems.join(', ')}.`);
};

const readEntry = (the: Reader, change: JsonBody, where: string): Entry | undefined => {
  const blob = readCid(the, change['blob'], 'raw', `${where}/blob`);
  const { size, media_type: mediaType, meta = {} } = change;
  const entry = { blob, size, mediaType, meta };
  const problems = entryProblems(entry).filter((name) => name !== 'blob');
  for (const name of problems)
    the.refuse(`${where}/${name === 'mediaType' ? 'media_type' : name}`, 'It is none.');
  return blob === undefined || problems.length > 0 ? undefined : (entry as unknown as Entry);
};

const readChange = (the: Reader, value: unknown, where: string): KnowledgeChange | undefined => {
  if (!isObject(value)) return the.refuse(where, 'A change is an object.');
  const path = readPath(the, value['path'], `${where}/path`);
  if (value['op'] === 'delete') {
    refuseUnknown(the, value, ['op', 'path'], where);
    return path && { op: 'delete', path };
  }
  if (value['op'] !== 'put') return the.refuse(`${where}/op`, 'It must be put or delete.');
  refuseUnknown(the, value, ['op', 'path', 'blob', 'size', 'media_type', 'meta'], where);
  const entry = readEntry(the, value, where);
  return path && entry && { op: 'put', path, entry };
};

const readList = <T>(
  the: Reader,
  value: unknown,
  where: string,
  most: number,
  read: (value: unknown, where: string) => T | undefined,
): readonly T[] => {
  const list = value ?? [];
  if (!Array.isArray(list) || list.length > most) {
    the.refuse(where, `It must be a list of at most ${most}.`);
    return [];
  }
  return list.flatMap((each, at) => read(each, `${where}/${at}`) ?? []);
};

const readSource = (the: Reader, value: unknown, where: string): Source | undefined => {
  const { uri, digest } = isObject(value) ? value : {};
  const good =
    typeof uri === 'string' && uri.length > 0 && uri.length <= MAX_URI && !/[\p{Cc}\p{Surrogate}]/u.test(uri);
  if (!good) return the.refuse(`${where}/uri`, `It must be a text of at most ${MAX_URI} characters.`);
  if (digest === undefined) return { uri };
  if (!isNamedDigest(digest)) return the.refuse(`${where}/digest`, 'It must read sha256:<64 hex>.');
  return { uri, digest };
};

const readCriterion = (the: Reader, value: unknown, where: string): Criterion | undefined => {
  const { key, met } = isObject(value) ? value : {};
  if (typeof key === 'string' && CRITERION.test(key) && typeof met === 'boolean') return { key, met };
  return the.refuse(where, 'A criterion is {key, met}; a key has only a-z, 0-9, _, . and -.');
};

const readSignal = (the: Reader, value: unknown, where: string): SignalRef | null => {
  if (value === undefined || value === null) return null;
  const { workforce, event_id, host_id } = isObject(value) ? value : {};
  const from = typeof workforce === 'string' ? parseWorkforceId(workforce) : undefined;
  const known = typeof event_id === 'string' && EVENT_ID.test(event_id);
  const host = host_id === undefined || (typeof host_id === 'string' && HOST.test(host_id));
  if (from === undefined || !known || !host) {
    the.refuse(where, 'A signal is {workforce, event_id, host_id?}.');
    return null;
  }
  return { workforce: from, event_id, ...(typeof host_id === 'string' ? { host_id } : {}) };
};

const readConfidence = (the: Reader, value: unknown): number | null => {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  the.refuse('/confidence', 'It must be a number from 0 to 1.');
  return null;
};

const readSummary = (the: Reader, value: unknown): string => {
  if (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= MAX_SUMMARY &&
    !/[\0\p{Surrogate}]/u.test(value)
  )
    return value;
  the.refuse('/summary', `It must be a text of 1 to ${MAX_SUMMARY} characters.`);
  return '';
};

const readCause = (the: Reader, value: unknown): string | null => {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' && EVENT_ID.test(value)) return value;
  the.refuse('/causation_id', 'It must be the id of an event.');
  return null;
};

/** @throws Fault contribution_invalid with every violation */
export const readRevision = (body: JsonBody): ProposedRevision => {
  const violations: { readonly where: string; readonly message: string }[] = [];
  const refuse = (where: string, message: string): undefined => void violations.push({ where, message });
  const the: Reader = { refuse };
  refuseUnknown(the, body, MEMBERS, '');
  const { base_version, changes, sources, criteria } = body;
  if (base_version === undefined)
    refuse('/base_version', 'Name the version that it changes; null where there is none.');
  const proposed: ProposedRevision = {
    baseVersion:
      (base_version ?? null) === null
        ? null
        : (readCid(the, base_version, 'dag-cbor', '/base_version') ?? null),
    changes: inPathOrder(
      readList(the, changes, '/changes', MAX_CHANGES, (each, at) => readChange(the, each, at)),
    ),
    summary: readSummary(the, body['summary']),
    sources: readList(the, sources, '/sources', MAX_LIST, (each, at) => readSource(the, each, at)),
    confidence: readConfidence(the, body['confidence']),
    criteria: readList(the, criteria, '/criteria', MAX_LIST, (each, at) => readCriterion(the, each, at)),
    causationId: readCause(the, body['causation_id']),
    signal: readSignal(the, body['signal'], '/signal'),
  };
  if (Array.isArray(changes) && changes.length === 0) refuse('/changes', 'It changes nothing.');
  if (violations.length > 0)
    throw fault('contribution_invalid', { violations: violations.slice(0, MAX_LIST) });
  return proposed;
};
