// Opens a pack's archive in memory: every file of it or a refusal that lists every broken rule.
import type { JsonObject } from '../../keys/canonical.ts';
import type { Digest } from '../../storage/digest.ts';
import type { Violation } from '../protocol/faults.ts';
import { DEFAULT_ARCHIVE_CAPS, type TarballReport } from '../protocol/tarball.ts';
import { refusal } from './refusal.ts';
import { readJsonObject } from './registry-reader.ts';
import { inspectBytes } from './tarball-bytes.ts';

export interface Archive {
  readonly manifest: JsonObject;
  /** The exact bytes of pack.json: what a signature over the manifest covers. */
  readonly manifestBytes: Uint8Array;
  /** Every file by its path, in the order of the archive. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** An archive as it was read just now. */
export interface OpenedArchive extends Archive {
  /** Of each file, taken while it was read. */
  readonly digests: ReadonlyMap<string, Digest>;
}

/** Contents are handed out up to the limit for manifests, so it is lifted here and asked for below. */
const CAPS = { ...DEFAULT_ARCHIVE_CAPS, maxManifestBytes: DEFAULT_ARCHIVE_CAPS.maxEntryBytes };

const tooLargeManifest = ({ manifestBytes }: TarballReport): readonly Violation[] => {
  const limit = DEFAULT_ARCHIVE_CAPS.maxManifestBytes;
  if ((manifestBytes?.length ?? 0) <= limit) return [];
  const message = `pack.json has more than ${limit} bytes.`;
  return [{ code: 'tarball_manifest_too_large', where: 'pack.json', message }];
};

/** @throws Refusal of `archive` with every violation; of `identity` where pack.json is no strict JSON */
export const openArchive = async (tarball: Uint8Array): Promise<OpenedArchive> => {
  const report = await inspectBytes(tarball, CAPS, () => true);
  const violations = [...report.violations, ...tooLargeManifest(report)];
  const [first] = violations;
  if (first !== undefined) throw refusal('archive', 'archive_invalid', { violations }, first.message);
  const { manifestBytes, contents } = report;
  if (manifestBytes === undefined || contents.size !== report.files.length)
    throw refusal('archive', 'archive_invalid', { files: report.files.length, read: contents.size });
  const manifest = readJsonObject('identity', manifestBytes, 'pack.json');
  const digests = new Map(report.files.map(({ path, digest }) => [path, digest]));
  return { manifest, manifestBytes, files: contents, digests };
};
