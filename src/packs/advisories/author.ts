// Who may speak of a pack in an advisory, and how what was said is told: what all writers of advisories share.
import { canonicalText } from '../../../keys/canonical.ts';
import type { Authenticate } from '../../access/authenticate.ts';
import { requireNamespace, requireScope } from '../../access/grants.ts';
import { isOperator, type Principal } from '../../access/principal.ts';
import type { Sql, Tx } from '../../database/connect.ts';
import type { RecordedEvent } from '../../protocol/event.ts';
import { fault } from '../../protocol/faults.ts';
import { namespaceOf } from '../../protocol/pack-id.ts';
import type { Receipt } from '../../protocol/receipt.ts';
import type { AwaitReceipt } from '../../transparency/receipts.ts';
import { type StepDeps, type TellDeps, tellOf } from '../lifecycle/standing.ts';
import type { YankGrounds } from '../lifecycle/yank-note.ts';
import { type PackAddress, readName } from '../policy.ts';
import type { AdvisoryContent, Affected } from './advisory.ts';
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

/**
 * What the operator says of a pack stands until the operator says otherwise; of what others say, its author too.
 * @throws Fault advisory_not_found, forbidden
 */
export const requireOwn = async (tx: Tx, by: Principal, id: string): Promise<AdvisoryRecord> => {
  const record = await findAdvisory(tx, id);
  if (record === undefined) throw fault('advisory_not_found', { id });
  if (isOperator(by) || (!record.byOperator && record.author === by.account)) return record;
  const whose = record.byOperator ? 'The operator' : 'Another account';
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
