// Walks the blocks of a tar archive, however its bytes are cut, and audits every header it meets. Pure.
import { refuseArchive } from './archive-refusal.ts';
import { BLOCK, readTarBlock, type TarHeader } from './tar-header.ts';

export interface ArchiveWalk {
  /** @throws ArchiveRefused where the archive cannot be read on */
  readonly take: (piece: Uint8Array) => void;
  /** @throws ArchiveRefused where the archive is not whole */
  readonly finish: () => void;
}

const END_BLOCKS = 2;

const refuse = (message: string): never => refuseArchive('tarball_tar_parse_failed', message);

/** GNU tar and bsdtar fill their last record with zeros, so any number of them may stand where nothing else does. */
const requireZeros = (bytes: Uint8Array, message: string): void => {
  for (let at = 0; at < bytes.length; at += 1) if (bytes[at] !== 0) refuse(message);
};

interface Place {
  /** Bytes of the present entry's data, and of the padding after it, that are still to come. */
  data: number;
  padding: number;
  zeroBlocks: number;
  /** The beginning of a block whose end is still to come. */
  readonly block: Uint8Array;
  filled: number;
}

const readBlock = (place: Place, block: Uint8Array, onHeader: (header: TarHeader) => void): void => {
  const read = readTarBlock(block);
  if (read.kind === 'broken') {
    refuse(read.message);
  } else if (read.kind === 'zero') {
    place.zeroBlocks += 1;
  } else {
    if (place.zeroBlocks > 0) refuse('An entry follows after an empty block, where some readers stop.');
    place.data = read.header.size;
    place.padding = -read.header.size & (BLOCK - 1);
    onHeader(read.header);
  }
};

/** Uses what it can of a piece for the block at hand and says how many bytes that was. */
const fillBlock = (place: Place, piece: Uint8Array, onHeader: (header: TarHeader) => void): number => {
  if (place.filled === 0 && piece.length >= BLOCK) {
    readBlock(place, piece.subarray(0, BLOCK), onHeader);
    return BLOCK;
  }
  const part = piece.subarray(0, BLOCK - place.filled);
  place.block.set(part, place.filled);
  place.filled = (place.filled + part.length) % BLOCK;
  if (place.filled === 0) readBlock(place, place.block, onHeader);
  return part.length;
};

const step = (place: Place, piece: Uint8Array, onHeader: (header: TarHeader) => void): number => {
  if (place.data > 0) {
    const skipped = Math.min(place.data, piece.length);
    place.data -= skipped;
    return skipped;
  }
  if (place.padding > 0) {
    const padding = piece.subarray(0, place.padding);
    // Non-zero padding is refused: no tool of today writes it, and no digest of a file would cover it.
    requireZeros(padding, 'Bytes are hidden in the padding after a file.');
    place.padding -= padding.length;
    return padding.length;
  }
  if (place.zeroBlocks < END_BLOCKS) return fillBlock(place, piece, onHeader);
  requireZeros(piece, 'Bytes follow after the end of the archive.');
  place.filled = (place.filled + piece.length) % BLOCK;
  return piece.length;
};

/** `onHeader` hears of each header once, in order, before any byte of its data. It may throw to end the walk. */
export const openArchiveWalk = (onHeader: (header: TarHeader) => void): ArchiveWalk => {
  const place: Place = { data: 0, padding: 0, zeroBlocks: 0, block: new Uint8Array(BLOCK), filled: 0 };
  return {
    take: (piece) => {
      for (let at = 0; at < piece.length; ) at += step(place, piece.subarray(at), onHeader);
    },
    finish: () => {
      if (place.zeroBlocks < END_BLOCKS)
        refuse('The archive is cut short: its two empty end blocks are missing.');
      if (place.filled !== 0) refuse('The archive is not a whole number of 512-byte blocks.');
    },
  };
};
