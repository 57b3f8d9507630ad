// What is known of one published version. Pure.
import type { Digest } from '../../storage/digest.ts';
import type { Tree, Violation } from '../protocol/faults.ts';
import type { ManifestFacts } from '../protocol/manifest/describe.ts';
import type { PackName, PackVersion } from '../protocol/pack-id.ts';
import type { PackedFile } from '../protocol/tarball.ts';
import type { DeprecationNote } from './lifecycle/deprecation-note.ts';
import type { UnpublishNote } from './lifecycle/unpublish-note.ts';
import type { YankNote } from './lifecycle/yank-note.ts';

/** One published version, all of it but the tarball's bytes. */
export interface VersionRecord {
  readonly name: PackName;
  readonly version: PackVersion;
  readonly tree: Tree;
  readonly digest: Digest;
  /** Bytes of the tarball. */
  readonly size: number;
  /** The exact bytes of pack.json in the tarball. */
  readonly manifest: Uint8Array;
  readonly signature: Uint8Array | null;
  readonly keyId: string | null;
  /** The release statement's envelope, as JSON text. */
  readonly statement: string | null;
  readonly facts: ManifestFacts;
  readonly files: readonly PackedFile[];
  readonly warnings: readonly Violation[];
  readonly publisher: string;
  readonly publishedAt: Date;
}

interface Lifecycle {
  /** The event that published it. */
  readonly eventId: string;
  readonly signed: boolean;
  /** Whether it has a release statement. */
  readonly stated: boolean;
  readonly yanked: YankNote | null;
  readonly deprecated: DeprecationNote | null;
  /** Only those who ask for tombstones see one. */
  readonly unpublished: UnpublishNote | null;
}

export type StoredVersion = VersionRecord & Lifecycle;

/** What lists of versions need, without the parts that may be large. */
export type ListedVersion = Omit<VersionRecord, 'manifest' | 'signature' | 'statement' | 'files'> & Lifecycle;
