// What a registry offers as one version: its served manifest, and the bytes that are said to belong to it.
import type { JsonObject } from '../../keys/canonical.ts';
import { type Digest, digestOf, digestOfIntegrity, integrityOf, sameDigest } from '../../storage/digest.ts';
import type { Tree } from '../protocol/faults.ts';
import { at, objectOf, textOf } from '../protocol/manifest/read.ts';
import { addressOf, type TreeAddresses } from './discovery.ts';
import type { Recorded } from './leaf.ts';
import { type Refusal, refusal } from './refusal.ts';
import { type OpenRegistry, treesOf } from './registry.ts';
import type { Wanted } from './resolve.ts';

/** Nobody signed `served`: it is a claim until the archive agrees with it. */
export interface Offer {
  readonly tree: Tree;
  readonly addresses: TreeAddresses;
  readonly served: JsonObject;
}

const MAX_SERVED_MANIFEST = 1024 * 1024;
const MAX_TARBALL_BYTES = 10 * 1024 * 1024;
const MAX_SIGNATURE_BYTES = 4096;

const notOffered = ({ name, version }: Wanted, said: readonly JsonObject[]): Refusal => {
  const note = said.map((fault) => at(fault, 'details', 'unpublished')).find((each) => objectOf(each));
  if (note === undefined) return refusal('registry', 'pack_not_found', { name, version });
  const shown = ['at', 'by', 'reason'].map((each) => [each, textOf(at(note, each))?.slice(0, 600) ?? null]);
  return refusal('lifecycle', 'pack_version_unpublished', { name, version, ...Object.fromEntries(shown) });
};

/**
 * The version where it is served, in the better tree first. That it was unpublished is the registry's word alone, and
 * believed: it only says why nothing is there.
 * @throws Refusal `pack_not_found`, `pack_version_unpublished`
 */
export const findOffer = async (
  registry: OpenRegistry,
  wanted: Wanted,
  pinned: Tree | undefined,
): Promise<Offer> => {
  const { name, version } = wanted;
  const said: JsonObject[] = [];
  for (const [tree, addresses] of treesOf(registry, pinned)) {
    const path = addressOf(addresses.versionManifest, { name, version });
    const served = await registry.reader.documentOr('registry', path, MAX_SERVED_MANIFEST, (fault) =>
      said.push(fault),
    );
    if (served !== undefined) return { tree, addresses, served };
  }
  throw notOffered(wanted, said);
};

export const fetchTarball = async (
  registry: OpenRegistry,
  { addresses }: Offer,
  { name, version }: Wanted,
): Promise<Uint8Array> => {
  const path = addressOf(addresses.versionTarball, { name, version });
  const bytes = await registry.reader.bytes('digest', path, MAX_TARBALL_BYTES);
  if (bytes === undefined) throw refusal('digest', 'pack_not_found', { name, version, path });
  return bytes;
};

/** Undefined where none is served: v1 withholds the signature of a yanked version. */
export const fetchSignature = (
  registry: OpenRegistry,
  { addresses }: Offer,
  { name, version }: Wanted,
): Promise<Uint8Array | undefined> =>
  registry.reader.bytes(
    'signature',
    addressOf(addresses.versionSignature, { name, version }),
    MAX_SIGNATURE_BYTES,
  );

/** The digest that the registry names. @throws Refusal `unsupported_integrity_algorithm` */
export const servedDigest = ({ served }: Offer): Digest => {
  const named = textOf(served['integrity']);
  const digest = named === undefined ? undefined : digestOfIntegrity(named);
  if (digest !== undefined) return digest;
  throw refusal('digest', 'unsupported_integrity_algorithm', { integrity: named?.slice(0, 200) ?? null });
};

/** Which bytes it has to be: where a log names them, the registry must name the same. @throws Refusal of `digest` */
const expectedDigest = (offer: Offer, recorded: Recorded | undefined): Digest => {
  const served = servedDigest(offer);
  if (recorded === undefined || sameDigest(recorded.digest, served)) return served;
  const evidence = {
    expected: integrityOf(recorded.digest),
    found: integrityOf(served),
    index: recorded.index,
  };
  throw refusal('digest', 'leaf_digest_mismatch', evidence);
};

/** @throws Refusal of `digest` with both digests */
export const requireDigest = (offer: Offer, tarball: Uint8Array, recorded: Recorded | undefined): Digest => {
  const expected = expectedDigest(offer, recorded);
  const found = digestOf(tarball);
  if (!sameDigest(expected, found))
    throw refusal('digest', 'pack_integrity_mismatch', {
      expected: integrityOf(expected),
      found: integrityOf(found),
    });
  return found;
};
