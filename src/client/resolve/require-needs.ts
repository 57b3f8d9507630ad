// Holds what a set was chosen by against what was verified: a registry may leave needs out of a manifest it serves. Pure.
import { canonicalText, type JsonObject } from '../../../keys/canonical.ts';
import { refusal } from '../refusal.ts';
import { textsAt } from './manifest-wishes.ts';
import type { Candidate } from './types.ts';

/** @throws Refusal `manifest_mismatch` */
export const requireNeeds = ({ name, version, dependencies }: Candidate, manifest: JsonObject): void => {
  const signed = textsAt(manifest, 'dependencies');
  if (canonicalText({ ...signed }) === canonicalText({ ...dependencies })) return;
  const first = { where: '/dependencies', signed, served: dependencies };
  throw refusal('agreement', 'manifest_mismatch', { name, version, fields: ['dependencies'], first });
};
