// Whether the log records a version, and what it records of it: its bytes, its key, its signature, its place and time.
import { decodeBase64 } from '../../keys/bytes.ts';
import type { JsonObject } from '../../keys/canonical.ts';
import { KeyError } from '../../keys/errors.ts';
import { type PublicKey, parsePublicKeyBase64 } from '../../keys/key.ts';
import { type Digest, parseDigest } from '../../storage/digest.ts';
import type { Tree } from '../protocol/faults.ts';
import { at, objectOf, textOf } from '../protocol/manifest/read.ts';
import { MAX_PROOF_BYTES, type TlogProof } from '../protocol/tlog-proof.ts';
import { addressOf } from './discovery.ts';
import { type Asked, openExtra, proofMalformed, readProof, requireIncluded } from './proven-event.ts';
import { refusal } from './refusal.ts';
import type { OpenRegistry } from './registry.ts';
import type { Wanted } from './resolve.ts';

/** Where a version came from, and whose key the registry says that it found listed there for it. */
export interface MirroredFrom {
  readonly upstream: string;
  readonly publicKey: PublicKey;
}

/** What the log says of one version. */
export interface Recorded {
  /** Of the leaf, from 0. */
  readonly index: number;
  /** When it was published, by the clock of the registry. */
  readonly at: Date;
  readonly digest: Digest;
  /** Bytes of the tarball. */
  readonly size: number;
  /** Both undefined for an unsigned version. */
  readonly keyId: string | undefined;
  readonly signature: Uint8Array | undefined;
  /** Undefined for what was published in that registry itself. */
  readonly mirrored: MirroredFrom | undefined;
  /** Size of the tree in which it was found. */
  readonly treeSize: number;
}

const asked = (path: string): Asked => ({ question: 'leaf', path });

const proofPathOf = ({ log, discovery }: OpenRegistry, { name, version }: Wanted): string | undefined => {
  const template = discovery.trust?.log?.versionProof;
  return log === undefined || template === undefined ? undefined : addressOf(template, { name, version });
};

const fetchProof = (registry: OpenRegistry, path: string): Promise<Uint8Array | undefined> =>
  registry.reader.bytes('leaf', path, MAX_PROOF_BYTES);

/** The proof of a version, as it is served; undefined where there is no log. */
export const fetchProofOf = async (registry: OpenRegistry, wanted: Wanted): Promise<unknown> => {
  const path = proofPathOf(registry, wanted);
  return path && fetchProof(registry, path);
};

const requireProof = async (registry: OpenRegistry, path: string): Promise<TlogProof> => {
  const bytes = await fetchProof(registry, path);
  if (bytes === undefined) throw refusal('leaf', 'proof_missing', { path });
  return readProof(asked(path), bytes);
};

/** The event must be this version's publication, here or as it was mirrored, and no other event, version or tree. */
const requireSubject = (event: JsonObject, { name, version }: Wanted, tree: Tree): void => {
  const kinds: readonly unknown[] = ['pack.published', 'mirror.ingested'];
  const expected = {
    kind: kinds.includes(event['kind']) ? event['kind'] : kinds[0],
    subject: `pack:${name}@${version}`,
    name,
    version,
    tree,
  };
  const data = objectOf(event['data']) ?? {};
  const { kind = null, subject = null } = event;
  const said = { name: data['name'] ?? null, version: data['version'] ?? null, tree: data['tree'] ?? null };
  const found: JsonObject = { kind, subject, ...said };
  if (Object.entries(expected).some(([field, value]) => found[field] !== value))
    throw refusal('leaf', 'leaf_mismatch', { expected, found });
};

const wholeNumber = (value: unknown): number => (Number.isSafeInteger(value) ? Number(value) : Number.NaN);

/** @throws Refusal `proof_malformed` for a mirrored version without its key */
const readMirrored = (event: JsonObject, path: string): MirroredFrom | undefined => {
  if (event['kind'] !== 'mirror.ingested') return undefined;
  const upstream = textOf(at(event, 'data', 'upstream'));
  try {
    const publicKey = parsePublicKeyBase64(textOf(at(event, 'data', 'publicKey')) ?? '');
    if (upstream !== undefined) return { upstream, publicKey };
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
  }
  throw proofMalformed(asked(path), 'another form of event');
};

/** What is recorded must be of the one form in which a registry records it. */
const readRecord = (event: JsonObject, path: string): Omit<Recorded, 'index' | 'treeSize'> => {
  const of = (field: string) => at(event, 'data', field);
  const digest = parseDigest(textOf(of('sha256')) ?? '');
  const time = new Date(textOf(event['at']) ?? '');
  const size = wholeNumber(of('size'));
  const [keyId, encoded] = [textOf(of('keyId')), textOf(of('signature'))];
  const signature = encoded === undefined ? undefined : decodeBase64(encoded);
  const wellSigned =
    (keyId === undefined) === (signature === undefined) &&
    (encoded === undefined) === (signature === undefined);
  if (digest === undefined || Number.isNaN(time.getTime()) || !(size >= 0) || !wellSigned)
    throw proofMalformed(asked(path), 'another form of event');
  return { at: time, digest, size, keyId, signature, mirrored: readMirrored(event, path) };
};

/**
 * What the log records of a version that is served in that tree; undefined where there is no log.
 * @throws Refusal of `leaf`, or of `checkpoint` where the proof comes from another history of the log
 */
export const requireRecorded = async (
  registry: OpenRegistry,
  wanted: Wanted,
  tree: Tree,
): Promise<Recorded | undefined> => {
  const { log } = registry;
  const path = proofPathOf(registry, wanted);
  if (log === undefined || path === undefined) return undefined;
  const proof = await requireProof(registry, path);
  const { event, leaf } = openExtra(asked(path), proof);
  const treeSize = await requireIncluded(asked(path), log, proof, leaf);
  requireSubject(event, wanted, tree);
  return { ...readRecord(event, path), index: proof.index, treeSize };
};
