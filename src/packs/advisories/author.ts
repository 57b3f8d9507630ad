// Who may speak of a pack in an advisory, and how what was said is told: what all writers of advisories share.
import { canonicalText } from '../../../keys/canonical.ts';
import type { Authenticate } from '../../access/authenticate.ts';
import { requireNamespace, requireScope } from '../../access/grants.ts';
import { lostNamespace } from '../../access/namespaces/held-by.ts';
import { isOperator, type Principal, reaches } from '../../access/principal.ts';
import type { Sql, Tx } from '../../database/connect.ts';
import type { RecordedEvent } from '../../protocol/event.ts';
import { fault } from '../../protocol/faults.ts';
import { namespaceOf } from '../../protocol/pack-id.ts';
import type { Receipt } from '../../protocol/receipt.ts';
import type { AwaitReceipt } from '../../transparency/receipts.ts';
import { type StepDeps, type TellDeps, tellOf } from '../lifecycle/standing.ts';
import type { YankGrounds } from '../lifecycle/yank-note.ts';
import { type PackAddress, readName } from '../policy.ts';
import { type AdvisoryContent, type Affected, packsIn } from './advisory.ts';
import { type AdvisoryRecord, findAdvisory } from './advisory-store.ts';

export interface AdvisoryDeps extends StepDeps, TellDeps {
  readonly sql: Sql;
  readonly authenticate: Authenticate;
  readonly holderOfNamespace: (namespace: string) => Promise<string | undefined>;
  readonly awaitReceipt: AwaitReceipt;
  /** Where this registry is found. */
  readonly url: () => string;
}

/** What became of an advisory, and of the versions that it names or named. */
export interface Advised {
  readonly record: AdvisoryRecord;
  readonly created: boolean;
  /** Yanked for it just now. */
  readonly yanked: readonly PackAddress[];
  /** Named by it, and yanked before. */
  readonly alreadyYanked: readonly PackAddress[];
  /** Not named any more; they stay yanked until somebody takes that back. */
  readonly released: readonly PackAddress[];
  /** Rows of it that name no version which is there. */
  readonly unmatched: readonly Affected[];
  readonly event: RecordedEvent | string;
}

export type ReceiptedAdvice = Advised & { readonly receipt: Receipt | undefined };

/** @throws Fault unauthenticated, key_expired, key_revoked, forbidden */
export const requireAuthor = async (
  the: Pick<AdvisoryDeps, 'authenticate'>,
  authorization: string | undefined,
): Promise<Principal> => {
  const by = await the.authenticate(authorization);
  requireScope(by, 'advisories:publish');
  return by;
};

/** Others speak of their own packs only: an advisory yanks what it names. @throws Fault pack_namespace_unauthorized */
export const requirePacks = async (
  the: Pick<AdvisoryDeps, 'holderOfNamespace'>,
  by: Principal,
  { affected }: AdvisoryContent,
): Promise<void> => {
  for (const { packName } of affected) {
    const namespace = namespaceOf(readName(packName));
    requireNamespace(by, packName, namespace, await the.holderOfNamespace(namespace));
  }
};

/** @throws Fault advisory_not_found */
export const requireAdvisory = async (tx: Tx, id: string): Promise<AdvisoryRecord> => {
  const record = await findAdvisory(tx, id);
  if (record === undefined) throw fault('advisory_not_found', { id });
  return record;
};

/** Whoever holds all that it names now: nobody's packs depend on what somebody said who held them before. */
const holdsNamed = async (tx: Tx, by: Principal, { content }: AdvisoryRecord): Promise<boolean> => {
  const packs = packsIn(content);
  return packs.every((name) => reaches(by, name)) && (await lostNamespace(tx, by, packs)) === undefined;
};

/**
 * What the operator says of a pack stands until the operator says otherwise; of what others say, its author too, and
 * who holds the packs. Say it once `lockAdvice` is held: publishes come by both locks in that order.
 * @throws Fault forbidden
 */
export const requireSay = async (tx: Tx, by: Principal, record: AdvisoryRecord): Promise<void> => {
  const { id, author, byOperator } = record;
  if (isOperator(by)) return;
  if (!byOperator && (author === by.account || (await holdsNamed(tx, by, record)))) return;
  const whose = byOperator ? 'The operator' : 'Another account';
  throw fault('forbidden', { id }, `${whose} published this advisory: ask there.`);
};

const urlOf = (registry: string, id: string): string => `${registry}/security/advisories/${id}.json`;

/** What the yank of a version says that an advisory names. */
export const groundsOf = (
  the: Pick<AdvisoryDeps, 'url'>,
  { id, content }: Pick<AdvisoryRecord, 'id' | 'content'>,
): YankGrounds => ({
  reason: `${id}: ${content.summary}`,
  advisoryUrl: content.advisoryUrl ?? urlOf(the.url(), id),
});

export const sameContent = (a: AdvisoryContent, b: AdvisoryContent): boolean =>
  canonicalText(a) === canonicalText(b);

/** Said again where nothing changed: whoever repeats a request may do so because this was not reached. */
export const tellAdvised = async (the: AdvisoryDeps, advised: Advised): Promise<ReceiptedAdvice> => {
  the.announce(`advisory:${advised.record.id}`);
  await tellOf(the, [...advised.yanked, ...advised.alreadyYanked]);
  return { ...advised, receipt: await the.awaitReceipt(advised.event) };
};
