// The operator's side: which registries are mirrored from now on, which no more, and when one is asked at once.
import { requireStillActing } from '../access/acting-store.ts';
import type { Authenticate } from '../access/authenticate.ts';
import { type Body, namespacesField, textField } from '../access/fields.ts';
import { requireScope } from '../access/grants.ts';
import { actorOf, type Principal } from '../access/principal.ts';
import { registryBase } from '../client/network/http-url.ts';
import type { Sql } from '../database/connect.ts';
import { inTransaction } from '../database/transaction.ts';
import { TransportError } from '../network/transport-error.ts';
import { readFrom } from '../packs/lifecycle/history.ts';
import type { RecordedEvent } from '../protocol/event.ts';
import { fault, type Tree } from '../protocol/faults.ts';
import type { Receipt } from '../protocol/receipt.ts';
import type { AppendEvent } from '../transparency/append.ts';
import type { AwaitReceipt } from '../transparency/receipts.ts';
import { FLAWS_AT_ONCE, type FlawRow, flawsOfUpstream } from './flaw-store.ts';
import { isFromFiles } from './limits.ts';
import { requireOtherAddress } from './self.ts';
import { SyncEnd } from './trouble.ts';
import { requireAllowed } from './upstream-fetch.ts';
import {
  allUpstreams,
  deleteUpstream,
  insertUpstream,
  lockUpstream,
  makeDue,
  type UpstreamRow,
  upstreamId,
  upstreamOf,
} from './upstream-store.ts';

export interface UpstreamsDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly authenticate: Authenticate;
  readonly append: AppendEvent;
  readonly awaitReceipt: AwaitReceipt;
  readonly allowPrivate: boolean;
  /** Where clients find this registry. */
  readonly url: () => string;
  /** @throws Fault validation_error where this registry itself answers there */
  readonly requireOtherRegistry: (base: string) => Promise<void>;
  /** Begins a sync that nobody waits for. */
  readonly begin: (id: string) => void;
}

type Asked = { readonly authorization: string | undefined };

export interface UpstreamChange {
  readonly row: UpstreamRow;
  readonly created: boolean;
  readonly event: RecordedEvent | undefined;
  readonly receipt: Receipt | undefined;
}

const TREES: readonly Tree[] = ['v1', 'v2'];

const requireOperator = async (the: UpstreamsDeps, { authorization }: Asked): Promise<Principal> => {
  const by = await the.authenticate(authorization);
  requireScope(by, 'admin');
  return by;
};

const wrong = (field: string, message: string) => fault('validation_error', { field }, message);

const readUrl = (body: Body): string => {
  try {
    return registryBase(textField(body, 'url'));
  } catch (error) {
    if (error instanceof TransportError) throw wrong('url', `url: ${error.message}`);
    throw error;
  }
};

/** The first that offers a version is the one that is mirrored. */
const readTrees = ({ trees }: Body): readonly Tree[] => {
  if (trees === undefined) return TREES;
  const found = Array.isArray(trees) ? TREES.filter((tree) => trees.includes(tree)) : [];
  if (Array.isArray(trees) && found.length > 0 && found.length === trees.length)
    return trees as readonly Tree[];
  throw wrong('trees', 'trees is a list of v1, v2, or both; the first is preferred.');
};

/** A name that cannot be resolved now may be later: that shows in the first sync. */
const requirePublicAddress = async (the: UpstreamsDeps, url: string): Promise<void> => {
  await requireAllowed(new URL(url), the.allowPrivate).catch((error: unknown) => {
    if (error instanceof SyncEnd)
      throw fault('validation_error', { field: 'url', reason: error.code }, error.message);
    if (!(error instanceof TransportError)) throw error;
  });
};

const requireUpstream = async (the: UpstreamsDeps, id: string): Promise<UpstreamRow> => {
  const row = await upstreamOf(the.sql, id);
  if (row === undefined)
    throw fault('not_found', { id: id.slice(0, 100) }, 'No such upstream is mirrored here.');
  return row;
};

/**
 * The same upstream again, asked for in the same way, is no news.
 * @throws Fault forbidden, validation_error, already_exists, key_revoked
 */
export const addUpstream =
  (the: UpstreamsDeps) =>
  async (asked: Asked & { readonly body: Body }): Promise<UpstreamChange> => {
    const by = await requireOperator(the, asked);
    const { body } = asked;
    const url = readUrl(body);
    const namespaces = body['namespaces'] === undefined ? null : namespacesField(body, 'namespaces');
    const trees = readTrees(body);
    requireOtherAddress(the, url);
    await requirePublicAddress(the, url);
    const id = upstreamId(url);
    if ((await upstreamOf(the.sql, id)) === undefined) await the.requireOtherRegistry(url);
    // The point of no return: the upstream is there with its event, or neither.
    const event = await inTransaction(the.sql, async (tx) => {
      await lockUpstream(tx, url);
      await requireStillActing(tx, by, the.now());
      const row = { id, url, namespaces, trees, addedBy: by.account, at: the.now() };
      if (!(await insertUpstream(tx, row))) return undefined;
      const data = { url, namespaces, trees };
      return the.append(tx, { kind: 'upstream.added', actor: actorOf(by), subject: `upstream:${url}`, data });
    });
    const row = await requireUpstream(the, id);
    if (event === undefined) requireNetwork(row);
    if (event === undefined) requireSame(row, namespaces, trees);
    else the.begin(id);
    return { row, created: event !== undefined, event, receipt: event && (await the.awaitReceipt(event)) };
  };

/** What comes in files is never asked for over the network: nobody said that it may be. */
const requireNetwork = (row: UpstreamRow): void => {
  if (!isFromFiles(row)) return;
  const message =
    'This upstream comes in files: bring its next export with "attestry mirror import"; to ask it over the network, remove it first, and add it.';
  throw fault('validation_error', { id: row.id, url: row.url }, message);
};

const requireSame = (
  row: UpstreamRow,
  namespaces: readonly string[] | null,
  trees: readonly Tree[],
): void => {
  if (JSON.stringify([row.namespaces, row.trees]) === JSON.stringify([namespaces, trees])) return;
  const message =
    'This upstream is mirrored already, in another way: remove it first, what is mirrored stays.';
  throw fault('already_exists', { namespaces: row.namespaces, trees: row.trees }, message);
};

/** What was mirrored stays, and is followed no more. @throws Fault forbidden, not_found, key_revoked */
export const removeUpstream =
  (the: UpstreamsDeps) =>
  async (asked: Asked & { readonly id: string }): Promise<void> => {
    const by = await requireOperator(the, asked);
    const { url } = await requireUpstream(the, asked.id);
    // The point of no return, as of adding it.
    const event = await inTransaction(the.sql, async (tx) => {
      await lockUpstream(tx, url);
      await requireStillActing(tx, by, the.now());
      if (!(await deleteUpstream(tx, url))) return undefined;
      return the.append(tx, {
        kind: 'upstream.removed',
        ...{ actor: actorOf(by), subject: `upstream:${url}`, data: { url } },
      });
    });
    if (event !== undefined) await the.awaitReceipt(event);
  };

export const listUpstreams =
  (the: UpstreamsDeps) =>
  async (asked: Asked): Promise<readonly UpstreamRow[]> => {
    await requireOperator(the, asked);
    return allUpstreams(the.sql);
  };

export const readUpstream =
  (the: UpstreamsDeps) =>
  async (asked: Asked & { readonly id: string }): Promise<UpstreamRow> => {
    await requireOperator(the, asked);
    return requireUpstream(the, asked.id);
  };

export interface FlawPage {
  readonly flaws: readonly FlawRow[];
  /** Where the list goes on; null at its end. */
  readonly next: number | null;
}

/** @throws Fault forbidden, not_found, validation_error */
export const listFlaws =
  (the: UpstreamsDeps) =>
  async (asked: Asked & { readonly id: string; readonly from: unknown }): Promise<FlawPage> => {
    await requireOperator(the, asked);
    const { url } = await requireUpstream(the, asked.id);
    const from = readFrom(asked.from);
    const found = await flawsOfUpstream(the.sql, url, from);
    const next = found.length > FLAWS_AT_ONCE ? from + FLAWS_AT_ONCE : null;
    return { flaws: found.slice(0, FLAWS_AT_ONCE), next };
  };

/** Nobody waits for it: whoever asked sees `turn` grow when it is over. @throws Fault forbidden, not_found, validation_error */
export const beginSync =
  (the: UpstreamsDeps) =>
  async (asked: Asked & { readonly id: string }): Promise<UpstreamRow> => {
    await requireOperator(the, asked);
    const row = await requireUpstream(the, asked.id);
    if (row.outcome === 'stopped') {
      const message = `This upstream is mirrored no more (${row.reason ?? ''}). Look at its evidence; then remove it, and add it anew if you trust it.`;
      throw fault('validation_error', { id: row.id, reason: row.reason }, message);
    }
    requireNetwork(row);
    await makeDue(the.sql, row.url, the.now());
    the.begin(row.id);
    return row;
  };
