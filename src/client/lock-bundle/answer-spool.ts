// Keeps the answers of registries on disk as they come, and writes them into a bundle in one order.
import { type FileHandle, open } from 'node:fs/promises';
import { digestOf } from '../../../storage/digest.ts';
import { TransportError } from '../../network/transport-error.ts';
import type { RecordedAnswer } from '../bundle.ts';
import { readAt, writeAt } from '../file-places.ts';
import { removePart } from '../part-files.ts';
import {
  type AnswerHead,
  answerLine,
  cutOff,
  endLine,
  headLine,
  type LockBundleHead,
  MAX_HEAD_BYTES,
  MAX_LOCK_BUNDLE_ANSWERS,
  MAX_LOCK_BUNDLE_BYTES,
  unreadable,
} from './format.ts';

interface Kept extends Omit<AnswerHead, 'registry'> {
  readonly base: string;
  readonly start: number;
  readonly written: Promise<void>;
}

export interface AnswerSpool {
  readonly read: (base: string, path: string) => Promise<RecordedAnswer | undefined>;
  /** The answer that counts: the first one. @throws TransportError `too_large` for more than a bundle may hold */
  readonly keep: (base: string, path: string, answer: RecordedAnswer) => Promise<RecordedAnswer>;
  /** Base addresses, sorted. */
  readonly registries: () => readonly string[];
  /** Gives the number of answers and of bytes. Sorted, so that the same answers are the same file. */
  readonly writeTo: (out: FileHandle, head: LockBundleHead) => Promise<{ answers: number; bytes: number }>;
  readonly remove: () => Promise<void>;
}

const keyOf = (base: string, path: string): string => `${base} ${path}`;

const byPlace = (a: Kept, b: Kept): number => (keyOf(a.base, a.path) < keyOf(b.base, b.path) ? -1 : 1);

/** @param place that `partOf` gave */
export const createSpool = async (place: string): Promise<AnswerSpool> => {
  const file = await open(place, 'wx+', 0o600);
  const kept = new Map<string, Kept>();
  let size = 0;

  const bodyOf = async ({ start, bytes, written }: Kept): Promise<Uint8Array> => {
    await written;
    return readAt(file, start, bytes, cutOff);
  };
  const read: AnswerSpool['read'] = async (base, path) => {
    const found = kept.get(keyOf(base, path));
    return found && { status: found.status, body: await bodyOf(found) };
  };
  const registries: AnswerSpool['registries'] = () =>
    [...new Set([...kept.values()].map(({ base }) => base))].sort();

  return {
    read,
    registries,
    keep: async (base, path, answer) => {
      const before = await read(base, path);
      if (before !== undefined) return before;
      const { status, body } = answer;
      const start = size;
      size += body.length;
      if (size > MAX_LOCK_BUNDLE_BYTES || kept.size >= MAX_LOCK_BUNDLE_ANSWERS)
        throw new TransportError('too_large', { maxBytes: MAX_LOCK_BUNDLE_BYTES, answers: kept.size });
      const written = writeAt(file, body, start);
      const sha256 = digestOf(body);
      kept.set(keyOf(base, path), { base, path, status, bytes: body.length, sha256, start, written });
      await written;
      return answer;
    },
    writeTo: async (out, head) => {
      let bytes = 0;
      const write = async (part: Uint8Array): Promise<void> => {
        await writeAt(out, part, bytes);
        bytes += part.length;
      };
      const first = headLine(head);
      if (first.length > MAX_HEAD_BYTES) throw unreadable('too large', { head: first.length });
      await write(first);
      const places = new Map(head.registries.map((base, place) => [base, place]));
      for (const each of [...kept.values()].sort(byPlace)) {
        await write(answerLine({ ...each, registry: places.get(each.base) ?? 0 }));
        await write(await bodyOf(each));
        await write(Buffer.from('\n'));
      }
      await write(endLine(kept.size));
      return { answers: kept.size, bytes };
    },
    remove: async () => {
      await file.close();
      await removePart(place);
    },
  };
};
