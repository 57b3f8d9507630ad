// Inspects a pack's tarball in one pass: every broken rule, every file with its digest, the contents asked for. Pure.
import { extract, type Header } from 'tar-stream';
import { type Digest, startDigest } from '../../storage/digest.ts';
import { ArchiveRefused } from './archive-refusal.ts';
import { type EntryCaps, MANIFEST_PATH, openEntryRules } from './archive-rules.ts';
import { openArchiveWalk } from './archive-walk.ts';
import type { Violation } from './faults.ts';
import { type GzipCaps, unpackGzipMember } from './gzip-member.ts';
import { joinBytes } from './join-bytes.ts';
import type { TarHeader } from './tar-header.ts';

export interface ArchiveCaps extends GzipCaps, EntryCaps {}

export const DEFAULT_ARCHIVE_CAPS: ArchiveCaps = {
  maxUnpackedBytes: 50 * 1_048_576,
  maxRatio: 200,
  maxEntries: 10_000,
  maxEntryBytes: 5 * 1_048_576,
  maxManifestBytes: 262_144,
};

export interface PackedFile {
  /** As written, without leading `./`. */
  readonly path: string;
  readonly size: number;
  readonly digest: Digest;
}

export interface TarballReport {
  /** Empty for a sound archive. What ended the reading early stands first where the gzip member was at fault. */
  readonly violations: readonly Violation[];
  /** In the order of the archive; directories are not listed. */
  readonly files: readonly PackedFile[];
  readonly manifestBytes?: Uint8Array;
  /** By path: pack.json and the files asked for, each no larger than a manifest may be, 4 MiB together by default. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

/** Says which contents the caller wants in memory, by path. */
export type Wanted = (path: string) => boolean;

/** Signatures may stand anywhere under `keys/` (`signing.signatureRef`). */
const wantsKeys: Wanted = (path) => path.startsWith('keys/');

const MANIFESTS_KEPT = 16;

interface Entry {
  readonly header: TarHeader;
  readonly path: string;
}

interface Harvest {
  readonly files: PackedFile[];
  readonly contents: Map<string, Uint8Array>;
  /** Bytes that may still be kept. */
  room: number;
}

const mayKeep = (harvest: Harvest, { header, path }: Entry, caps: ArchiveCaps, wanted: Wanted): boolean =>
  header.size <= Math.min(caps.maxManifestBytes, harvest.room) &&
  !harvest.contents.has(path) &&
  (path === MANIFEST_PATH || wanted(path));

/** Takes in one file, piece by piece; `finish` enters it into the harvest. */
const openFile = (harvest: Harvest, { header, path }: Entry, keep: boolean) => {
  const digest = startDigest();
  const kept: Uint8Array[] = [];
  return {
    update: (piece: Uint8Array) => {
      digest.update(piece);
      if (keep) kept.push(piece);
    },
    finish: () => {
      harvest.files.push({ path, size: header.size, digest: digest.finish() });
      if (!keep) return;
      // A copy, because the pieces are windows into a far larger buffer.
      harvest.contents.set(path, joinBytes(kept));
      harvest.room -= header.size;
    },
  };
};

const disputed = (message: string, where = ''): ArchiveRefused =>
  new ArchiveRefused({ code: 'tarball_tar_parse_failed', where, message });

/** Two readers that see different entries mean that an installer may see a third thing. */
const disagreement = (mine: TarHeader | undefined, theirs: Header): ArchiveRefused | undefined => {
  const same =
    mine !== undefined &&
    mine.name === theirs.name &&
    mine.size === theirs.size &&
    (mine.type === 'refused' || mine.type === theirs.type);
  return same
    ? undefined
    : disputed('Tar readers disagree about the name, type or size of this entry.', theirs.name);
};

interface EntryReader {
  readonly expect: (entry: Entry) => void;
  readonly take: (piece: Uint8Array) => Promise<void>;
  readonly finish: () => Promise<void>;
  readonly close: () => void;
}

/** The reader that hands out contents; each entry it finds must be the next one that the raw audit announced. */
const openEntryReader = (startFile: (entry: Entry) => ReturnType<typeof openFile>): EntryReader => {
  const expected: Entry[] = [];
  const reader = extract();
  const closed = new Promise<void>((resolve, reject) => {
    reader.on('close', resolve);
    reader.on('error', (error: Error) =>
      reject(error instanceof ArchiveRefused ? error : disputed(error.message)),
    );
  });
  // The rejection is met by whoever waits next; until then it is nobody's.
  closed.catch(() => {});

  reader.on('entry', (theirs, data, next) => {
    const entry = expected.shift();
    data.on('error', () => {});
    const dispute = disagreement(entry?.header, theirs);
    if (entry === undefined || dispute !== undefined) return reader.destroy(dispute);
    const file = entry.header.type === 'file' ? startFile(entry) : undefined;
    data.on('data', (piece) => file?.update(piece as Uint8Array));
    data.on('end', () => {
      file?.finish();
      next();
    });
  });

  return {
    expect: (entry) => void expected.push(entry),
    take: async (piece) => {
      if (reader.write(piece)) return;
      await Promise.race([closed, new Promise<void>((resolve) => reader.once('drain', resolve))]);
    },
    finish: async () => {
      reader.end(null);
      await closed;
      const missed = expected[0];
      if (missed !== undefined)
        throw disputed('Tar readers disagree whether this entry is there.', missed.path);
    },
    close: () => void reader.destroy(),
  };
};

const SEEN_FIRST = new Set(['tarball_gunzip_failed', 'tarball_too_large']);

/** The gzip member is an earlier stage than the archive, although both are read at once. */
const inStageOrder = (found: readonly Violation[], last: Violation | undefined): readonly Violation[] => {
  if (last === undefined) return found;
  return SEEN_FIRST.has(last.code) ? [last, ...found] : [...found, last];
};

/**
 * Reads a gzipped tarball once and reports everything that is wrong with it; damage to the gzip member or to the
 * structure of the archive ends the reading. Memory stays bounded by the caps, whatever the bytes are.
 * @throws only what `source` throws
 */
export const inspectTarball = async (
  source: AsyncIterable<Uint8Array>,
  caps: ArchiveCaps = DEFAULT_ARCHIVE_CAPS,
  wanted: Wanted = wantsKeys,
): Promise<TarballReport> => {
  const rules = openEntryRules(caps);
  const harvest: Harvest = { files: [], contents: new Map(), room: MANIFESTS_KEPT * caps.maxManifestBytes };
  const reader = openEntryReader((entry) => openFile(harvest, entry, mayKeep(harvest, entry, caps, wanted)));
  const walk = openArchiveWalk((header) => {
    const path = rules.admit(header);
    if (header.type !== 'extension') reader.expect({ header, path });
  });
  const ended = await readAll(unpackGzipMember(source, caps), walk, reader).catch(refusalIn);
  if (ended === undefined) rules.conclude();
  const manifestBytes = harvest.contents.get(MANIFEST_PATH);
  return {
    violations: inStageOrder(rules.violations(), ended),
    files: harvest.files,
    ...(manifestBytes === undefined ? {} : { manifestBytes }),
    contents: harvest.contents,
  };
};

const readAll = async (
  pieces: AsyncIterable<Uint8Array>,
  walk: ReturnType<typeof openArchiveWalk>,
  reader: EntryReader,
): Promise<undefined> => {
  try {
    for await (const piece of pieces) {
      walk.take(piece);
      await reader.take(piece);
    }
    walk.finish();
    await reader.finish();
  } finally {
    reader.close();
  }
};

const refusalIn = (error: unknown): Violation => {
  if (error instanceof ArchiveRefused) return error.violation;
  throw error;
};
