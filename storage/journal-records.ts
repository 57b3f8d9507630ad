// Small blobs one after another in a journal: how they are written and, after a crash, found again. Pure.
import { crc32 } from 'node:zlib';
import { type Digest, digestBytes, digestOf, parseDigest, sameDigest } from './digest.ts';

export interface JournalRecord {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

/** Bytes of an epoch: what tells the records of one use of a journal from those it overwrites. */
export const EPOCH_BYTES = 16;

const MAGIC = Buffer.from('blobjnl1');
const EPOCH_AT = 8;
const SIZE_AT = 24;
const DIGEST_AT = 28;
const CHECKSUM_AT = 60;
const HEADER_BYTES = 64;

export const recordLength = ({ bytes }: JournalRecord): number => HEADER_BYTES + bytes.length;

/** The records as they stand in a journal, one after another. */
export const encodeRecords = (epoch: Uint8Array, records: readonly JournalRecord[]): Buffer =>
  Buffer.concat(records.flatMap((record) => [headerOf(epoch, record), record.bytes]));

const headerOf = (epoch: Uint8Array, { digest, bytes }: JournalRecord): Buffer => {
  const header = Buffer.alloc(HEADER_BYTES);
  header.set(MAGIC);
  header.set(epoch, EPOCH_AT);
  header.writeUInt32LE(bytes.length, SIZE_AT);
  header.set(digestBytes(digest), DIGEST_AT);
  header.writeUInt32LE(crc32(header.subarray(0, CHECKSUM_AT)), CHECKSUM_AT);
  return header;
};

/**
 * The whole records from the start, up to the first that is torn, damaged, or of an earlier epoch than the first. What
 * follows such a one was never acknowledged: nothing is written before what stands in front of it is durable.
 */
export function* readRecords(journal: Buffer): Generator<JournalRecord, void, undefined> {
  const epoch = journal.subarray(EPOCH_AT, EPOCH_AT + EPOCH_BYTES);
  for (let at = 0; ; ) {
    const record = readRecord(journal.subarray(at), epoch);
    if (record === undefined) return;
    yield record;
    at += recordLength(record);
  }
}

const readRecord = (from: Buffer, epoch: Buffer): JournalRecord | undefined => {
  const header = from.subarray(0, HEADER_BYTES);
  if (header.length < HEADER_BYTES || !header.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (!header.subarray(EPOCH_AT, SIZE_AT).equals(epoch)) return undefined;
  if (header.readUInt32LE(CHECKSUM_AT) !== crc32(header.subarray(0, CHECKSUM_AT))) return undefined;
  const digest = parseDigest(header.toString('hex', DIGEST_AT, CHECKSUM_AT));
  const bytes = from.subarray(HEADER_BYTES, HEADER_BYTES + header.readUInt32LE(SIZE_AT));
  return digest !== undefined && sameDigest(digestOf(bytes), digest) ? { digest, bytes } : undefined;
};
