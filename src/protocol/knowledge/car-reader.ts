// Reads CAR version 1 (https://ipld.io/specs/transport/car/carv1/) from a hostile source, a block at a time. Pure.

import { encodeHex } from '../../../keys/bytes.ts';
import { startDigest } from '../../../storage/digest.ts';
import { type CborObject, type CborValue, cidOfLink, decodeCbor, isLink } from '../cbor.ts';
import { type Cid, type Codec, cidFromBytes, codecOf } from '../cid.ts';
import { ContentError } from '../content-errors.ts';
import { type Intake, openIntake } from '../intake.ts';
import { joinBytes } from '../join-bytes.ts';
import { MAX_DOCUMENT_BYTES } from './entry.ts';

export interface CarBlock {
  readonly cid: Cid;
  /** Bytes. */
  readonly size: number;
  /** To be read once. The last chunk comes only when all of them together are what the id names. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface Car {
  readonly roots: readonly Cid[];
  /**
   * The next block, undefined at the end. What nobody read of the block before is read and checked first.
   * Rejects with ContentError `car_form`, `cid_…` or `block_mismatch`, and with whatever the source throws.
   */
  readonly next: () => Promise<CarBlock | undefined>;
  /** Lets go of the source. */
  readonly close: () => Promise<void>;
}

const MAX_HEADER_BYTES = 1_024;
const MAX_BLOCK_BYTES = { raw: MAX_DOCUMENT_BYTES, 'dag-cbor': 1_048_576 } as const satisfies Record<
  Codec,
  number
>;
const CID_BYTES = 36;
const DIGEST_BYTES = 32;
/** Holds the length of any block taken here. */
const MAX_VARINT_BYTES = 4;

const refuse = (reason: string, details: object = {}): never => {
  throw new ContentError('car_form', { reason, ...details });
};

interface Varint {
  readonly value: number;
  readonly length: number;
}

/** One number, one spelling: whatever goes on with zeros, or is too long to be a length here, is none. */
const readVarint = (bytes: Uint8Array): Varint => {
  let value = 0;
  for (let at = 0; at < MAX_VARINT_BYTES; at += 1) {
    const byte = bytes[at] ?? refuse('truncated');
    value += (byte & 0x7f) * 0x80 ** at;
    if (byte >= 0x80) continue;
    return byte === 0 && at > 0 ? refuse('length_not_minimal') : { value, length: at + 1 };
  }
  return refuse('length_too_large');
};

/** Takes that many bytes, all of which are at hand. */
const takeHeld = (intake: Intake, count: number): Uint8Array => {
  const taken = intake.held.subarray(0, count);
  intake.held = intake.held.subarray(count);
  return taken;
};

const rootsOf = (value: CborValue): readonly Cid[] => {
  const header = (value ?? {}) as CborObject;
  const members = Object.keys(header).sort().join();
  const { version, roots } = header;
  if (members !== 'roots,version' || version !== 1 || !Array.isArray(roots) || roots.length === 0)
    return refuse('header');
  return roots.map((root: CborValue) => (isLink(root) ? cidOfLink(root) : refuse('header')));
};

const readHeader = async (intake: Intake): Promise<readonly Cid[]> => {
  await intake.gather(MAX_VARINT_BYTES + MAX_HEADER_BYTES);
  const { value, length } = readVarint(intake.held);
  if (value === 0 || value > MAX_HEADER_BYTES) refuse('header_length', { found: value });
  if (intake.held.length < length + value) refuse('truncated');
  takeHeld(intake, length);
  return rootsOf(decodeCbor(takeHeld(intake, value), { maxBytes: MAX_HEADER_BYTES, maxDepth: 3 }));
};

interface Head {
  readonly cid: Cid;
  readonly size: number;
  /** That the id names, in hex. */
  readonly digest: string;
}

const readHead = async (intake: Intake): Promise<Head | undefined> => {
  await intake.gather(MAX_VARINT_BYTES + CID_BYTES);
  if (intake.held.length === 0) return undefined;
  const { value, length } = readVarint(intake.held);
  if (value < CID_BYTES) refuse('length_too_small', { found: value });
  if (intake.held.length < length + CID_BYTES) refuse('truncated');
  takeHeld(intake, length);
  const id = takeHeld(intake, CID_BYTES);
  const cid = cidFromBytes(id);
  const size = value - CID_BYTES;
  const expected = MAX_BLOCK_BYTES[codecOf(cid)];
  if (size > expected) refuse('block_too_large', { cid, expected, found: size });
  return { cid, size, digest: encodeHex(id.subarray(CID_BYTES - DIGEST_BYTES)) };
};

/** Hands over the chunks of one block until there are none, and its last one only if it is the block. */
const readBody = (intake: Intake, { cid, size, digest }: Head): (() => Promise<Uint8Array | undefined>) => {
  const running = startDigest();
  let left = size;
  let isChecked = false;
  const check = (): void => {
    if (isChecked) return;
    isChecked = true;
    const found = running.finish();
    if (found !== digest)
      throw new ContentError('block_mismatch', {
        cid,
        expected: `sha256:${digest}`,
        found: `sha256:${found}`,
      });
  };
  return async () => {
    if (left === 0) {
      check();
      return undefined;
    }
    const chunk = (await intake.next()) ?? refuse('truncated', { cid });
    const own = chunk.subarray(0, left);
    intake.held = chunk.subarray(own.length);
    running.update(own);
    left -= own.length;
    if (left === 0) check();
    return own;
  };
};

async function* untilNone(next: () => Promise<Uint8Array | undefined>): AsyncGenerator<Uint8Array> {
  for (let chunk = await next(); chunk !== undefined; chunk = await next()) yield chunk;
}

const readBlocks = (intake: Intake): Car['next'] => {
  let rest: () => Promise<Uint8Array | undefined> = async () => undefined;
  return async () => {
    while ((await rest()) !== undefined);
    const head = await readHead(intake);
    if (head === undefined) return undefined;
    rest = readBody(intake, head);
    return { cid: head.cid, size: head.size, body: untilNone(rest) };
  };
};

/**
 * Reads the header; the blocks are read as they are asked for, none of them held as a whole.
 * Rejects with ContentError `car_form`; as `decodeCbor` for the header; with whatever the source throws
 */
export const openCar = async (source: AsyncIterable<Uint8Array>): Promise<Car> => {
  const intake = openIntake(source);
  try {
    return { roots: await readHeader(intake), next: readBlocks(intake), close: intake.close };
  } catch (error) {
    await intake.close();
    throw error;
  }
};

/** All bytes of a block as an array of their own. */
export const blockBytes = async ({ body }: CarBlock): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return joinBytes(chunks);
};
