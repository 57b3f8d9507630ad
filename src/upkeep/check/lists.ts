// Checks the registrar's newest lists: they open under the newest root and say what is in force.

import { setTimeout as sleep } from 'node:timers/promises';
import { canonicalText } from '../../../keys/canonical.ts';
import { parseDelegation } from '../../../keys/delegation.ts';
import { parseEnvelope } from '../../../keys/envelope.ts';
import { KeyError } from '../../../keys/errors.ts';
import { isKeyringExpired, verifyKeyring } from '../../../keys/keyring.ts';
import { parseRevocation } from '../../../keys/revocation.ts';
import type { Root } from '../../../keys/root.ts';
import { isWithdrawalsExpired, verifyWithdrawals } from '../../../keys/withdrawals.ts';
import { allDelegations } from '../../access/delegation-store.ts';
import { type IssuedTable, latestIssued } from '../../access/issued-store.ts';
import type { Queryable } from '../../database/connect.ts';
import { withdrawnNow } from '../../packs/lifecycle/lifecycle-store.ts';
import type { Report } from '../report.ts';

export interface ListsDeps {
  /** As it is now, or a moment of it. */
  readonly db: Queryable;
  readonly report: Report;
  readonly root: Root;
  readonly now: () => Date;
  readonly patienceMs: number;
}

type Flaw = 'invalid' | 'stale' | 'expired' | 'missing';

interface ListKind {
  readonly table: IssuedTable;
  readonly name: 'keyring' | 'withdrawals';
  /** What it has to say, as far as the rows tell now. */
  readonly wanted: (db: Queryable) => Promise<unknown>;
  readonly open: (
    root: Root,
    envelope: string,
    now: Date,
  ) => { readonly says: unknown; readonly expired: boolean };
}

const payloadOf = (envelope: string): Uint8Array => parseEnvelope(envelope).payload;

const KEYRING: ListKind = {
  table: 'keyrings',
  name: 'keyring',
  wanted: async (db) => {
    const rows = await allDelegations(db);
    return {
      delegations: rows.map((row) => parseDelegation(payloadOf(row.envelope))),
      revocations: rows.flatMap(({ revocation }) =>
        revocation === null ? [] : [parseRevocation(payloadOf(revocation))],
      ),
    };
  },
  open: (root, envelope, now) => {
    const keyring = verifyKeyring(root, parseEnvelope(envelope));
    const { delegations, revocations } = keyring;
    return { says: { delegations, revocations }, expired: isKeyringExpired(keyring, now) };
  },
};

const WITHDRAWALS: ListKind = {
  table: 'withdrawals',
  name: 'withdrawals',
  wanted: withdrawnNow,
  open: (root, envelope, now) => {
    const list = verifyWithdrawals(root, parseEnvelope(envelope));
    return { says: list.withdrawn, expired: isWithdrawalsExpired(list, now) };
  },
};

/** Bytes of keys as lists of numbers, so that two values compare as JSON. */
const textOf = (value: unknown): string =>
  canonicalText(
    JSON.parse(JSON.stringify(value, (_, each) => (each instanceof Uint8Array ? [...each] : each))),
  );

const flawOf = async ({ db, root, now }: ListsDeps, kind: ListKind): Promise<Flaw | undefined> => {
  const latest = await latestIssued(db, kind.table);
  if (latest === undefined) return 'missing';
  try {
    const { says, expired } = kind.open(root, latest.envelope, now());
    if (textOf(says) !== textOf(await kind.wanted(db))) return 'stale';
    return expired ? 'expired' : undefined;
  } catch (error) {
    if (error instanceof KeyError) return 'invalid';
    throw error;
  }
};

const LOOK_EVERY_MS = 200;

/** A registry that runs issues a list moments after what it tells of: what is not right must stay so to count. */
const checkList = async (the: ListsDeps, kind: ListKind): Promise<void> => {
  const end = performance.now() + the.patienceMs;
  let flaw = await flawOf(the, kind);
  while (flaw !== undefined && flaw !== 'expired' && performance.now() < end) {
    await sleep(LOOK_EVERY_MS);
    flaw = await flawOf(the, kind);
  }
  if (flaw !== undefined) the.report.add(`${kind.name}_${flaw}`, `newest ${kind.name}`);
};

export const checkLists = (the: ListsDeps): Promise<unknown> =>
  Promise.all([KEYRING, WITHDRAWALS].map((kind) => checkList(the, kind)));
