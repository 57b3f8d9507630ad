// Inspects a tarball that is in memory already, as the protocol inspects one that streams in. Pure.
import { type ArchiveCaps, inspectTarball, type TarballReport } from '../protocol/tarball.ts';

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

/** Contents are kept of the paths that `keep` says yes to. */
export const inspectBytes = (
  bytes: Uint8Array,
  caps?: ArchiveCaps,
  keep?: (path: string) => boolean,
): Promise<TarballReport> => inspectTarball(inOnePiece(bytes), caps, keep);
