// Opens the bundle of a lockfile: where each answer stands is read once, and its bytes only when they are asked for.
import { type FileHandle, open } from 'node:fs/promises';
import { digestOf } from '../../../storage/digest.ts';
import type { RecordedAnswer } from '../bundle.ts';
import { readAt } from '../file-places.ts';
import {
  type AnswerHead,
  cutOff,
  type LockBundleHead,
  MAX_ANSWER_LINE_BYTES,
  MAX_HEAD_BYTES,
  MAX_LOCK_BUNDLE_ANSWERS,
  MAX_LOCK_BUNDLE_BYTES,
  parseAnswerLine,
  parseHeadLine,
  unreadable,
} from './format.ts';

export interface OpenLockBundle {
  readonly head: LockBundleHead;
  /** How many there are. */
  readonly answers: number;
  /** Undefined where it holds none. @throws Refusal `bundle_unreadable` for one that is damaged */
  readonly answer: (base: string, path: string) => Promise<RecordedAnswer | undefined>;
  readonly close: () => Promise<void>;
}

const CHUNK_BYTES = 8 * 1024;
const NEWLINE = 0x0a;

/** A line without its end. */
const readLine = async (file: FileHandle, start: number, size: number, most: number): Promise<Uint8Array> => {
  const parts: Uint8Array[] = [];
  for (let at = start; at < size && at - start < most; ) {
    const part = await readAt(file, at, Math.min(CHUNK_BYTES, size - at), cutOff);
    const end = part.indexOf(NEWLINE);
    parts.push(end === -1 ? part : part.subarray(0, end));
    if (end !== -1) return Buffer.concat(parts);
    at += part.length;
  }
  throw unreadable('cut off', { at: start });
};

interface Place extends AnswerHead {
  readonly start: number;
}

const keyOf = (registry: number, path: string): string => `${registry} ${path}`;

/** Where each answer stands, to the last line, which says how many there are. */
const indexAnswers = async (file: FileHandle, from: number, size: number) => {
  const places = new Map<string, Place>();
  for (let at = from; places.size <= MAX_LOCK_BUNDLE_ANSWERS; ) {
    const line = await readLine(file, at, size, MAX_ANSWER_LINE_BYTES);
    const found = parseAnswerLine(line);
    const start = at + line.length + 1;
    if ('answers' in found) {
      if (found.answers !== places.size || start !== size)
        throw unreadable('end', { expected: found.answers, found: places.size });
      return places;
    }
    const key = keyOf(found.registry, found.path);
    if (places.has(key)) throw unreadable('an answer twice', { path: found.path });
    places.set(key, { ...found, start });
    at = start + found.bytes + 1;
  }
  throw unreadable('too large', { most: MAX_LOCK_BUNDLE_ANSWERS });
};

/** Damage by accident is told here by its place; whoever meant it makes the digest fit, and is met by the questions. */
const readAnswer = async (file: FileHandle, place: Place): Promise<RecordedAnswer> => {
  const { start, bytes, sha256, status, path } = place;
  const body = await readAt(file, start, bytes, cutOff);
  const found = digestOf(body);
  if (found !== sha256) throw unreadable('damaged answer', { path, expected: sha256, found });
  return { status, body };
};

const readFrom = async (file: FileHandle): Promise<Omit<OpenLockBundle, 'close'>> => {
  const { size } = await file.stat();
  if (size > MAX_LOCK_BUNDLE_BYTES + MAX_HEAD_BYTES) throw unreadable('too large', { bytes: size });
  const first = await readLine(file, 0, size, MAX_HEAD_BYTES);
  const head = parseHeadLine(first);
  const places = await indexAnswers(file, first.length + 1, size);
  const numbers = new Map(head.registries.map((base, number) => [base, number]));
  return {
    head,
    answers: places.size,
    answer: async (base, path) => {
      const place = places.get(keyOf(numbers.get(base) ?? -1, path));
      return place && readAnswer(file, place);
    },
  };
};

/** Whether anything in it is true, only installing shows. @throws Refusal `bundle_unreadable`, `pack_lockfile_invalid` */
export const openLockBundle = async (path: string): Promise<OpenLockBundle> => {
  const file = await open(path, 'r');
  try {
    return { ...(await readFrom(file)), close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
};
