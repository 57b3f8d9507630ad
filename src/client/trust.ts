// Where belief in a registry begins: root by root from the pinned one, then the registrar's keyring, then the log.
import { trustKeyring, walkRoots } from '../../keys/chain.ts';
import type { Keyring } from '../../keys/keyring.ts';
import type { Root } from '../../keys/root.ts';
import { refusalOfBroken } from './broken-link.ts';
import type { TrustAddresses } from './discovery.ts';
import { believeLog } from './log-head.ts';
import type { LogView } from './log-view.ts';
import { Refusal, type RefusalCode, refusal } from './refusal.ts';
import { type Anchor, chooseAnchor, stateOf, type TrustDeps, walkToNewest } from './root-walk.ts';
import { keepServed } from './served-evidence.ts';
import type { TrustState } from './trust-state.ts';
import type { Withdrawn } from './withdrawals.ts';

export interface Trust {
  readonly root: Root;
  readonly keyring: Keyring;
  readonly anchor: Anchor;
  /** Both undefined where the registry shows no log and never did. */
  readonly log: LogView | undefined;
  readonly withdrawn: Withdrawn | undefined;
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
  const { root } = fresh;
  const { keyring, mark } = trusted;
  const log = await believeLog(the, at.log, { root, keyring, seen, now });
  const withdrawals = log?.mark ?? seen?.withdrawals;
  await the.store.remember({ ...stateOf(the, newest, seen), keyring: mark, withdrawals });
  await log?.view.settle();
  return { root, keyring, anchor: chosen.anchor, log: log?.view, withdrawn: log?.withdrawn };
};

/** How a registry that was set up anew looks to those who knew the old one. */
const ANEW: ReadonlySet<RefusalCode> = new Set([
  'root_fork',
  'root_rollback',
  'root_update_invalid',
  'trust_documents_missing',
]);

const NEVER_SEEN =
  'The registry shows no trust documents: nothing in it can be held against the root that was given.';

/**
 * It looks like one that was taken over, too; who knows better finds here what to remove. A keyring may just have been
 * slipped in: then it is only said where what is remembered stands.
 */
const withMemory = async (
  error: unknown,
  the: TrustDeps,
  at: TrustAddresses | undefined,
  seen: TrustState,
): Promise<unknown> => {
  if (!(error instanceof Refusal)) return error;
  const { question, code, evidence, message } = error;
  const slipped = code === 'keyring_signature';
  if (!slipped && !ANEW.has(code)) return error;
  const saved = at && (await keepServed(the, at, seen, code));
  const where = slipped ? { state: the.store.place } : { remembered: the.store.place };
  return refusal(question, code, { ...evidence, ...(saved && { saved }), ...where }, message, error);
};

/**
 * Believes a registry's keys and its log, or refuses with the link that broke; what was believed is remembered.
 * @throws Refusal of `root`, `keyring`, `checkpoint` or `lifecycle`; in its evidence, `remembered` or `state` says where what was
 *   seen before is kept, `saved` where what was served now is
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
    throw refusal('root', 'trust_documents_missing', evidence, seen === undefined ? NEVER_SEEN : undefined);
  } catch (error) {
    throw seen === undefined ? error : await withMemory(error, the, at, seen);
  }
};
