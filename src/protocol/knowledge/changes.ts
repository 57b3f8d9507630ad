// What a revision of a contribution would change, and the digest to which verdicts and decisions are bound. Pure.
import { encodeHex } from '../../../keys/bytes.ts';
import { canonicalBytes } from '../../../keys/canonical.ts';
import { digestOf } from '../../../storage/digest.ts';
import { type Cid, digestOfCid } from '../cid.ts';
import { compareAsBytes, type KnowledgePath } from '../knowledge-path.ts';
import { type Entry, entryCid } from './entry.ts';
import type { BaseId } from './ids.ts';

export type KnowledgeChange =
  | { readonly op: 'put'; readonly path: KnowledgePath; readonly entry: Entry }
  | { readonly op: 'delete'; readonly path: KnowledgePath };

/** `sha256:<64 hex>`: how digests read in events and headers. */
export type NamedDigest = `sha256:${string}`;

const NAMED = /^sha256:[0-9a-f]{64}$/;

export const isNamedDigest = (value: unknown): value is NamedDigest =>
  typeof value === 'string' && NAMED.test(value);

export const namedDigest = (bytes: Uint8Array): NamedDigest => `sha256:${digestOf(bytes)}`;

/** The digest of the content that a content id names. */
export const namedDigestOfCid = (cid: Cid): NamedDigest => `sha256:${encodeHex(digestOfCid(cid))}`;

export const inPathOrder = (changes: readonly KnowledgeChange[]): readonly KnowledgeChange[] =>
  [...changes].sort((a, b) => compareAsBytes(a.path, b.path));

const line = (change: KnowledgeChange): readonly [string, string | null] =>
  change.op === 'put' ? [change.path, entryCid(change.entry)] : [change.path, null];

/**
 * Binds a revision to the base, to the version it is made from and to every entry it puts or takes away: canonical JSON
 * of `{base_version, changes: [[path, entry | null], …], kb}`, changes in the order of their paths.
 */
export const revisionDigest = (
  kb: BaseId,
  baseVersion: Cid | null,
  changes: readonly KnowledgeChange[],
): NamedDigest =>
  namedDigest(canonicalBytes({ kb, base_version: baseVersion, changes: inPathOrder(changes).map(line) }));
