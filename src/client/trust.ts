// Where belief in a registry's keys begins: root by root from the pinned one, then the keyring its registrar signed.
import { trustKeyring, walkRoots } from '../../keys/chain.ts';
import type { Keyring } from '../../keys/keyring.ts';
import type { Root } from '../../keys/root.ts';
import { refusalOfBroken } from './broken-link.ts';
import type { TrustAddresses } from './discovery.ts';
import { Refusal, refusal } from './refusal.ts';
import { type Anchor, chooseAnchor, stateOf, type TrustDeps, walkToNewest } from './root-walk.ts';
import type { TrustState } from './trust-state.ts';

export interface Trust {
  readonly root: Root;
  readonly keyring: Keyring;
  readonly anchor: Anchor;
}

const MAX_KEYRING_BYTES = 16 * 1024 * 1024;

const fetchKeyring = async (the: TrustDeps, at: TrustAddresses): Promise<Uint8Array> => {
  const bytes = await the.reader.bytes('keyring', at.keyring, MAX_KEYRING_BYTES);
  if (bytes === undefined) throw refusal('keyring', 'keyring_missing', { path: at.keyring });
  return bytes;
};

const believe = async (
  the: TrustDeps,
  at: TrustAddresses,
  seen: TrustState | undefined,
  now: Date,
): Promise<Trust> => {
  const chosen = await chooseAnchor(the, at, seen);
  const newest = await walkToNewest(the, at, chosen, seen);
  const fresh = walkRoots({ anchor: newest.root, updates: [], now, lastSeenVersion: seen?.root.version });
  if (!fresh.believed) throw refusalOfBroken(fresh);
  const question = { root: fresh.root, now, lastSeen: seen?.keyring };
  const trusted = trustKeyring({ ...question, keyring: await fetchKeyring(the, at) });
  if (!trusted.believed) throw refusalOfBroken(trusted);
  await the.store.remember({ ...stateOf(the, newest, seen), keyring: trusted.mark });
  return { root: fresh.root, keyring: trusted.keyring, anchor: chosen.anchor };
};

/** A registry that was set up anew looks like one that was taken over; who knows better finds here what to remove. */
const withMemory = (error: unknown, { store }: TrustDeps): unknown =>
  error instanceof Refusal && /^(?:root|keyring|trust)_/.test(error.code)
    ? refusal(
        error.question,
        error.code,
        { ...error.evidence, remembered: store.place },
        error.message,
        error,
      )
    : error;

/**
 * Believes a registry's keys, or refuses with the link that broke; what was believed is remembered.
 * @throws Refusal of `root` or `keyring`; `remembered` in its evidence says where what was seen before is kept
 */
export const establishTrust = async (
  the: TrustDeps,
  at: TrustAddresses | undefined,
  now: Date,
): Promise<Trust | undefined> => {
  const seen = await the.store.recall();
  try {
    if (at !== undefined) return await believe(the, at, seen, now);
    if (seen === undefined && the.pinnedRoot === undefined) return undefined;
    const evidence = { registry: the.reader.base, seen: seen?.root.version ?? null };
    throw refusal('root', 'trust_documents_missing', evidence);
  } catch (error) {
    throw seen === undefined ? error : withMemory(error, the);
  }
};
