// The discovery document of a registry that is nothing but files: it promises what files can keep, and no more. Pure.
import type { JsonObject, JsonValue } from '../../keys/canonical.ts';
import { at, listOf, objectOf, textOf } from '../protocol/manifest/read.ts';

const SAID_ALIKE = [
  'registryVersion',
  'protocolVersion',
  'name',
  'operator',
  'supportedNamespaces',
  'supportedSigningMethods',
  'supportedTrustModes',
  'endpoints',
] as const;

const keyOf = (entry: JsonValue): readonly [string, JsonObject] | undefined => {
  const [keyId, key] = [textOf(at(entry, 'keyId')), objectOf(entry)];
  return keyId === undefined || key === undefined ? undefined : [keyId, key];
};

/** Delegated and mirrored keys alike, as far as they signed what is there: plain clients know one list of keys. */
const keysIn = (live: JsonObject, used: ReadonlySet<string>): readonly JsonObject[] => {
  const all = [...listOf(live['mirroredKeys']), ...listOf(live['signingKeys'])];
  const found = new Map(all.flatMap((entry) => [keyOf(entry)].filter((key) => key !== undefined)));
  return [...found].filter(([keyId]) => used.has(keyId)).map(([, key]) => key);
};

/** Trust documents, a log and everything that is written to stay with the registry that keeps them up. */
export const staticDiscovery = (
  live: JsonObject,
  usedKeys: ReadonlySet<string>,
  url: string | undefined,
): JsonObject => ({
  ...Object.fromEntries(SAID_ALIKE.flatMap((name) => (live[name] === undefined ? [] : [[name, live[name]]]))),
  ...(url === undefined ? {} : { url }),
  writeApi: { supported: false },
  signingKeys: keysIn(live, usedKeys),
});
