// Unpacks exactly one gzip member (RFC 1952) under caps; what stands before, after or in place of it is refused. Pure.
import type { InflateRaw } from 'node:zlib';
import { equalBytes } from '../../keys/bytes.ts';
import { refuseArchive } from './archive-refusal.ts';
import { crc32 } from './crc32.ts';
import { gzipHeaderLength, LONGEST_HEADER, startsMember } from './gzip-header.ts';
import { type Intake, openIntake } from './intake.ts';
import { type NodeZlib, nativeZlib } from './native-zlib.ts';
import { inflateExactly } from './web-inflate.ts';

export interface GzipCaps {
  /** Bytes that may come out. */
  readonly maxUnpackedBytes: number;
  /** Bytes out for each compressed byte taken in so far; asked only beyond the first MiB that comes out. */
  readonly maxRatio: number;
}

const RATIO_FLOOR = 1_048_576;
const PIECE = 65_536;
/** What is this small is inflated in one call, which costs a tenth of a stream. */
const AT_ONCE = { packed: 65_536, unpacked: 1_048_576 } as const;
const TRAILER = 8;

const refuse = (message: string): never => refuseArchive('tarball_gunzip_failed', message);

interface Meter {
  /** Counts a piece that came out after `taken` deflate bytes went in. */
  readonly count: (piece: Uint8Array, taken: number) => void;
  /** The trailer that a member of what was counted must end with. */
  readonly trailer: () => Uint8Array;
}

const openMeter = (caps: GzipCaps): Meter => {
  let sum = 0;
  let size = 0;
  return {
    count: (piece, taken) => {
      size += piece.length;
      if (size > caps.maxUnpackedBytes)
        refuseArchive(
          'tarball_too_large',
          `The tarball unpacks to more than ${caps.maxUnpackedBytes} bytes.`,
        );
      if (size > RATIO_FLOOR && size > taken * caps.maxRatio)
        refuseArchive(
          'tarball_too_large',
          `The tarball unpacks to more than ${caps.maxRatio} times its size.`,
        );
      sum = crc32(piece, sum);
    },
    trailer: () => {
      const bytes = new DataView(new ArrayBuffer(TRAILER));
      bytes.setUint32(0, sum, true);
      bytes.setUint32(4, size % 2 ** 32, true);
      return new Uint8Array(bytes.buffer);
    },
  };
};

interface Whole {
  readonly unpacked: Uint8Array;
  readonly taken: number;
}

/** Undefined where it would be larger than may be inflated in one call. */
const inflateAtOnce = (zlib: NodeZlib, deflated: Uint8Array): Whole | undefined => {
  try {
    const options = { info: true, chunkSize: PIECE, maxOutputLength: AT_ONCE.unpacked };
    const result: unknown = zlib.inflateRawSync(deflated, options);
    const { buffer, engine } = result as { readonly buffer: Buffer; readonly engine: InflateRaw };
    return { unpacked: buffer, taken: engine.bytesWritten };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    return refuse('The compressed data is damaged or cut short.');
  }
};

/** Lets one reader sleep until the next event; nothing rings between its look and its sleep. */
const openBell = () => {
  let ring = (): void => {};
  const rung = (): Promise<void> =>
    new Promise((resolve) => {
      ring = resolve;
    });
  return { ring: () => ring(), rung };
};

/** Feeds one chunk and yields what comes out; the stream has `readableEnded` where deflate ended inside of it. */
async function* inflateChunk(inflater: InflateRaw, chunk: Uint8Array, bell: ReturnType<typeof openBell>) {
  let used = false;
  inflater.write(chunk, () => {
    used = true;
    bell.ring();
  });
  for (;;) {
    const piece = inflater.read() as Buffer | null;
    if (inflater.errored) refuse('The compressed data is damaged.');
    if (piece !== null) yield piece;
    else if (used || inflater.readableEnded) return;
    else await bell.rung();
  }
}

/** Yields what comes out and leaves the bytes after the deflate data in the intake. */
async function* inflateInPieces(
  zlib: NodeZlib,
  intake: Intake,
  meter: Meter,
): AsyncGenerator<Uint8Array, void> {
  const inflater = zlib.createInflateRaw({ chunkSize: PIECE });
  const bell = openBell();
  for (const event of ['readable', 'end', 'error', 'close']) inflater.on(event, bell.ring);
  try {
    for (let fed = 0; fed === inflater.bytesWritten && !inflater.readableEnded; ) {
      const chunk = (await intake.next()) ?? refuse('The compressed data is cut short.');
      fed += chunk.length;
      for await (const piece of inflateChunk(inflater, chunk, bell)) {
        meter.count(piece, inflater.bytesWritten);
        yield piece;
      }
      intake.held = chunk.subarray(chunk.length - (fed - inflater.bytesWritten));
    }
  } finally {
    inflater.destroy();
  }
}

/** Yields what comes out of all that there is but a trailer, and leaves that in the intake. */
async function* inflateWithoutZlib(intake: Intake, meter: Meter): AsyncGenerator<Uint8Array, void> {
  await intake.gather(Number.POSITIVE_INFINITY);
  const end = Math.max(intake.held.length - TRAILER, 0);
  const pieces = await inflateExactly(intake.held.subarray(0, end), (piece) => meter.count(piece, end));
  intake.held = intake.held.subarray(end);
  await requireTrailer(intake, meter);
  yield* pieces;
}

const requireTrailer = async (intake: Intake, meter: Meter): Promise<void> => {
  await intake.gather(TRAILER + 2);
  const found = intake.held.subarray(0, TRAILER);
  if (found.length < TRAILER) refuse('The gzip member is cut short: its checksum is missing.');
  if (!equalBytes(meter.trailer(), found))
    refuse('The unpacked data does not match the checksum and size of the gzip member.');
  const rest = intake.held.subarray(TRAILER);
  if (startsMember(rest)) refuse('A second gzip member follows the first.');
  if (rest.length > 0) refuse('Bytes follow after the gzip member.');
};

/**
 * Yields the unpacked bytes in pieces of at most a MiB, never more than one ahead of its reader. Small members are
 * checked to their end before the first piece is given; large ones end with the same checks.
 * @throws ArchiveRefused `tarball_gunzip_failed` or `tarball_too_large`; what the source itself throws, unchanged
 */
export async function* unpackGzipMember(
  source: AsyncIterable<Uint8Array>,
  caps: GzipCaps,
): AsyncGenerator<Uint8Array, void> {
  const intake = openIntake(source);
  const meter = openMeter(caps);
  try {
    await intake.gather(AT_ONCE.packed + LONGEST_HEADER);
    intake.held = intake.held.subarray(gzipHeaderLength(intake.held));
    const zlib = nativeZlib;
    if (zlib === undefined) return yield* inflateWithoutZlib(intake, meter);
    const whole = intake.ended ? inflateAtOnce(zlib, intake.held) : undefined;
    if (whole === undefined) {
      yield* inflateInPieces(zlib, intake, meter);
      await requireTrailer(intake, meter);
      return;
    }
    meter.count(whole.unpacked, whole.taken);
    intake.held = intake.held.subarray(whole.taken);
    await requireTrailer(intake, meter);
    yield whole.unpacked;
  } finally {
    await intake.close();
  }
}
