// Whether a pack that stands on disk, whole, would be believed today: every question but those about the tarball itself.
import { integrityOf } from '../../storage/digest.ts';
import { requireAgreement, requireIdentity } from './agreement.ts';
import type { Archive } from './archive.ts';
import { claimOf, type SignatureClaim } from './claim.ts';
import type { InstalledPack } from './installed.ts';
import { findOffer, type Offer, servedDigest } from './offer.ts';
import type { OpenRegistry } from './registry.ts';
import type { Wanted } from './resolve.ts';
import { knowsStanding, requireSignature, requireStanding } from './signature.ts';
import { assuranceOf, lifecycleWarnings, requireAllowed, requireEngines, type VerifyDeps } from './verify.ts';

const archiveOf = ({ manifest, files }: InstalledPack): Archive => ({
  manifest,
  manifestBytes: files.get('pack.json') ?? new Uint8Array(),
  files,
});

/** Whether the record rests on the very claim that the registry makes today. */
const sameClaim = ({ marker }: InstalledPack, claim: SignatureClaim | undefined): boolean =>
  marker.assurance === assuranceOf(claim) && marker.keyId === (claim?.keyId ?? null);

/** Nothing but the tarball would tell whether the key that signed it is still the one of that name. */
const needsTarball = (registry: OpenRegistry, claim: SignatureClaim | undefined): boolean =>
  claim?.covers === 'tarball' && !knowsStanding(registry);

/** A manifest is at hand and is verified again; of a tarball only the record is left, and the standing of its key. */
const requireSigned = async (
  { registry, policy = {} }: VerifyDeps,
  wanted: Wanted,
  offer: Offer,
  claim: SignatureClaim,
  archive: Archive,
): Promise<void> => {
  const use = { wanted, claim, allowRotatedKeys: policy.allowRotatedKeys === true };
  if (claim.covers === 'tarball') return requireStanding(registry, use);
  return requireSignature(registry, { ...use, offer, archive, tarball: new Uint8Array() });
};

/**
 * True where the pack may stay; false where the registry serves other bytes for that version, or says something else
 * about who signed them, so that the version has to be verified anew.
 * @throws Refusal of the first question answered with "no"
 */
export const recheckInstalled = async (
  the: VerifyDeps,
  wanted: Wanted,
  found: InstalledPack,
): Promise<boolean> => {
  const { registry, policy = {} } = the;
  const offer = await findOffer(registry, wanted, policy.tree);
  if (integrityOf(servedDigest(offer)) !== found.marker.integrity) return false;
  const archive = archiveOf(found);
  requireIdentity(offer.served, archive.manifest, wanted);
  requireAgreement(offer.served, archive.manifest);
  const claim = claimOf(offer.tree, archive.manifest, offer.served);
  if (claim === undefined) requireAllowed(policy, wanted);
  if (!sameClaim(found, claim) || needsTarball(registry, claim)) return false;
  if (claim !== undefined) await requireSigned(the, wanted, offer, claim, archive);
  lifecycleWarnings(offer.served, wanted);
  requireEngines(archive.manifest, policy);
  return true;
};
