// Whether a pack that stands on disk, whole, would be believed today: every question but those about the tarball itself.

import type { PublicKey } from '../../keys/key.ts';
import { type Digest, integrityOf, sameDigest } from '../../storage/digest.ts';
import { requireAgreement, requireIdentity } from './agreement.ts';
import { answersOf } from './answers.ts';
import type { Archive } from './archive.ts';
import { askAhead } from './asked-ahead.ts';
import { type Assurance, assuranceOf, requireAssurance } from './assurance.ts';
import { claimOf, type SignatureClaim } from './claim.ts';
import type { InstalledPack } from './installed.ts';
import { fetchProofOf, type Recorded, requireRecorded } from './leaf.ts';
import { lifecycleWarnings } from './lifecycle.ts';
import { fetchSignature, findOffer, type Offer, servedDigest } from './offer.ts';
import { requirePolicy } from './policy/require-policy.ts';
import { isFingerprint } from './policy/texts.ts';
import type { OpenRegistry } from './registry.ts';
import type { Wanted } from './resolve.ts';
import { knowsStanding, requireSignature, requireStanding } from './signature.ts';
import { fetchStatement, requireStatement } from './statement.ts';
import { requireAllowed, requireEngines, type VerifyDeps } from './verify.ts';

const archiveOf = ({ manifest, files }: InstalledPack): Archive => ({
  manifest,
  manifestBytes: files.get('pack.json') ?? new Uint8Array(),
  files,
});

/** What the registry and its log say of the version today. */
interface Found {
  readonly wanted: Wanted;
  readonly offer: Offer;
  readonly recorded: Recorded | undefined;
  readonly claim: SignatureClaim | undefined;
  readonly archive: Archive;
  readonly digest: Digest;
}

/** Whether the install was of these very bytes, and the log records them where it did then. */
const sameBytes = ({ marker }: InstalledPack, digest: Digest, recorded: Recorded | undefined): boolean =>
  marker.integrity === integrityOf(digest) &&
  marker.recorded?.index === recorded?.index &&
  (recorded === undefined || sameDigest(recorded.digest, digest));

/** Whether the record rests on the very claim that the registry makes today. */
const sameClaim = ({ marker }: InstalledPack, claim: SignatureClaim | undefined, today: Assurance): boolean =>
  marker.assurance === today && marker.keyId === (claim?.keyId ?? null);

/** Nothing but the tarball would tell whether the key that signed it is still the one of that name. */
const needsTarball = (registry: OpenRegistry, claim: SignatureClaim | undefined): boolean =>
  claim?.covers === 'tarball' && !knowsStanding(registry);

/** A manifest is at hand and is verified again; of a tarball only the record is left, and the standing of its key. */
const requireSigned = async (
  { registry, policy = {} }: VerifyDeps,
  found: Found,
): Promise<PublicKey | undefined> => {
  const { wanted, offer, recorded, claim, archive } = found;
  if (claim === undefined) requireAllowed(policy, wanted, recorded);
  if (claim === undefined) return undefined;
  const use = { wanted, claim, recorded, allowRotatedKeys: policy.allowRotatedKeys === true };
  if (claim.covers === 'tarball') return requireStanding(registry, use);
  return requireSignature(registry, { ...use, offer, archive, tarball: new Uint8Array() });
};

interface Today {
  readonly stated: boolean;
  readonly assurance: Assurance;
}

/** What today's verdict rests on. @throws Refusal of `statement`, or of what is missing for the policy */
const assuranceToday = async (
  { registry, policy = {} }: VerifyDeps,
  found: Found,
  publicKey: PublicKey | undefined,
): Promise<Today> => {
  const required = policy.requireStatement === true;
  const stated = await requireStatement(registry, { ...found, publicKey, required });
  const assurance = assuranceOf(found.claim, { stated, recorded: found.recorded !== undefined });
  requireAssurance(assurance, policy.minAssurance);
  return { stated, assurance };
};

/** Policies that name keys by their fingerprints need the key itself, and here only its name may be left. */
const needsKey = ({ policy }: VerifyDeps, publicKey: PublicKey | undefined): boolean =>
  publicKey === undefined && (policy?.rules ?? []).some(({ allow }) => allow.keys?.some(isFingerprint));

/** The warnings. @throws Refusal `policy_refused` */
const requireJudged = async (
  { registry, policy = {} }: VerifyDeps,
  { wanted, offer, claim, recorded, digest, archive }: Found,
  { stated, assurance }: Today,
  publicKey: PublicKey | undefined,
): Promise<readonly string[]> => {
  const { name, version } = wanted;
  const { rules = [], protocolMajor } = policy;
  const answers = answersOf({ registry, claim, stated, protocolMajor, judged: false });
  const signed = { keyId: claim?.keyId, publicKey, assurance, answers };
  const { manifest } = archive;
  return requirePolicy(registry, rules, {
    name,
    version,
    digest,
    served: offer.served,
    manifest,
    recorded,
    ...signed,
  });
};

/** Everything that is asked about a version but its tarball. */
const documentsAhead = (registry: OpenRegistry, offer: Offer, wanted: Wanted): OpenRegistry =>
  askAhead(registry, [
    (from) => fetchProofOf(from, wanted),
    (from) => fetchSignature(from, offer, wanted),
    (from) => fetchStatement(from, wanted),
  ]);

/**
 * The warnings where the pack may stay; undefined where the registry serves other bytes for that version, or says something else
 * about who signed or recorded them, so that the version has to be verified anew.
 * @throws Refusal of the first question answered with "no"
 */
export const recheckInstalled = async (
  the: VerifyDeps,
  wanted: Wanted,
  installed: InstalledPack,
): Promise<readonly string[] | undefined> => {
  const { policy = {} } = the;
  const offer = await findOffer(the.registry, wanted, policy.tree);
  const registry = documentsAhead(the.registry, offer, wanted);
  const recorded = await requireRecorded(registry, wanted, offer.tree);
  const digest = servedDigest(offer);
  if (!sameBytes(installed, digest, recorded)) return undefined;
  const archive = archiveOf(installed);
  requireIdentity(offer.served, archive.manifest, wanted);
  requireAgreement(offer.served, archive.manifest);
  const claim = claimOf(offer.tree, archive.manifest, offer.served);
  if (needsTarball(registry, claim)) return undefined;
  const found = { wanted, offer, recorded, claim, archive, digest };
  const asking = { registry, policy };
  const publicKey = await requireSigned(asking, found);
  const today = await assuranceToday(asking, found, publicKey);
  if (!sameClaim(installed, claim, today.assurance)) return undefined;
  if (claim !== undefined && needsKey(the, publicKey)) return undefined;
  const withdrawn = registry.trust?.withdrawn?.get(digest);
  const warnings = lifecycleWarnings({ served: offer.served, withdrawn }, wanted);
  requireEngines(archive.manifest, policy);
  return [...warnings, ...(await requireJudged(the, found, today, publicKey))];
};
