// What the record of an install says to a policy, where nobody else is asked. Pure.
import { textOf } from '../../protocol/manifest/read.ts';
import type { InstalledPack, InstallMarker } from '../installed.ts';
import { yes } from '../refusal.ts';
import type { PackFacts, Published } from './facts.ts';
import { requireAdmitted } from './judge.ts';
import type { Policy } from './policy.ts';

/** Without a log all that is certain is that it was there when it was installed. */
const publishedOf = ({ recorded, installedAt }: InstallMarker): Published =>
  recorded === undefined
    ? { at: new Date(installedAt), by: 'registry' }
    : { at: new Date(recorded.at), by: 'log' };

const factsOf = ({ marker, manifest }: InstalledPack): PackFacts => {
  const { name, version, integrity, registry, assurance } = marker;
  const keyId = marker.keyId ?? undefined;
  const answers = keyId === undefined ? [] : [yes('signature'), yes('delegation')];
  return {
    name,
    version,
    integrity,
    registry,
    yanked: false,
    deprecated: false,
    license: textOf(manifest['license']),
    published: publishedOf(marker),
    keyId,
    proven: { assurance, keyId, fingerprint: undefined, answers, withdrawn: undefined },
  };
};

/**
 * Asks the policies about a pack that stands on disk, by what was verified when it was installed. Whatever only a
 * registry could tell of it is not known here, and refused where a policy requires it.
 * @throws Refusal `policy_refused`
 */
export const requireRecordAdmitted = (policies: readonly Policy[], pack: InstalledPack, now: Date): void => {
  if (policies.length === 0) return;
  const advisories = { had: false, why: 'no registry is asked' } as const;
  requireAdmitted(policies, factsOf(pack), { now, advisories });
};
