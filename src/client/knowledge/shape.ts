// Reads the members of an answer about a base; one that is not of its form is refused, and named. Pure.
import { decodeBase64 } from '../../../keys/bytes.ts';
import type { JsonObject, JsonValue } from '../../../keys/canonical.ts';
import { type Cid, cidOf, codecOf, parseCid } from '../../protocol/cid.ts';
import { ContentError } from '../../protocol/content-errors.ts';
import { type KnowledgePath, pathProblems } from '../../protocol/knowledge-path.ts';
import { listOf, objectOf } from '../../protocol/manifest/read.ts';
import type { Asked } from '../proven-event.ts';
import { type Refusal, refusal } from '../refusal.ts';

export const malformed = ({ question, path }: Asked, member: string): Refusal =>
  refusal(question, 'reply_malformed', { where: path, member });

/** All below throw a Refusal `reply_malformed` of the question asked. */
export const textAt = (asked: Asked, of: JsonObject, name: string): string => {
  const value = of[name];
  if (typeof value !== 'string') throw malformed(asked, name);
  return value;
};

export const countAt = (asked: Asked, of: JsonObject, name: string): number => {
  const value = of[name];
  if (!Number.isSafeInteger(value) || Number(value) < 0) throw malformed(asked, name);
  return Number(value);
};

const cidIn = (asked: Asked, value: JsonValue | undefined, name: string): Cid => {
  try {
    return parseCid(typeof value === 'string' ? value : '');
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    throw malformed(asked, name);
  }
};

export const cidAt = (asked: Asked, of: JsonObject, name: string): Cid => cidIn(asked, of[name], name);

export const cidOrNullAt = (asked: Asked, of: JsonObject, name: string): Cid | null =>
  of[name] === null ? null : cidAt(asked, of, name);

export const pathAt = (asked: Asked, of: JsonObject, name = 'path'): KnowledgePath => {
  const text = textAt(asked, of, name);
  if (pathProblems(text).length > 0) throw malformed(asked, name);
  return text as KnowledgePath;
};

const bytesIn = (asked: Asked, value: JsonValue | undefined, name: string): Uint8Array => {
  const bytes = typeof value === 'string' ? decodeBase64(value) : undefined;
  if (bytes === undefined) throw malformed(asked, name);
  return bytes;
};

export const bytesAt = (asked: Asked, of: JsonObject, name: string): Uint8Array =>
  bytesIn(asked, of[name], name);

/** Members that are lists of objects; absent is none. */
export const rowsAt = (asked: Asked, of: JsonObject, name: string): readonly JsonObject[] =>
  listOf(of[name]).map((row) => {
    const object = objectOf(row);
    if (object === undefined) throw malformed(asked, name);
    return object;
  });

/** Blocks by the names that they really have. */
export type Blocks = ReadonlyMap<Cid, Uint8Array>;

/** Nodes of trees and, beside them or among them, the blocks of entries. */
export const blocksAt = (asked: Asked, of: JsonObject): Blocks =>
  new Map(
    ['blocks', 'entry_blocks'].flatMap((name) =>
      listOf(of[name]).map((each): [Cid, Uint8Array] => {
        const bytes = bytesIn(asked, each, name);
        return [cidOf('dag-cbor', bytes), bytes];
      }),
    ),
  );

/** An entry as a list tells of it. */
export interface ToldEntry {
  readonly path: KnowledgePath;
  /** Of the entry's block. */
  readonly entry: Cid;
  readonly blob: Cid;
  readonly size: number;
  readonly mediaType: string;
}

export const toldEntry = (asked: Asked, row: JsonObject, path: KnowledgePath): ToldEntry => {
  const blob = cidAt(asked, row, 'blob');
  if (codecOf(blob) !== 'raw') throw malformed(asked, 'blob');
  const entry = cidAt(asked, row, 'entry');
  return {
    path,
    entry,
    blob,
    size: countAt(asked, row, 'size'),
    mediaType: textAt(asked, row, 'media_type'),
  };
};
