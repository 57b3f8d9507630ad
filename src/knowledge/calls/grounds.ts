// Why a pointer is moved or content erased: codes that go into events, and text that never does. Pure.
import type { JsonBody } from '../../http/body.ts';
import { type Cid, codecOf, parseCid } from '../../protocol/cid.ts';
import { ContentError } from '../../protocol/content-errors.ts';
import { type Fault, fault } from '../../protocol/faults.ts';

const wrong = (field: string, rule: string): Fault =>
  fault('validation_error', { field }, `${field} ${rule}.`);

const MAX_TEXT = 4_096;
const CODE = /^[a-z0-9][a-z0-9_.-]{0,63}$/;
/** Names a law, a contract or a case, without room for what it says. */
const AUTHORITY = /^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}$/;
const EVENT_ID = /^[0-9A-Za-z-]{1,64}$/;

/** Undefined where the field is absent. @throws Fault validation_error naming the field, as every reader here. */
export const optionalCode = (body: JsonBody, field: string): string | undefined => {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && CODE.test(value)) return value;
  throw wrong(field, 'must be a code of 1 to 64 lower-case letters, digits and . _ -');
};

export const requiredCode = (body: JsonBody, field: string): string => {
  const code = optionalCode(body, field);
  if (code === undefined) throw wrong(field, 'is needed');
  return code;
};

const optionalText = (body: JsonBody, field: string): string | null => {
  const value = body[field];
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' && value.length <= MAX_TEXT && !/[\0\p{Surrogate}]/u.test(value))
    return value;
  throw wrong(field, `must be a text of at most ${MAX_TEXT} characters`);
};

const cidField = (body: JsonBody, field: string): Cid => {
  const value = body[field];
  if (typeof value !== 'string') throw wrong(field, 'must be a content id');
  try {
    return parseCid(value);
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    throw fault('validation_error', { field, problem: error.code, ...error.details }, error.message);
  }
};

/** What whoever moves a pointer by hand asks for. */
export interface MoveWish {
  readonly to: Cid;
  readonly reason: 'rollback' | 'promote';
  /** The event of the move that is taken back; absent: of the last one. */
  readonly rollbackOf: string | undefined;
  readonly justificationCode: string | undefined;
  readonly justification: string | null;
}

const eventIdField = (body: JsonBody, field: string): string | undefined => {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && EVENT_ID.test(value)) return value;
  throw wrong(field, 'must be the id of an event');
};

const versionField = (body: JsonBody, field: string): Cid => {
  const cid = cidField(body, field);
  if (codecOf(cid) !== 'dag-cbor') throw wrong(field, 'must be the content id of a version');
  return cid;
};

export const readMove = (body: JsonBody): MoveWish => {
  const { reason } = body;
  if (reason !== 'rollback' && reason !== 'promote') throw wrong('reason', 'must be rollback or promote');
  const rollbackOf = eventIdField(body, 'rollback_of');
  if (reason === 'promote' && rollbackOf !== undefined)
    throw wrong('rollback_of', 'belongs to a rollback only');
  return {
    to: versionField(body, 'to_version'),
    reason,
    rollbackOf,
    justificationCode: (reason === 'rollback' ? requiredCode : optionalCode)(body, 'justification_code'),
    justification: optionalText(body, 'justification'),
  };
};

/** What is to be erased, and on whose word. */
export interface ErasureWish {
  readonly document: Cid;
  readonly reasonCode: string;
  readonly authority: string;
}

export const readErasure = (body: JsonBody): ErasureWish => {
  const document = cidField(body, 'document');
  if (codecOf(document) !== 'raw') throw wrong('document', 'must be the content id of a document');
  const { authority } = body;
  if (typeof authority !== 'string' || !AUTHORITY.test(authority))
    throw wrong('authority', 'must name who or what demands it: 1 to 128 letters, digits and . _ : / -');
  return { document, reasonCode: requiredCode(body, 'reason_code'), authority };
};

const GENERATION = /^"(0|[1-9][0-9]{0,14})"$/;

/** The generation that an If-Match names. @throws Fault validation_error where there is none, or another form */
export const generationOf = (ifMatch: string): number => {
  const [, digits] = GENERATION.exec(ifMatch.trim()) ?? [];
  if (digits !== undefined) return Number(digits);
  const message = 'Send If-Match with the generation that you saw, in quotes: If-Match: "3".';
  throw fault('validation_error', { header: 'If-Match', found: ifMatch.slice(0, 100) }, message);
};
