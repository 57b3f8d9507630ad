// Reads what a registry serves of one version into a candidate; verifying is what decides whether any of it is so.
import type { JsonObject } from '../../../keys/canonical.ts';
import type { Tree } from '../../protocol/faults.ts';
import { at, objectOf, textOf } from '../../protocol/manifest/read.ts';
import type { PackName, PackVersion } from '../../protocol/pack-id.ts';
import { requireRecorded } from '../leaf.ts';
import { findOffer, type Offer } from '../offer.ts';
import { isDeprecated, publishedOf } from '../policy/require-policy.ts';
import type { OpenRegistry } from '../registry.ts';
import { isYanked } from '../resolve.ts';
import type { Candidate, Listed } from './types.ts';

export interface CandidateQuestion {
  readonly registry: OpenRegistry;
  readonly name: PackName;
  readonly version: PackVersion;
  readonly tree: Tree | undefined;
  /** As the index has it; undefined where the pack was not listed. Where the two differ, verifying refuses it. */
  readonly listed: Listed | undefined;
  /** Whether the time of the log is needed: it costs one more document. */
  readonly timed: boolean;
}

const MAX_DEPENDENCIES = 1_000;

const dependenciesOf = (served: JsonObject): Readonly<Record<string, string>> => {
  const entries = Object.entries(objectOf(served['dependencies']) ?? {});
  const texts = entries.flatMap(([name, range]) =>
    typeof range === 'string' ? [[name, range] as const] : [],
  );
  return Object.fromEntries(texts.slice(0, MAX_DEPENDENCIES));
};

const timeOf = async (question: CandidateQuestion, { served, tree }: Offer): Promise<string | undefined> => {
  const { registry, name, version, listed, timed } = question;
  const wanted = { name, version, asked: 'exact' } as const;
  const recorded = timed ? await requireRecorded(registry, wanted, tree) : undefined;
  const published =
    publishedOf(served, recorded) ?? publishedOf({ publishedAt: listed?.publishedAt ?? null }, undefined);
  return published?.at.toISOString();
};

/** @throws Refusal `pack_not_found`, `pack_version_unpublished`; those of `leaf` where the time is asked for */
export const fetchCandidate = async (question: CandidateQuestion): Promise<Candidate> => {
  const { registry, name, version, tree, listed } = question;
  const offer = await findOffer(registry, { name, version, asked: 'exact' }, tree);
  const { served } = offer;
  const publishedAt = await timeOf(question, offer);
  const license = textOf(served['license']);
  const keyId = textOf(at(served, 'signing', 'keyId')) ?? textOf(at(served, 'signing', 'publicKeyRef'));
  return {
    name,
    version,
    integrity: textOf(served['integrity']) ?? '',
    registry: registry.reader.base,
    yanked: listed?.yanked ?? isYanked(served['yanked']),
    deprecated: isDeprecated(served),
    dependencies: dependenciesOf(served),
    ...(publishedAt === undefined ? {} : { publishedAt }),
    ...(license === undefined ? {} : { license }),
    ...(keyId === undefined ? {} : { keyId }),
  };
};
