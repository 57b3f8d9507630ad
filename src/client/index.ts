// The verifying client: what a host imports to believe packs, install them and load them again.

// biome-ignore-start lint/performance/noBarrelFile: the one door through which hosts import this library

/** What a verdict rests on, weakest to strongest in two ways: what a key signed, and whether a log records it. */
export { ASSURANCES, type Assurance } from './assurance.ts';
/** `parseBundle(text)` and `bundleBytes(bundle)`: the one file that a version is verified from without a network. */
export { type Bundle, bundleBytes, MAX_BUNDLE_BYTES, parseBundle } from './bundle.ts';
/** What is remembered about a registry between runs; it only moves forward. */
export { fileTrustStore } from './file-trust-store.ts';
/** `installPacks({url, dir, requests})` → one entry per request; all or none. */
export { type InstalledVersion, type InstallOptions, type InstallProgress, installPacks } from './install.ts';
/** `loadInstalled(dir, name)` → the files of a pack, every byte checked against what was installed. */
export { type InstalledPack, type InstallMarker, loadInstalled } from './installed.ts';
/** `makeBundle({url}, request)` verifies a version and keeps everything that was answered on the way. */
export { type BundleOptions, type MadeBundle, makeBundle } from './make-bundle.ts';
/** HTTP with bounds in bytes and time, redirects that stay public, and a token that stays at home. */
export { type HttpTransportOptions, httpTransport, type Lookup } from './network/http-transport.ts';
/** `registryBase('https://packs.example/')` → the one spelling of the address of a registry. */
export { registryBase } from './network/http-url.ts';
/** The port to the network, for hosts that bring their own. */
export { type GetRules, type Reply, type Transport, TransportError } from './network/transport.ts';
/** `openRegistry({url})` fixes the time, reads the discovery document and establishes trust. */
export { type OpenRegistryOptions, openRegistry } from './open-registry.ts';
/** `Refusal` says which question was answered with "no", why (`code`), and on what evidence. */
export {
  type Answer,
  type Evidence,
  QUESTIONS,
  type Question,
  questionText,
  REFUSALS,
  Refusal,
  type RefusalCode,
} from './refusal.ts';
export type { OpenRegistry } from './registry.ts';
/** `parseRequest('vendor.acme.tools@^1.2')`, then `resolveRequest(registry, request)` → one version. */
export { type PackRequest, parseRequest, RequestInvalid, resolveRequest, type Wanted } from './resolve.ts';
export { memoryTrustStore, type TrustState, type TrustStore } from './trust-state.ts';
/** `verifyVersion({registry})(name, version)` → `Verified`, or a `Refusal`; nothing is written to disk. */
export {
  type Verified,
  type VerifyDeps,
  type VerifyPolicy,
  verifyVersion,
  verifyWanted,
} from './verify.ts';
/** `verifyBundle(bundle, {pinnedRoot})` → `Verified`, or a `Refusal`; no network. */
export { type VerifyBundleOptions, verifyBundle } from './verify-bundle.ts';

// biome-ignore-end lint/performance/noBarrelFile: the one door ends here
