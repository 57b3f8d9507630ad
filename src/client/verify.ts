// Whether one version of a pack may be believed: every question in its order, to the first "no" or through to the end.
import type { JsonObject } from '../../keys/canonical.ts';
import { type Digest, integrityOf } from '../../storage/digest.ts';
import type { Tree } from '../protocol/faults.ts';
import { at, textOf } from '../protocol/manifest/read.ts';
import { admitsMajor } from '../protocol/semver-range.ts';
import { requireAgreement, requireIdentity } from './agreement.ts';
import { answersOf } from './answers.ts';
import { openArchive } from './archive.ts';
import { claimOf, type SignatureClaim } from './claim.ts';
import { fetchTarball, findOffer, requireDigest } from './offer.ts';
import { type Answer, refusal } from './refusal.ts';
import type { OpenRegistry } from './registry.ts';
import { isYanked, parseWanted, type Wanted } from './resolve.ts';
import { requireSignature } from './signature.ts';

/** What a host decides for itself. */
export interface VerifyPolicy {
  /** Only this tree; default: v2 where the version is served there, else v1. */
  readonly tree?: Tree | undefined;
  readonly allowUnsigned?: boolean | undefined;
  /** Takes what keys signed that are no longer in force; without a log nobody knows when they signed. */
  readonly allowRotatedKeys?: boolean | undefined;
  /** Major version of the OpenWOP protocol that the host speaks. */
  readonly protocolMajor?: number | undefined;
}

export interface VerifyDeps {
  readonly registry: OpenRegistry;
  readonly policy?: VerifyPolicy | undefined;
}

/**
 * What the verdict rests on. `none`: unsigned, which was allowed. `manifest`: a key signed pack.json, the registry alone
 * vouches for the other files. `bytes`: a key signed the whole tarball. `log+bytes`: and a transparency log records it.
 */
export type Assurance = 'none' | 'manifest' | 'bytes' | 'log+bytes';

export interface Verified {
  readonly name: string;
  readonly version: string;
  /** Base address of the registry. */
  readonly registry: string;
  readonly tree: Tree;
  /** `sha256-` and base64 of the tarball's digest. */
  readonly integrity: string;
  /** The same digest as hex. */
  readonly digest: Digest;
  readonly keyId: string | undefined;
  readonly assurance: Assurance;
  /** Every question, in order. */
  readonly questions: readonly Answer[];
  readonly warnings: readonly string[];
  /** pack.json as it stands in the archive, not as the registry serves it. */
  readonly manifest: JsonObject;
  readonly tarball: Uint8Array;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Verifies one exact version. */
export const verifyVersion =
  (the: VerifyDeps) =>
  (name: string, version: string): Promise<Verified> =>
    verifyWanted(the, parseWanted(name, version));

/** Verifies what a request was resolved to. @throws Refusal of the first question answered with "no" */
export const verifyWanted = async (the: VerifyDeps, wanted: Wanted): Promise<Verified> => {
  const { registry, policy = {} } = the;
  const offer = await findOffer(registry, wanted, policy.tree);
  const tarball = await fetchTarball(registry, offer, wanted);
  const digest = requireDigest(offer, tarball);
  const archive = await openArchive(tarball);
  requireIdentity(offer.served, archive.manifest, wanted);
  requireAgreement(offer.served, archive.manifest);
  const claim = claimOf(offer.tree, archive.manifest, offer.served);
  const allowRotatedKeys = policy.allowRotatedKeys === true;
  if (claim === undefined) requireAllowed(policy, wanted);
  else await requireSignature(registry, { wanted, offer, claim, archive, tarball, allowRotatedKeys });
  const warnings = lifecycleWarnings(offer.served, wanted);
  requireEngines(archive.manifest, policy);
  return {
    name: wanted.name,
    version: wanted.version,
    registry: registry.reader.base,
    tree: offer.tree,
    integrity: integrityOf(digest),
    digest,
    keyId: claim?.keyId,
    assurance: assuranceOf(claim),
    questions: answersOf(registry, policy.protocolMajor, claim),
    warnings: [...firstUseWarning(registry), ...warnings],
    manifest: archive.manifest,
    tarball,
    files: archive.files,
  };
};

/** @throws Refusal of an unsigned pack where the host does not take those */
export const requireAllowed = (policy: VerifyPolicy, { name, version }: Wanted): void => {
  if (policy.allowUnsigned === true) return;
  const evidence = { name, version, reason: 'the pack is not signed' };
  throw refusal('signature', 'pack_signature_unverifiable', evidence, 'The pack is not signed.');
};

export const assuranceOf = (claim: SignatureClaim | undefined): Assurance => {
  if (claim === undefined) return 'none';
  return claim.covers === 'tarball' ? 'bytes' : 'manifest';
};

const firstUseWarning = ({ trust, reader }: OpenRegistry): readonly string[] =>
  trust?.anchor === 'first_use'
    ? [`the root of ${reader.base} was trusted on first use; pin it with a root file to be sure`]
    : [];

/** A yank ends ranges; who names the exact version gets it with a warning (spec/v2 packs.md, Yank). */
export const lifecycleWarnings = (
  served: JsonObject,
  { name, version, asked }: Wanted,
): readonly string[] => {
  const reason = textOf(served['yankedReason']);
  const yanked = isYanked(served['yanked']);
  if (yanked && asked === 'range')
    throw refusal('lifecycle', 'pack_version_yanked', { name, version, reason: reason ?? null });
  const deprecated = served['deprecated'] === true || served['versionDeprecated'] === true;
  const why = textOf(served['deprecationReason']);
  return [
    ...(yanked ? [`this version was yanked${reason === undefined ? '' : `: ${reason}`}`] : []),
    ...(deprecated ? [`this version is deprecated${why === undefined ? '' : `: ${why}`}`] : []),
  ];
};

export const requireEngines = (manifest: JsonObject, { protocolMajor }: VerifyPolicy): void => {
  if (protocolMajor === undefined) return;
  const range = textOf(at(manifest, 'engines', 'openwop')) ?? '';
  if (admitsMajor(range, protocolMajor)) return;
  throw refusal('engines', 'pack_engine_unsupported', { engines: range, protocolMajor });
};
