// Delegated keys as the registry knows them: what every change of them needs, one of them, and the list of all.
import type { Delegation } from '../../keys/delegation.ts';
import type { Standing } from '../../keys/keyring.ts';
import type { Sql, Tx } from '../database/connect.ts';
import type { EventFacts, RecordedEvent } from '../protocol/event.ts';
import { allDelegations, delegationOf } from './delegation-store.ts';
import type { FollowedTrust } from './in-force.ts';
import { type ListedKey, listed, standingOf, statementOf } from './listed-key.ts';

/** What every change of the keys needs. */
export interface DelegationDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly trust: FollowedTrust;
  readonly append: (tx: Tx, facts: EventFacts) => Promise<RecordedEvent>;
  readonly holderOfNamespace: (namespace: string) => Promise<string | undefined>;
  /** Issues the keyring that says what was just committed. */
  readonly reissueKeyring: () => Promise<void>;
  readonly announce: (subject: string) => void;
}

/** A key as the signature check wants it: what the registrar said, and how it stands at a time. */
export interface DelegatedKey {
  readonly delegation: Delegation;
  /** By whom it was listed, and when. */
  readonly listed: { readonly keyId: string; readonly account: string; readonly issuedAt: Date };
  readonly standing: (now: Date) => Exclude<Standing, 'unknown'>;
  /** The key that follows it. */
  readonly rotatedTo?: string | undefined;
}

export const findDelegatedKey =
  (sql: Sql) =>
  async (keyId: string): Promise<DelegatedKey | undefined> => {
    const row = await delegationOf(sql, keyId);
    return (
      row && {
        delegation: statementOf(row),
        listed: { keyId: row.key_id, account: row.account, issuedAt: row.issued_at },
        standing: (now) => standingOf(row, now),
        rotatedTo: row.rotated_to ?? undefined,
      }
    );
  };

export const listKeys =
  (the: { readonly sql: Sql; readonly now: () => Date }) => async (): Promise<ListedKey[]> => {
    const now = the.now();
    return (await allDelegations(the.sql)).map((row) => listed(row, now));
  };
