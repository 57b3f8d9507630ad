// Issues a list of the registrar: all that is in force, signed anew at each change and before it grows old.
import { instantOf } from '../../keys/document.ts';
import { parseEnvelope, signersOf } from '../../keys/envelope.ts';
import type { Root } from '../../keys/root.ts';
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
  latestIssued,
} from './issued-store.ts';

/** What lists are made with. */
export interface ListSources {
  readonly sql: Sql;
  readonly now: () => Date;
  /** How many leaves the log has. */
  readonly treeSize: () => Promise<number>;
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
}

/** Short, so that a mirror that withholds a change is found out within days. */
const LIFETIME_MS = 7 * 24 * 60 * 60 * 1_000;
const ATTEMPTS = 8;

const isSigned = ({ registrar }: Root, { envelope }: IssuedRow): boolean =>
  signersOf(parseEnvelope(envelope), registrar.keys).length >= registrar.threshold;

const listOf = <C>(kind: ListKind<C>, { envelope }: IssuedRow): Frame & C =>
  kind.parse(parseEnvelope(envelope).payload);

const sameContent = <C>(kind: ListKind<C>, latest: IssuedRow, wanted: C): boolean => {
  const { payload } = parseEnvelope(latest.envelope);
  return Buffer.compare(kind.payload({ ...listOf(kind, latest), ...wanted }), payload) === 0;
};

/** Another process may have known a larger log; its clients take no list over a smaller one. */
const growingSize = async <C>(the: ListSources, kind: ListKind<C>, latest: IssuedRow | undefined) =>
  Math.max(latest === undefined ? 0 : listOf(kind, latest).treeSize, await the.treeSize());

/** Whether a list is believed under this root, says what is in force, and has more than half of its life before it. */
const isCurrent = <C>(kind: ListKind<C>, latest: IssuedRow, wanted: C, root: Root, now: Date): boolean =>
  now.getTime() - latest.issued_at.getTime() < LIFETIME_MS / 2 &&
  isSigned(root, latest) &&
  sameContent(kind, latest, wanted);

/**
 * The list that has to follow the latest one, signed; undefined where that one still stands. The content is asked for
 * last, so that it holds at least what the log had recorded up to the tree size.
 */
export const draftList = async <C>(
  the: ListSources,
  kind: ListKind<C>,
  { root, registrars }: Pick<InForce, 'root' | 'registrars'>,
): Promise<IssuedRow | undefined> => {
  const now = the.now();
  const latest = await latestIssued(the.sql, kind.table);
  const treeSize = await growingSize(the, kind, latest);
  const content = await kind.content(the.sql);
  if (latest !== undefined && isCurrent(kind, latest, content, root, now)) return undefined;
  const version = (latest?.version ?? 0) + 1;
  const expires = instantOf(new Date(now.getTime() + LIFETIME_MS));
  const payload = kind.payload({ ...content, version, issuedAt: instantOf(now), expires, treeSize });
  const envelope = await signAsRegistrar({ registrars }, kind.payloadType, payload);
  return { version, envelope, issued_at: now };
};

/** False where another process issued one meanwhile; for whoever holds the lock of `requireNewestRoot`. */
export const storeList = async (tx: Tx, table: IssuedTable, row: IssuedRow): Promise<boolean> => {
  if (((await latestIssued(tx, table))?.version ?? 0) !== row.version - 1) return false;
  await insertIssued(tx, table, row);
  await dropIssuedBelow(tx, table, row.version);
  return true;
};

const attempt = async <C>(the: IssueDeps, kind: ListKind<C>, inForce: InForce): Promise<boolean> => {
  const row = await draftList(the, kind, inForce);
  if (row === undefined) return true;
  return inTransaction(the.sql, async (tx) => {
    await requireNewestRoot(tx, inForce);
    return storeList(tx, kind.table, row);
  });
};

/** Signs outside the transaction, since a signer may be far away; the version number decides between processes. */
export const issueList =
  <C>(the: IssueDeps, kind: ListKind<C>) =>
  async (): Promise<void> => {
    for (let tries = 0; tries < ATTEMPTS; tries += 1)
      if (await underNewestRoot(the.trust, (inForce) => attempt(the, kind, inForce))) return;
    throw new Error(`the ${kind.table} kept changing under our hands`);
  };
