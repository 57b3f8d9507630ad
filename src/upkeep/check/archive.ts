// Reads the tarball of a version and compares everything that its row says with what lies in it.
import { equalBytes } from '../../../keys/bytes.ts';
import { canonicalText, type JsonValue } from '../../../keys/canonical.ts';
import { type BlobStore, streamBlob } from '../../../storage/blob-store.ts';
import { type Digest, digestOfRaw } from '../../../storage/digest.ts';
import { StorageError } from '../../../storage/errors.ts';
import { blobKey } from '../../../storage/object-keys.ts';
import { isMirrored } from '../../packs/policy.ts';
import { SIGNATURE_PATH } from '../../protocol/build-tarball.ts';
import { parseStrictJson } from '../../protocol/json.ts';
import { describeManifest } from '../../protocol/manifest/describe.ts';
import { signingOf } from '../../protocol/manifest/signing.ts';
import { inspectTarball, type TarballReport } from '../../protocol/tarball.ts';
import type { FindingCode } from '../findings.ts';
import type { Report } from '../report.ts';
import type { VersionRow } from '../upkeep-store.ts';

export interface ArchiveDeps {
  readonly blobs: BlobStore;
  readonly report: Report;
}

export const nameOf = ({ name, version }: Pick<VersionRow, 'name' | 'version'>): string =>
  `${name}@${version}`;

export const digestOfRow = ({ digest }: Pick<VersionRow, 'digest'>): Digest => digestOfRaw(digest);

/** Whether the blob is there with the size its version says. */
export const checkBlob = async ({ blobs, report }: ArchiveDeps, row: VersionRow): Promise<boolean> => {
  const key = blobKey(digestOfRow(row));
  const found = await blobs.head(key);
  if (found === undefined) report.add('blob_missing', nameOf(row), { expected: key });
  else if (found.size !== row.size)
    report.add('blob_size', nameOf(row), { expected: row.size, found: found.size });
  return found !== undefined;
};

/** Undefined where the bytes are not the ones their name promises, or went away meanwhile. */
const inspect = async (
  { blobs, report }: ArchiveDeps,
  row: VersionRow,
): Promise<TarballReport | undefined> => {
  const digest = digestOfRow(row);
  try {
    // The bytes are hashed on the way; nothing is made of them before the end. A damaged archive ends the reading
    // early, so the rest is read for the hash alone.
    const archive = await inspectTarball(streamBlob(blobs, digest));
    if (archive.violations.length > 0) for await (const _ of streamBlob(blobs, digest));
    return archive;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    if (error.code === 'blob_missing') report.add('blob_missing', nameOf(row), { expected: blobKey(digest) });
    else if (error.code === 'blob_corrupt')
      report.add('blob_digest', nameOf(row), { expected: digest, found: error.details['found'] });
    else throw error;
    return undefined;
  }
};

const sameJson = (one: unknown, other: unknown): boolean => canonicalText(one) === canonicalText(other);

/** Undefined members are none, as JSON has it. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const manifestIn = (row: VersionRow): JsonValue | undefined => {
  const parsed = parseStrictJson(row.manifest);
  return parsed.ok ? parsed.value : undefined;
};

const signatureIn = (row: VersionRow, archive: TarballReport, manifest: JsonValue): Uint8Array | null =>
  archive.contents.get(signingOf(manifest, row.tree)?.signatureRef ?? SIGNATURE_PATH) ?? null;

const sameBytes = (one: Uint8Array | null, other: Uint8Array | null): boolean =>
  one === null || other === null ? one === other : equalBytes(one, other);

/** Reads all of it. */
export const checkArchive = async (the: ArchiveDeps, row: VersionRow): Promise<void> => {
  const flaw = (code: FindingCode, evidence = {}): void => the.report.add(code, nameOf(row), evidence);
  const archive = await inspect(the, row);
  if (archive === undefined) return;
  const [violation] = archive.violations;
  if (violation !== undefined) return flaw('archive_unsound', { found: violation.code });
  if (!sameBytes(archive.manifestBytes ?? null, row.manifest)) flaw('manifest_differs');
  if (!sameJson(plain(archive.files), row.files)) flaw('files_differ');
  const manifest = manifestIn(row);
  if (manifest === undefined) return flaw('facts_differ');
  if (!sameJson(plain(describeManifest(manifest)), row.facts)) flaw('facts_differ');
  // What upstream serves beside a tarball is what it is believed for, whatever the tarball holds.
  if (isMirrored(row.publisher)) return;
  if (!sameBytes(signatureIn(row, archive, manifest), row.signature)) flaw('signature_differs');
};
