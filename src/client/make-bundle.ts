// Makes a bundle out of a verification that succeeded, and verifies it by itself before anybody relies on it.
import { utf8 } from '../../keys/bytes.ts';
import type { Bundle } from './bundle.ts';
import { registryBase } from './network/http-url.ts';
import { type Recording, recording } from './network/recorded-transport.ts';
import { type OpenRegistryOptions, storeOf, transportOf } from './open-registry.ts';
import { lookAtRegistry, type OpenRegistry } from './registry.ts';
import { type PackRequest, resolveRequest, type Wanted } from './resolve.ts';
import { MAX_ROOT_BYTES } from './root-walk.ts';
import { memoryTrustStore, type TrustStore } from './trust-state.ts';
import { type Verified, type VerifyPolicy, verifyWanted } from './verify.ts';

export interface BundleOptions extends OpenRegistryOptions {
  readonly policy?: VerifyPolicy | undefined;
}

export interface MadeBundle {
  readonly bundle: Bundle;
  readonly verified: Verified;
}

/** A verifier begins at any root that it was handed, or at the newest: the way from each of them has to be there. */
export const recordRoots = async ({ discovery, trust, reader }: OpenRegistry): Promise<void> => {
  const { root, rootVersion } = discovery.trust ?? {};
  if (root === undefined || rootVersion === undefined || trust === undefined) return;
  await reader.bytes('root', root, MAX_ROOT_BYTES);
  for (let version = 2; version <= trust.root.version; version += 1)
    await reader.bytes('root', rootVersion.replaceAll('{version}', String(version)), MAX_ROOT_BYTES);
};

const verifyOver = async (
  options: BundleOptions,
  transport: Recording,
  store: TrustStore,
  pinnedRoot: Uint8Array | undefined,
  wantedIn: (registry: OpenRegistry) => Promise<Wanted>,
): Promise<Verified> => {
  const { url, now, openingMs, policy } = options;
  const registry = await lookAtRegistry({ url, transport, store, pinnedRoot, now, openingMs });
  const verified = await verifyWanted({ registry, policy }, await wantedIn(registry));
  await recordRoots(registry);
  return verified;
};

/**
 * Verifies a version with all that is remembered of its registry, and then once more with nothing but the root it ended
 * at, as whoever gets the bundle will: so the bundle holds what both need.
 * @throws like `lookAtRegistry` and `verifyWanted`
 */
export const makeBundle = async (options: BundleOptions, request: PackRequest): Promise<MadeBundle> => {
  const registry = registryBase(options.url);
  const createdAt = (options.now ?? (() => new Date()))();
  const at = { ...options, now: () => createdAt };
  const transport = recording(transportOf(options), registry);
  const store = storeOf(options);
  const verified = await verifyOver(at, transport, store, options.pinnedRoot, (open) =>
    resolveRequest(open, request, options.policy?.tree),
  );
  const { name, version, digest } = verified;
  const envelope = (await store.recall())?.root.envelope;
  const pinned = envelope === undefined ? undefined : utf8(envelope);
  const wanted = { name: request.name, version, asked: 'exact' } as Wanted;
  await verifyOver(at, transport, memoryTrustStore(), pinned, async () => wanted);
  const about = { registry, name, version, digest, createdAt: createdAt.toISOString() };
  return { bundle: { ...about, answers: transport.answers }, verified };
};
