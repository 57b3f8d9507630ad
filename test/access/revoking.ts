// Taking keys back with a log of one's own choosing in the place of the real one.

import { reissueKeyring } from '../../src/access/keyring.ts';
import type { RevokeDeps } from '../../src/access/revoke-key.ts';
import { keepKeyring, stateRevocation } from '../../src/access/state-revocation.ts';
import type { RequireTrueTime } from '../../src/access/true-time.ts';
import { establishTrust } from '../../src/access/trust.ts';
import type { Sql } from '../../src/database/connect.ts';
import { appendEvent } from '../../src/transparency/append.ts';

export const REVOKE_STEPS = ['announce', 'state', 'reissue'] as const;
export type RevokeStep = (typeof REVOKE_STEPS)[number];

export interface RevokingSettings {
  readonly dataDir: string;
  readonly databaseUrl: string;
  readonly keyId: string;
  readonly step: RevokeStep;
  readonly flavour: 'not done' | 'done but unreported';
}

export type SealedPosition = (eventId: string, waitMs: number) => Promise<number | undefined>;

export interface Revoking extends RevokeDeps {
  /** The chore that every process runs. */
  readonly keep: () => Promise<void>;
}

/** What a process dates by, and what it asks before it signs. */
export interface RevokingClock {
  readonly now: () => Date;
  readonly requireTrueTime?: RequireTrueTime;
}

/** What one process takes keys back with; `sealed` says where the log has put an event. */
export const revokeDeps = async (
  sql: Sql,
  keyFolder: string,
  sealed: SealedPosition,
  size = 20,
  { now, requireTrueTime = async () => undefined }: RevokingClock = { now: () => new Date() },
): Promise<Revoking> => {
  const append = appendEvent({ now });
  const trust = await establishTrust({
    sql,
    now,
    requireTrueTime,
    keyFolder,
    origin: undefined,
    append,
    warn: () => undefined,
  });
  const treeSize = async () => size;
  const reissue = reissueKeyring({ sql, now, trust, treeSize, known: new Map() });
  const state = stateRevocation({ sql, trust, sealedPosition: sealed });
  return {
    sql,
    now,
    trust,
    append,
    announce: () => undefined,
    holderOfNamespace: async () => undefined,
    treeSize,
    reissueKeyring: reissue,
    stateRevocation: state,
    keep: keepKeyring({ sql, stateRevocation: state, reissueKeyring: reissue }),
  };
};
