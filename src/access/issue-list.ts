// Issues a list of the registrar: all that is in force, signed anew at each change and before it grows old.
import { setImmediate as othersFirst } from 'node:timers/promises';
import { instantOf } from '../../keys/document.ts';
import type { Sql, Tx } from '../database/connect.ts';
import { inTransaction } from '../database/transaction.ts';
import {
  type FollowedTrust,
  type InForce,
  requireNewestRoot,
  signAsRegistrar,
  underNewestRoot,
} from './in-force.ts';
import {
  dropIssuedBelow,
  type IssuedRow,
  type IssuedTable,
  insertIssued,
  newestIssued,
} from './issued-store.ts';
import { contentMark, type KnownList, type KnownLists, knownLatest, registrarMark } from './known-list.ts';
import { MAX_SKEW_MS } from './skew.ts';

/** What lists are made with. */
export interface ListSources {
  readonly sql: Sql;
  readonly now: () => Date;
  /** How many leaves the log has. */
  readonly treeSize: () => Promise<number>;
  /** Empty at the start. */
  readonly known: KnownLists;
}

export interface IssueDeps extends ListSources {
  readonly trust: FollowedTrust;
}

/** What every list says beside its content. */
interface Frame {
  readonly version: number;
  readonly issuedAt: string;
  readonly expires: string;
  readonly treeSize: number;
}

export interface ListKind<Content> {
  readonly table: IssuedTable;
  readonly payloadType: string;
  /** Everything that is in force now. */
  readonly content: (sql: Sql) => Promise<Content>;
  readonly payload: (list: Frame & Content) => Uint8Array;
  readonly parse: (payload: Uint8Array) => Frame & Content;
  /** One text for equal contents, and another for every other. */
  readonly textOf: (content: Content) => string;
}

/** A list that is signed and not yet issued, and what is known of it then. */
interface Drafted {
  readonly row: IssuedRow;
  readonly known: KnownList;
}

/** Short, so that a mirror that withholds a change is found out within days. */
const LIFETIME_MS = 7 * 24 * 60 * 60 * 1_000;
const ATTEMPTS = 8;

/** More than half of its life lies before it; one from the future was signed by a clock that was wrong. */
const isYoung = ({ issued_at }: Pick<IssuedRow, 'issued_at'>, now: Date): boolean => {
  const age = now.getTime() - issued_at.getTime();
  return age >= -MAX_SKEW_MS && age < LIFETIME_MS / 2;
};

/**
 * The list that has to follow the latest one, signed; undefined where that one still stands. The content is asked for
 * last, so that it holds at least what the log had recorded up to the tree size.
 */
export const draftList = async <C>(
  the: ListSources,
  kind: ListKind<C>,
  { root, registrars }: Pick<InForce, 'root' | 'registrars'>,
): Promise<Drafted | undefined> => {
  const now = the.now();
  const latest = await knownLatest(the, kind, root);
  // Another process may have known a larger log; its clients take no list over a smaller one.
  const treeSize = Math.max(latest?.treeSize ?? 0, await the.treeSize());
  const content = await kind.content(the.sql);
  const mark = contentMark(kind, content);
  if (latest?.isSigned && latest.content === mark && isYoung(latest, now)) return undefined;
  // A large list takes its time: between the steps, others get their turn.
  await othersFirst();
  const version = (latest?.version ?? 0) + 1;
  const expires = instantOf(new Date(now.getTime() + LIFETIME_MS));
  const payload = kind.payload({ ...content, version, issuedAt: instantOf(now), expires, treeSize });
  await othersFirst();
  const envelope = await signAsRegistrar({ registrars }, kind.payloadType, payload);
  const known = {
    version,
    issued_at: now,
    treeSize,
    content: mark,
    registrar: registrarMark(root),
    isSigned: true,
  };
  return { row: { version, envelope, issued_at: now }, known };
};

/** False where another process issued one meanwhile; for whoever holds the lock of `requireNewestRoot`. */
export const storeList = async (tx: Tx, table: IssuedTable, row: IssuedRow): Promise<boolean> => {
  if (((await newestIssued(tx, table))?.version ?? 0) !== row.version - 1) return false;
  await insertIssued(tx, table, row);
  await dropIssuedBelow(tx, table, row.version);
  return true;
};

const attempt = async <C>(the: IssueDeps, kind: ListKind<C>, inForce: InForce): Promise<boolean> => {
  const drafted = await draftList(the, kind, inForce);
  if (drafted === undefined) return true;
  const isStored = await inTransaction(the.sql, async (tx) => {
    await requireNewestRoot(tx, inForce);
    return storeList(tx, kind.table, drafted.row);
  });
  if (isStored) the.known.set(kind.table, drafted.known);
  return isStored;
};

/** Signs outside the transaction, since a signer may be far away; the version number decides between processes. */
export const issueList =
  <C>(the: IssueDeps, kind: ListKind<C>) =>
  async (): Promise<void> => {
    await the.trust.requireTrueTime();
    for (let tries = 0; tries < ATTEMPTS; tries += 1)
      if (await underNewestRoot(the.trust, (inForce) => attempt(the, kind, inForce))) return;
    throw new Error(`the ${kind.table} kept changing under our hands`);
  };
