// From the root that was pinned, remembered or seen first to the newest one: step by step, each one remembered.
import { encodeHex, fromUtf8 } from '../../keys/bytes.ts';
import { parseEnvelope } from '../../keys/envelope.ts';
import { KeyError } from '../../keys/errors.ts';
import { sha256 } from '../../keys/hash.ts';
import { MAX_ROOT_STEPS, type Root, verifyFirstRoot, verifyRootUpdate } from '../../keys/root.ts';
import { isUnreadable } from './broken-link.ts';
import type { TrustAddresses } from './discovery.ts';
import { type RefusalCode, refusal } from './refusal.ts';
import type { RegistryReader } from './registry-reader.ts';
import type { TrustState, TrustStore } from './trust-state.ts';

/** How the first root came to be believed. */
export type Anchor = 'pinned' | 'remembered' | 'first_use';

export interface TrustDeps {
  readonly reader: RegistryReader;
  readonly store: TrustStore;
  /** The envelope of a root that was handed over on a trusted way. */
  readonly pinnedRoot?: Uint8Array | undefined;
}

export const MAX_ROOT_BYTES = 256 * 1024;
/** The first root seen is the newest there is, save for one that comes into force meanwhile. */
const MAX_FIRST_USE_STEPS = 32;

export interface BelievedRoot {
  readonly root: Root;
  readonly envelope: string;
  readonly sha256: string;
}

const believed = (root: Root, envelope: string): BelievedRoot => ({
  root,
  envelope,
  sha256: encodeHex(sha256(parseEnvelope(envelope).payload)),
});

/** Turns what the key room throws into a refusal of the root. */
const asRootRefusal = <T>(
  code: RefusalCode,
  evidence: Readonly<Record<string, unknown>>,
  make: () => T,
): T => {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    const cause = { ...evidence, reason: error.code, ...error.details };
    const served = evidence['source'] === undefined || evidence['source'] === 'first_use';
    const named = served && isUnreadable(error.code) ? 'reply_malformed' : code;
    throw refusal('root', named, cause, error.message, error);
  }
};

const startFrom = (envelope: string, source: Anchor): BelievedRoot =>
  asRootRefusal('root_anchor_invalid', { source }, () =>
    believed(verifyFirstRoot(parseEnvelope(envelope)), envelope),
  );

const fetchText = async (the: TrustDeps, path: string): Promise<string | undefined> => {
  const bytes = await the.reader.bytes('root', path, MAX_ROOT_BYTES);
  if (bytes === undefined) return undefined;
  const text = fromUtf8(bytes);
  if (text === undefined) throw refusal('root', 'reply_malformed', { where: path });
  return text;
};

/** Nothing pinned and nothing remembered: the first root seen is the one believed from now on. */
const firstUse = async (the: TrustDeps, at: TrustAddresses): Promise<BelievedRoot> => {
  const envelope = await fetchText(the, at.root);
  if (envelope === undefined) throw refusal('root', 'root_anchor_invalid', { missing: at.root });
  return startFrom(envelope, 'first_use');
};

export const chooseAnchor = async (
  the: TrustDeps,
  at: TrustAddresses,
  seen: TrustState | undefined,
): Promise<{ readonly start: BelievedRoot; readonly anchor: Anchor }> => {
  if (the.pinnedRoot !== undefined)
    return { start: startFrom(fromUtf8(the.pinnedRoot) ?? '', 'pinned'), anchor: 'pinned' };
  if (seen !== undefined) return { start: startFrom(seen.root.envelope, 'remembered'), anchor: 'remembered' };
  return { start: await firstUse(the, at), anchor: 'first_use' };
};

/** On the way from the anchor, the version that was seen before must be the very document that was seen. */
const requireSameAsSeen = (found: BelievedRoot, seen: TrustState | undefined): void => {
  if (seen === undefined || seen.root.version !== found.root.version || seen.root.sha256 === found.sha256)
    return;
  const evidence = { version: found.root.version, expected: seen.root.sha256, found: found.sha256 };
  throw refusal('root', 'root_fork', evidence);
};

/**
 * Follows the successors until there is none. On first use nothing is remembered on the way, or the next walk would go
 * on where this one was stopped.
 * @throws Refusal of `root`
 */
export const walkToNewest = async (
  the: TrustDeps,
  at: TrustAddresses,
  { start, anchor }: { readonly start: BelievedRoot; readonly anchor: Anchor },
  seen: TrustState | undefined,
): Promise<BelievedRoot> => {
  const limit = anchor === 'first_use' ? MAX_FIRST_USE_STEPS : MAX_ROOT_STEPS;
  let newest = start;
  requireSameAsSeen(newest, seen);
  for (let step = 0; ; step += 1) {
    const version = newest.root.version + 1;
    const envelope = await fetchText(the, at.rootVersion.replaceAll('{version}', String(version)));
    if (envelope === undefined) return newest;
    if (step === limit) throw refusal('root', 'root_steps', { limit, anchor });
    newest = asRootRefusal('root_update_invalid', { trusted: newest.root.version, version }, () =>
      believed(verifyRootUpdate(newest.root, parseEnvelope(envelope)), envelope),
    );
    requireSameAsSeen(newest, seen);
    if (anchor !== 'first_use') await the.store.remember(stateOf(the, newest, seen));
  }
};

export const stateOf = (the: TrustDeps, newest: BelievedRoot, seen: TrustState | undefined): TrustState => ({
  format: 1,
  registry: the.reader.base,
  root: { version: newest.root.version, sha256: newest.sha256, envelope: newest.envelope },
  keyring: seen?.keyring,
  checkpoint: seen?.checkpoint,
  withdrawals: seen?.withdrawals,
});
