// Inflates with what every browser has, where there is no zlib that says how far it read. Pure.
import { refuseArchive } from './archive-refusal.ts';

/** Told of every piece that comes out, before the next one is asked for; ends the work by throwing. */
type OnPiece = (piece: Uint8Array) => void;

/** False where the deflate data is damaged, cut short, or, to engines that notice, followed by something. */
const inflate = async (deflated: Uint8Array, onPiece: OnPiece): Promise<boolean> => {
  const stream = new DecompressionStream('deflate-raw');
  const writer = stream.writable.getWriter();
  const fed = writer.write(deflated as Uint8Array<ArrayBuffer>).then(() => writer.close());
  fed.catch(() => {});
  const reader = stream.readable.getReader();
  const next = () => reader.read().catch(() => undefined);
  try {
    for (let read = await next(); read?.done !== true; read = await next()) {
      if (read === undefined) return false;
      onPiece(read.value as Uint8Array);
    }
    return true;
  } finally {
    await reader.cancel().catch(() => {});
    await writer.abort().catch(() => {});
  }
};

/**
 * Gives what the deflate data unpacks to, in pieces. Not every engine refuses bytes that follow the data, and hidden
 * bytes are what nobody may overlook: so the data must also be cut short as soon as its last byte is missing.
 * @throws ArchiveRefused `tarball_gunzip_failed`; whatever `onPiece` throws
 */
export const inflateExactly = async (
  deflated: Uint8Array,
  onPiece: OnPiece,
): Promise<readonly Uint8Array[]> => {
  const pieces: Uint8Array[] = [];
  const whole = await inflate(deflated, (piece) => {
    onPiece(piece);
    pieces.push(piece);
  });
  if (!whole) refuseArchive('tarball_gunzip_failed', 'The compressed data is damaged or cut short.');
  if (await inflate(deflated.subarray(0, -1), () => {}))
    refuseArchive('tarball_gunzip_failed', 'Bytes follow after the compressed data.');
  return pieces;
};
