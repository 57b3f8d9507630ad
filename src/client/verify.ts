// Whether one version of a pack may be believed: every question in its order, to the first "no" or through to the end.
import type { JsonObject } from '../../keys/canonical.ts';
import { type Digest, integrityOf } from '../../storage/digest.ts';
import type { Tree } from '../protocol/faults.ts';
import { at, textOf } from '../protocol/manifest/read.ts';
import { admitsMajor } from '../protocol/semver-range.ts';
import { requireAgreement, requireIdentity } from './agreement.ts';
import { answersOf } from './answers.ts';
import { openArchive } from './archive.ts';
import { askAhead } from './asked-ahead.ts';
import { type Assurance, assuranceOf, requireAssurance } from './assurance.ts';
import { claimOf } from './claim.ts';
import { fetchProofOf, type Recorded, requireRecorded } from './leaf.ts';
import { lifecycleWarnings, revocationWarnings } from './lifecycle.ts';
import { fetchSignature, fetchTarball, findOffer, type Offer, requireDigest } from './offer.ts';
import type { Policy } from './policy/policy.ts';
import { requirePolicy } from './policy/require-policy.ts';
import { type Answer, refusal } from './refusal.ts';
import type { OpenRegistry } from './registry.ts';
import { parseWanted } from './request.ts';
import type { Wanted } from './resolve.ts';
import { requireSignature } from './signature.ts';
import { fetchStatement, requireStatement } from './statement.ts';

/** What a host decides for itself. */
export interface VerifyPolicy {
  /** Only this tree; default: v2 where the version is served there, else v1. */
  readonly tree?: Tree | undefined;
  readonly allowUnsigned?: boolean | undefined;
  /**
   * Takes what keys signed that are no longer in force. Only a log tells when they signed: where one records the
   * version, this is not asked.
   */
  readonly allowRotatedKeys?: boolean | undefined;
  /** Takes no version without a release statement. */
  readonly requireStatement?: boolean | undefined;
  /** Takes nothing that rests on less. */
  readonly minAssurance?: Assurance | undefined;
  /** Major version of the OpenWOP protocol that the host speaks. */
  readonly protocolMajor?: number | undefined;
  /**
   * Policy files, as `parsePolicy` reads them: every one of them has to admit the version. See `withPolicies`, which lets
   * nothing of the above loosen them.
   */
  readonly rules?: readonly Policy[] | undefined;
}

export interface VerifyDeps {
  readonly registry: OpenRegistry;
  readonly policy?: VerifyPolicy | undefined;
}

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
  /** Where and when the log records it; undefined where there is no log. */
  readonly recorded: Recorded | undefined;
  /** Every question, in order. */
  readonly questions: readonly Answer[];
  readonly warnings: readonly string[];
  /** pack.json as it stands in the archive, not as the registry serves it. */
  readonly manifest: JsonObject;
  readonly tarball: Uint8Array;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The hex SHA-256 of each file, by its path. */
  readonly fileDigests: ReadonlyMap<string, Digest>;
}

/** Verifies one exact version. */
export const verifyVersion =
  (the: VerifyDeps) =>
  (name: string, version: string): Promise<Verified> =>
    verifyWanted(the, parseWanted(name, version));

/** Everything that is asked about a version once it is known where it is served. */
const versionAhead = (registry: OpenRegistry, offer: Offer, wanted: Wanted): OpenRegistry =>
  askAhead(registry, [
    (from) => fetchProofOf(from, wanted),
    (from) => fetchTarball(from, offer, wanted),
    (from) => fetchSignature(from, offer, wanted),
    (from) => fetchStatement(from, wanted),
  ]);

/** Verifies what a request was resolved to. @throws Refusal of the first question answered with "no" */
export const verifyWanted = async (the: VerifyDeps, wanted: Wanted): Promise<Verified> => {
  const { policy = {} } = the;
  const offer = await findOffer(the.registry, wanted, policy.tree);
  const registry = versionAhead(the.registry, offer, wanted);
  const recorded = await requireRecorded(registry, wanted, offer.tree);
  const tarball = await fetchTarball(registry, offer, wanted);
  const digest = requireDigest(offer, tarball, recorded);
  const archive = await openArchive(tarball);
  requireIdentity(offer.served, archive.manifest, wanted);
  requireAgreement(offer.served, archive.manifest);
  const claim = claimOf(offer.tree, archive.manifest, offer.served);
  const allowRotatedKeys = policy.allowRotatedKeys === true;
  const use = { wanted, offer, archive, tarball, recorded, allowRotatedKeys };
  if (claim === undefined) requireAllowed(policy, wanted, recorded);
  const publicKey = claim && (await requireSignature(registry, { ...use, claim }));
  const required = policy.requireStatement === true;
  const stated = await requireStatement(registry, { wanted, claim, publicKey, archive, digest, required });
  const assurance = assuranceOf(claim, { stated, recorded: recorded !== undefined });
  requireAssurance(assurance, policy.minAssurance);
  const withdrawn = registry.trust?.withdrawn?.get(digest);
  const warnings = lifecycleWarnings({ served: offer.served, withdrawn }, wanted);
  const revoked = revocationWarnings(registry.trust?.keyring, claim?.keyId, recorded);
  requireEngines(archive.manifest, policy);
  const { rules = [], protocolMajor } = policy;
  const answered = { registry, claim, stated, protocolMajor };
  const { name, version } = wanted;
  const { served } = offer;
  const { manifest } = archive;
  const keyId = claim?.keyId;
  const answers = answersOf({ ...answered, judged: false });
  const found = { name, version, digest, served, manifest, recorded, keyId, publicKey, assurance, answers };
  const judged = await requirePolicy(registry, rules, found);
  return {
    name: wanted.name,
    version: wanted.version,
    registry: registry.reader.base,
    tree: offer.tree,
    integrity: integrityOf(digest),
    digest,
    keyId,
    assurance,
    recorded,
    questions: answersOf({ ...answered, judged: rules.length > 0 }),
    warnings: [
      ...firstUseWarning(registry),
      ...unloggedWarning(registry),
      ...mirroredWarning(recorded),
      ...revoked,
      ...warnings,
      ...judged,
    ],
    manifest,
    tarball,
    files: archive.files,
    fileDigests: archive.digests,
  };
};

/**
 * An unsigned pack must be unsigned in the log as well: its signature could have been taken away.
 * @throws Refusal of an unsigned pack where the host does not take those
 */
export const requireAllowed = (
  policy: VerifyPolicy,
  { name, version }: Wanted,
  recorded: Recorded | undefined,
): void => {
  const { keyId } = recorded ?? {};
  if (keyId !== undefined)
    throw refusal('signature', 'leaf_signature_mismatch', { expected: { keyId }, found: { keyId: null } });
  if (policy.allowUnsigned === true) return;
  const evidence = { name, version, reason: 'the pack is not signed' };
  throw refusal('signature', 'pack_signature_unverifiable', evidence, 'The pack is not signed.');
};

const firstUseWarning = ({ trust, reader }: OpenRegistry): readonly string[] =>
  trust?.anchor === 'first_use'
    ? [`the root of ${reader.base} was trusted on first use; pin it with a root file to be sure`]
    : [];

const unloggedWarning = ({ log, reader }: OpenRegistry): readonly string[] =>
  log === undefined
    ? [
        `${reader.base} keeps no log: only signatures vouch for this, and nobody would see that others are shown something else`,
      ]
    : [];

const mirroredWarning = (recorded: Recorded | undefined): readonly string[] =>
  recorded?.mirrored === undefined
    ? []
    : [
        `mirrored from ${recorded.mirrored.upstream}: that its key speaks for it there is this registry’s word`,
      ];

export const requireEngines = (manifest: JsonObject, { protocolMajor }: VerifyPolicy): void => {
  if (protocolMajor === undefined) return;
  const range = textOf(at(manifest, 'engines', 'openwop')) ?? '';
  if (admitsMajor(range, protocolMajor)) return;
  throw refusal('engines', 'pack_engine_unsupported', { engines: range, protocolMajor });
};
