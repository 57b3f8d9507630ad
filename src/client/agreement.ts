// Compares what a registry serves about a version with what stands in the archive that was signed. Pure.
import { canonicalText, type JsonObject, type JsonValue } from '../../keys/canonical.ts';
import { objectOf } from '../protocol/manifest/read.ts';
import { refusal } from './refusal.ts';
import type { Wanted } from './resolve.ts';

/** What only a publisher may say: a registry that adds one of these says it in the publisher's name. */
const PUBLISHERS_OWN: readonly string[] = [
  'name',
  'version',
  'engines',
  'runtime',
  'dependencies',
  'peerDependencies',
  'peerDependenciesMeta',
  'connector',
  'nodes',
  'agents',
  'artifactTypes',
  'chains',
  'prompts',
  'cards',
  'templates',
  'provider',
];

const same = (a: JsonValue, b: JsonValue): boolean => canonicalText(a) === canonicalText(b);

const membersOf = (value: JsonValue | undefined): JsonObject | undefined =>
  Array.isArray(value) ? Object.fromEntries((value as readonly JsonValue[]).entries()) : objectOf(value);

/** The pointer of the first place where two values part, and what stands there on either side. */
const firstDifference = (
  signed: JsonValue | undefined,
  served: JsonValue | undefined,
  where: string,
): { readonly where: string; readonly signed: JsonValue; readonly served: JsonValue } => {
  const [a, b] = [membersOf(signed), membersOf(served)];
  const name =
    a &&
    b &&
    [...new Set([...Object.keys(a), ...Object.keys(b)])].find((key) => !same(a[key] ?? null, b[key] ?? null));
  if (a === undefined || b === undefined || name === undefined)
    return { where, signed: signed ?? null, served: served ?? null };
  return firstDifference(a[name], b[name], `${where}/${name}`);
};

/** @throws Refusal `manifest_identity_mismatch` where either document names another pack or version */
export const requireIdentity = (served: JsonObject, signed: JsonObject, wanted: Wanted): void => {
  const { name, version } = wanted;
  for (const [where, document] of Object.entries({ archive: signed, served })) {
    if (document['name'] === name && document['version'] === version) continue;
    const found = { name: document['name'] ?? null, version: document['version'] ?? null };
    throw refusal('identity', 'manifest_identity_mismatch', { where, expected: { name, version }, found });
  }
};

/**
 * What both documents say must be the same; what only the registry says must be the registry's to say.
 * @throws Refusal `manifest_mismatch` naming the first difference and every field that differs
 */
export const requireAgreement = (served: JsonObject, signed: JsonObject): void => {
  const differing = Object.keys(served).filter((field) => {
    const [theirs, ours] = [served[field] ?? null, signed[field]];
    return ours === undefined ? PUBLISHERS_OWN.includes(field) : !same(theirs, ours);
  });
  const [field] = differing;
  if (field === undefined) return;
  const first = firstDifference(signed[field], served[field], `/${field}`);
  throw refusal('agreement', 'manifest_mismatch', { fields: differing, first });
};
