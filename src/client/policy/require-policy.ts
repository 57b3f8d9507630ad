// Asks the policies of a host about a version that was verified, or that stands on disk and was verified then.
import type { JsonObject } from '../../../keys/canonical.ts';
import { keyFingerprint, type PublicKey } from '../../../keys/key.ts';
import { type Digest, integrityOf } from '../../../storage/digest.ts';
import { textOf } from '../../protocol/manifest/read.ts';
import type { Assurance } from '../assurance.ts';
import type { Recorded } from '../leaf.ts';
import type { Answer } from '../refusal.ts';
import type { OpenRegistry } from '../registry.ts';
import { isYanked } from '../resolve.ts';
import { advisoriesOf } from './advisory-list.ts';
import type { PackFacts, PolicyContext, Published } from './facts.ts';
import { requireAdmitted } from './judge.ts';
import type { Policy } from './policy.ts';

/** What was found out about a version on the way to its verdict. */
export interface Found {
  readonly name: string;
  readonly version: string;
  readonly digest: Digest;
  /** As the registry serves it, with its flags. */
  readonly served: JsonObject;
  /** As it stands in the archive. */
  readonly manifest: JsonObject;
  readonly recorded: Recorded | undefined;
  readonly keyId: string | undefined;
  readonly publicKey: PublicKey | undefined;
  readonly assurance: Assurance;
  readonly answers: readonly Answer[];
}

/** The log's time where there is one; else whatever the registry says, or nothing. */
export const publishedOf = (served: JsonObject, recorded: Recorded | undefined): Published | undefined => {
  if (recorded !== undefined) return { at: recorded.at, by: 'log' };
  const at = new Date(textOf(served['publishedAt']) ?? '');
  return Number.isNaN(at.getTime()) ? undefined : { at, by: 'registry' };
};

export const isDeprecated = (served: JsonObject): boolean =>
  isYanked(served['deprecated']) || isYanked(served['versionDeprecated']);

const factsOf = ({ reader, trust }: OpenRegistry, found: Found): PackFacts => {
  const { name, version, digest, served, manifest, recorded, keyId, publicKey, assurance, answers } = found;
  const withdrawn = trust?.withdrawn?.has(digest);
  const fingerprint = publicKey === undefined ? undefined : keyFingerprint(publicKey);
  return {
    name,
    version,
    integrity: integrityOf(digest),
    registry: reader.base,
    yanked: isYanked(served['yanked']) || withdrawn === true,
    deprecated: isDeprecated(served),
    license: textOf(manifest['license']),
    published: publishedOf(served, recorded),
    keyId,
    proven: { assurance, keyId, fingerprint, answers, withdrawn },
  };
};

/** What policies need to know beside the version. */
export const contextFor = async (
  registry: OpenRegistry,
  policies: readonly Policy[],
): Promise<PolicyContext> => {
  const asked = policies.some((each) => each.advisories !== undefined);
  return { now: registry.now, ...(asked ? { advisories: await advisoriesOf(registry) } : {}) };
};

/** The warnings. @throws Refusal `policy_refused` with every rule that refuses */
export const requirePolicy = async (
  registry: OpenRegistry,
  policies: readonly Policy[],
  found: Found,
): Promise<readonly string[]> => {
  if (policies.length === 0) return [];
  return requireAdmitted(policies, factsOf(registry, found), await contextFor(registry, policies));
};
