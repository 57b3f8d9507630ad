// The verifying client: what a host imports to believe packs, install them and load them again.

// biome-ignore-start lint/performance/noBarrelFile: the one door through which hosts import this library

export type { Lookup } from '../network/resolve.ts';
/** What a transport answers with, and the one error it may throw. */
export { type Reply, TransportError } from '../network/transport-error.ts';
/** `parseKnowledgePath('claims/refunds.md')` → where an entry stands; whatever is no path is refused. */
export { type KnowledgePath, parseKnowledgePath } from '../protocol/knowledge-path.ts';
/** What a verdict rests on, weakest to strongest in two ways: what a key signed, and whether a log records it. */
export { ASSURANCES, type Assurance } from './assurance.ts';
/** `parseBundle(text)` and `bundleBytes(bundle)`: the one file that a version is verified from without a network. */
export { type Bundle, bundleBytes, MAX_BUNDLE_BYTES, parseBundle } from './bundle.ts';
/** What is remembered about a registry between runs; it only moves forward. */
export { fileTrustStore } from './file-trust-store.ts';
/** `installPacks({url, dir, requests})` → one entry per request; all or none. */
export {
  type Damage,
  type InstalledVersion,
  type InstallOptions,
  type InstallProgress,
  installPacks,
} from './install.ts';
/** `loadInstalled(dir, name)` → the files of a pack, every byte checked against what was installed. */
export { type InstalledPack, type InstallMarker, loadInstalled } from './installed.ts';
/** `verifyKnowledgeArchive(stream, {base, version})`: an export of a base, believed by the id of its version. */
export {
  type ArchiveQuestion,
  type VerifiedArchive,
  verifyKnowledgeArchive,
} from './knowledge/archive.ts';
/** What belief in a version of a base rests on. */
export { KNOWLEDGE_ASSURANCES, type KnowledgeAssurance } from './knowledge/assurance.ts';
export type { DifferencePage, DocumentDifference } from './knowledge/diff.ts';
export type { FoundDocument, ProvenAbsence } from './knowledge/entry.ts';
export type { CheckedEvent } from './knowledge/event.ts';
/** `knowledgeOf({registry, transport, store})`, `lookAtKnowledge(…)`: the same without Node. */
export {
  type Knowledge,
  type KnowledgePolicy,
  knowledgeOf,
  lookAtKnowledge,
} from './knowledge/knowledge.ts';
export type { EntryPage, ListedPath } from './knowledge/list.ts';
/** `openKnowledge({url, token, principal})` → `version`, and from a version `get`, `list`, `search`, `diff`. */
export { type OpenKnowledgeOptions, openKnowledge } from './knowledge/open-knowledge.ts';
/** `parseKnowledgeReference('kb:acme.example:claims:wording@current')`; a version instead of `current` pins it. */
export {
  formatKnowledgeReference,
  type KnowledgeReference,
  parseKnowledgeReference,
} from './knowledge/reference.ts';
export type { Hit, Hits } from './knowledge/search.ts';
export type { BelievedVersion } from './knowledge/version.ts';
/** `planFromLock(lock, requests)`: the very versions and bytes for `installPacks({planned})`. */
export { lockedBases, planFromLock } from './lock/frozen.ts';
/** `parseLockfile(bytes)`, `lockfileText(lock)`: `pack-lock.json` as OpenWOP has it, also of another tool. */
export { type LockedPack, type Lockfile, lockfileText, parseLockfile } from './lock/lockfile.ts';
/** `makeLock({sources, wishes, now})` chooses a set, verifies all of it, and says what to write down. */
export { type LockOptions, type MadeLock, makeLock } from './lock/make-lock.ts';
/** `findOutdated({sources, lock})`: what would be locked today, and what holds back the newest. */
export { findOutdated, type OutdatedPack } from './lock/outdated.ts';
/** `installLockBundle(bundle, {dir, pinnedRootOf})` → one entry per pack; all or none, and no network. */
export { type InstallBundleOptions, installLockBundle } from './lock-bundle/install-lock-bundle.ts';
/** `makeLockBundle({lock, sourcesOf}, 'packs.bundle')` verifies a whole lockfile and keeps all that was answered. */
export {
  type LockBundleOptions,
  type MadeLockBundle,
  makeLockBundle,
} from './lock-bundle/make-lock-bundle.ts';
/** `openLockBundle('packs.bundle')`, and `close()` in the end; its answers stay on disk until they are asked for. */
export { type OpenLockBundle, openLockBundle } from './lock-bundle/open-lock-bundle.ts';
/** `makeBundle({url}, request)` verifies a version and keeps everything that was answered on the way. */
export { type BundleOptions, type MadeBundle, makeBundle } from './make-bundle.ts';
/** HTTP with bounds in bytes and time, redirects that stay public, and a token that stays at home. */
export { type HttpTransportOptions, httpTransport } from './network/http-transport.ts';
/** `registryBase('https://packs.example/')` → the one spelling of the address of a registry. */
export { registryBase } from './network/http-url.ts';
/** The port to the network, for hosts that bring their own. */
export type { GetRules, Transport } from './network/transport.ts';
/** `openRegistry({url})` fixes the time, reads the discovery document and establishes trust. */
export { type OpenRegistryOptions, openRegistry } from './open-registry.ts';
/** `admitBy(policies, {now})`: of a version that might be chosen, by which rule it may not. */
export { admitBy } from './policy/admit.ts';
export type { PassedOver } from './policy/choose.ts';
/** `openSources({sourcesOf})`: the registries that may be asked for a name, each opened once. */
export { openSources, type Sources, type SourcesOf } from './policy/open-sources.ts';
/** What an `attestry.policy.json` says. */
export { POLICY_FILE, type Policy, type PolicyRegistry } from './policy/policy.ts';
/** `parsePolicy(bytes, 'attestry.policy.json')` → `Policy`, or `PolicyInvalid` with every mistake and its line. */
export { parsePolicy } from './policy/policy-file.ts';
export { PolicyInvalid, type PolicyProblem } from './policy/policy-invalid.ts';
/** `sourcesFor(policies, name)` → the registries that may be asked for a name, in order. */
export { sourcesFor } from './policy/sources.ts';
/** `withPolicies(policies, {minAssurance})` → a `VerifyPolicy` that no wish can loosen. */
export { withPolicies } from './policy/with-policies.ts';
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
export { parseRequest } from './request.ts';
export { RequestInvalid } from './request-invalid.ts';
/** `gather({sources}, wishes)` → one version of each pack that is asked for or needed, or who asked for what. */
export { type GatherDeps, type Gathered, gather } from './resolve/gather.ts';
export type { Admit, Candidate, Denial, Wish } from './resolve/types.ts';
export { type PackRequest, resolveRequest, type Wanted } from './resolve.ts';
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
