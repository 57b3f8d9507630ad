// From the log's key in the root document to a head of the log, and to what was withdrawn as of that head.
import { fromUtf8 } from '../../keys/bytes.ts';
import type { Keyring } from '../../keys/keyring.ts';
import type { Root } from '../../keys/root.ts';
import type { SignedCheckpoint } from '../protocol/checkpoint.ts';
import { MAX_NOTE_BYTES } from '../protocol/signed-note.ts';
import type { LogAddresses } from './discovery.ts';
import {
  type LogDeps,
  openNote,
  rememberedHead,
  requireConsistent,
  requireNotSmaller,
} from './log-history.ts';
import { type LogView, logViewFrom } from './log-view.ts';
import { type RefusalCode, refusal } from './refusal.ts';
import type { TrustDeps } from './root-walk.ts';
import { tileReader } from './tile-cache.ts';
import type { TrustState } from './trust-state.ts';
import { believeWithdrawals, type Withdrawn } from './withdrawals.ts';

export interface BelievedLog {
  readonly view: LogView;
  readonly withdrawn: Withdrawn;
  readonly mark: TrustState['withdrawals'];
}

/** What was believed before the log is asked about. */
export interface LogQuestion {
  readonly root: Root;
  readonly keyring: Keyring;
  readonly seen: TrustState | undefined;
  readonly now: Date;
}

const MAX_WITHDRAWALS_BYTES = 16 * 1024 * 1024;

/**
 * The root names the log's key even where a registry has published no log yet, so a discovery document without one is
 * no lie by itself. It becomes one as soon as a head of that log was seen: no log is taken back.
 */
const refuseVanished = (seen: TrustState | undefined): undefined => {
  if (seen?.checkpoint === undefined) return;
  throw refusal('checkpoint', 'checkpoint_missing', { missing: '/trust/log', seen: seen.checkpoint.size });
};

const fetchList = async ({ reader }: TrustDeps, path: string): Promise<Uint8Array> => {
  const bytes = await reader.bytes('lifecycle', path, MAX_WITHDRAWALS_BYTES);
  if (bytes === undefined) throw refusal('lifecycle', 'withdrawals_missing', { path });
  return bytes;
};

const fetchNote = async ({ reader }: TrustDeps, path: string): Promise<string> => {
  const bytes = await reader.bytes('checkpoint', path, MAX_NOTE_BYTES);
  if (bytes === undefined) throw refusal('checkpoint', 'checkpoint_missing', { path });
  return fromUtf8(bytes) ?? '';
};

const believeHead = async (
  the: LogDeps,
  note: string,
  seen: TrustState | undefined,
): Promise<SignedCheckpoint> => {
  const found = openNote('checkpoint', note, the.vkey);
  const remembered = rememberedHead(seen?.checkpoint, the.vkey);
  if (remembered === undefined) return found;
  await requireNotSmaller(the, remembered, found);
  await requireConsistent(the, tileReader(the.reader, the.addresses.tile), remembered, found);
  return found;
};

/** The registrar says how large the log was when it signed: a smaller head is of an earlier time. */
const requireNotBehind = (head: SignedCheckpoint, document: string, treeSize: number): void => {
  const code: RefusalCode = 'checkpoint_behind';
  if (head.size < treeSize) throw refusal('checkpoint', code, { document, treeSize, size: head.size });
};

/** Undefined where there is no log and never was. @throws Refusal of `checkpoint` or `lifecycle` */
export const believeLog = async (
  the: TrustDeps,
  addresses: LogAddresses | undefined,
  { root, keyring, seen, now }: LogQuestion,
): Promise<BelievedLog | undefined> => {
  if (addresses === undefined) return refuseVanished(seen);
  const { reader, store } = the;
  const deps: LogDeps = { reader, store, addresses, vkey: root.log.vkey, rootVersion: root.version };
  // The list is fetched before the head: else an honest one, issued between the two, would seem to be ahead of it.
  const bytes = await fetchList(the, addresses.withdrawals);
  const head = await believeHead(deps, await fetchNote(the, addresses.checkpoint), seen);
  requireNotBehind(head, 'keyring', keyring.treeSize);
  const list = believeWithdrawals({ root, bytes, now, lastSeen: seen?.withdrawals });
  requireNotBehind(head, 'withdrawals', list.treeSize);
  return { view: logViewFrom(deps, head), withdrawn: list.withdrawn, mark: list.mark };
};
