// Publishes the root that follows: believed where enough keys of both have signed it and this process can sign under it.
import { equalBytes } from '../../keys/bytes.ts';
import { type Envelope, envelopeText, parseEnvelope } from '../../keys/envelope.ts';
import { isRootExpired, parseRoot, type Root, verifyFirstRoot, verifyRootUpdate } from '../../keys/root.ts';
import type { Signer } from '../../keys/signer.ts';
import type { Sql, Tx } from '../database/connect.ts';
import { inTransaction } from '../database/transaction.ts';
import type { EventFacts } from '../protocol/event.ts';
import { fault } from '../protocol/faults.ts';
import { requireStillActing } from './acting-store.ts';
import { insertRoot, rootAt } from './delegation-store.ts';
import { requireScope } from './grants.ts';
import { type FollowedTrust, type InForce, RootMoved, requireNewestRoot } from './in-force.ts';
import { draftList, type ListKind, type ListSources, storeList } from './issue-list.ts';
import type { IssuedRow, IssuedTable } from './issued-store.ts';
import { callersFault } from './listed-key.ts';
import { actorOf, type Principal } from './principal.ts';
import { keysAtHand } from './service-keys.ts';

/** A list that is signed and not yet issued. */
interface DraftedList {
  readonly table: IssuedTable;
  readonly row: IssuedRow;
}

/** What has to follow the latest list of a kind under a root; undefined where that one is believed as it is. */
export type Draft = (under: Pick<InForce, 'root' | 'registrars'>) => Promise<DraftedList | undefined>;

export const draftOf =
  <C>(the: ListSources, kind: ListKind<C>): Draft =>
  async (under) => {
    const drafted = await draftList(the, kind, under);
    return drafted && { table: kind.table, row: drafted.row };
  };

export interface PublishRootDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly trust: FollowedTrust;
  /** Every list that the registrar signs. */
  readonly lists: readonly Draft[];
  /** Where the registry's own keys lie. */
  readonly keyFolder: string;
  readonly append: (tx: Tx, facts: EventFacts) => Promise<unknown>;
  readonly announce: (subject: string) => void;
}

export interface PublishedRoot {
  readonly version: number;
  readonly expires: string;
  /** False where it was published before. */
  readonly created: boolean;
}

const isPublished = async (the: PublishRootDeps, { payload }: Envelope): Promise<boolean> => {
  const found = await rootAt(the.sql, callersFault(() => parseRoot(payload)).version);
  return found !== undefined && equalBytes(parseEnvelope(found).payload, payload);
};

const newestRoot = async (the: PublishRootDeps): Promise<Root> => {
  const envelope = await rootAt(the.sql, 'latest');
  if (envelope === undefined) throw new Error('a registry runs without a root');
  return verifyFirstRoot(parseEnvelope(envelope));
};

/** Every client would refuse what it follows from then on. */
const requireUsable = (trusted: Root, root: Root, now: Date): void => {
  if (isRootExpired(root, now)) {
    const evidence = { reason: 'root_expired', expires: root.expires };
    throw fault('validation_error', evidence, 'The new root has expired: rotate again, with a later end.');
  }
  const [expected, found] = [trusted.log.origin, root.log.origin];
  if (expected !== found)
    throw fault(
      'validation_error',
      { reason: 'root_log', expected, found },
      'A log keeps its name for ever.',
    );
};

/** Else this registry could sign neither its keyring nor its log from then on. */
const requireKeys = async ({ keyFolder }: PublishRootDeps, root: Root): Promise<readonly Signer[]> => {
  const { registrars, missing } = await keysAtHand(keyFolder, root).catch((error: unknown) =>
    callersFault(() => {
      throw error;
    }),
  );
  if (missing.length === 0) return registrars;
  throw fault(
    'validation_error',
    { reason: 'root_keys_missing', missing },
    `This process does not hold the keys that the new root names: put them into ${keyFolder} first, on every machine.`,
  );
};

/** What becomes true together: no client ever meets the new root without the lists that it believes. */
interface Handover {
  readonly trusted: Root;
  readonly root: Root;
  readonly envelope: Envelope;
  /** Those that are not believed under the new root as they are. */
  readonly lists: readonly DraftedList[];
}

/** Another process issued a list after this one drafted its own. */
class ListMoved extends Error {
  override readonly name = 'ListMoved';
}

const commit = (the: PublishRootDeps, by: Principal, handover: Handover): Promise<void> =>
  // The point of no return.
  inTransaction(the.sql, async (tx) => {
    const { trusted, root, lists } = handover;
    await requireNewestRoot(tx, { root: trusted });
    await requireStillActing(tx, by, the.now());
    for (const { table, row } of lists) if (!(await storeList(tx, table, row))) throw new ListMoved();
    const envelope = envelopeText(handover.envelope);
    await insertRoot(tx, root.version, envelope);
    const facts = { actor: actorOf(by), subject: `root:${root.version}`, data: { envelope } };
    await the.append(tx, { kind: 'root.published', ...facts });
  });

/** False where it was published before, perhaps by a rival a moment ago. */
const handOver = async (the: PublishRootDeps, by: Principal, envelope: Envelope): Promise<boolean> => {
  if (await isPublished(the, envelope)) return false;
  await the.trust.requireTrueTime();
  const trusted = await newestRoot(the);
  const root = callersFault(() => verifyRootUpdate(trusted, envelope));
  requireUsable(trusted, root, the.now());
  const under = { root, registrars: await requireKeys(the, root) };
  const drafted = await Promise.all(the.lists.map((draft) => draft(under)));
  const lists = drafted.filter((list) => list !== undefined);
  await commit(the, by, { trusted, root, envelope, lists });
  return true;
};

const ATTEMPTS = 8;

/** Does it again where a rival was faster. */
const untilStill = async (work: () => Promise<boolean>): Promise<boolean> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const isRival = error instanceof ListMoved || error instanceof RootMoved;
      if (!isRival || attempt === ATTEMPTS) throw error;
    }
  }
};

/**
 * Sending the same root again changes nothing.
 * @param given the envelope as parsed JSON.
 * @throws Fault forbidden, key_revoked; validation_error with the reason and the evidence, and nothing is stored.
 */
export const publishRoot =
  (the: PublishRootDeps) =>
  async (by: Principal, given: unknown): Promise<PublishedRoot> => {
    requireScope(by, 'admin');
    const envelope = callersFault(() => parseEnvelope(given));
    const { version, expires } = callersFault(() => parseRoot(envelope.payload));
    const created = await untilStill(() => handOver(the, by, envelope));
    if (created) {
      await the.trust.refresh();
      the.announce(`root:${version}`);
    }
    return { version, expires, created };
  };
