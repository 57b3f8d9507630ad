// The log of an upstream that keeps one: asked by the questions of the verifying client, remembered between syncs.

import type { PublicKey } from '../../keys/key.ts';
import type { Digest } from '../../storage/digest.ts';
import { sameDigest } from '../../storage/digest.ts';
import { requireRecorded } from '../client/leaf.ts';
import { Refusal, type RefusalCode } from '../client/refusal.ts';
import { lookAtRegistry } from '../client/registry.ts';
import { forwardOf, type TrustStore, withHead } from '../client/trust-state.ts';
import type { Sql, Tx } from '../database/connect.ts';
import { inTransaction } from '../database/transaction.ts';
import type { Tree } from '../protocol/faults.ts';
import type { PackName, PackVersion } from '../protocol/pack-id.ts';
import { asNotMirrored, NotMirrored } from './trouble.ts';
import type { UpstreamReader } from './upstream-fetch.ts';
import { keepEvidence, lockUpstream, setTrust, trustOf } from './upstream-store.ts';

interface Address {
  readonly name: PackName;
  readonly version: PackVersion;
}

export interface UpstreamLog {
  /** Leaves in its log. */
  readonly size: number;
  /** Whose signature its heads bear, as its root says. */
  readonly publicKey: PublicKey | undefined;
  /** @throws NotMirrored where the log does not record these bytes as that version */
  readonly requireRecorded: (address: Address, tree: Tree, digest: Digest) => Promise<void>;
}

/** Nothing that an honest upstream ever shows: it is asked no more until the operator has looked. */
const STOPPING: ReadonlySet<RefusalCode> = new Set([
  'log_fork',
  'checkpoint_rollback',
  'root_fork',
  'root_rollback',
  'trust_documents_missing',
]);

export const stopsForGood = (error: unknown): error is Refusal =>
  error instanceof Refusal && STOPPING.has(error.code);

/** What is believed of one upstream, in its row. */
export const storeOf = (sql: Sql, url: string): TrustStore => {
  const change = <T>(work: (tx: Tx) => Promise<T>): Promise<T> =>
    inTransaction(sql, async (tx) => {
      await lockUpstream(tx, url);
      return work(tx);
    });
  return {
    place: `the upstream ${url} (attestry mirror list)`,
    recall: () => trustOf(sql, url),
    remember: (state) =>
      change(async (tx) => void (await setTrust(tx, url, forwardOf(await trustOf(tx, url), state)))),
    rememberHead: (head, before) =>
      change(async (tx) => {
        const next = withHead(await trustOf(tx, url), head, before);
        if (next !== undefined) await setTrust(tx, url, next);
        return next !== undefined;
      }),
    keepEvidence: async (evidence) => {
      await keepEvidence(sql, url, evidence);
      return `the upstream ${url} (attestry mirror list --json)`;
    },
  };
};

/**
 * Undefined where the upstream keeps no log, and never did.
 * @throws Refusal of `root`, `keyring`, `checkpoint` or `lifecycle`
 */
export const openUpstreamLog = async (
  sql: Sql,
  url: string,
  reader: UpstreamReader,
  now: () => Date,
): Promise<UpstreamLog | undefined> => {
  const registry = await lookAtRegistry({ url, transport: reader.transport, store: storeOf(sql, url), now });
  if (registry.log === undefined) return undefined;
  return {
    size: registry.log.newest().size,
    publicKey: registry.trust?.root.log.vkey.publicKey,
    requireRecorded: async (address, tree, digest) => {
      const recorded = await requireRecorded(registry, { ...address, asked: 'exact' }, tree).catch(
        (error: unknown) => {
          throw stopsForGood(error) ? error : asNotMirrored(error);
        },
      );
      if (recorded !== undefined && sameDigest(recorded.digest, digest)) return;
      const evidence = { recorded: recorded?.digest ?? null, found: digest };
      throw new NotMirrored('leaf_digest_mismatch', 'The log of upstream records another tarball.', evidence);
    },
  };
};
