// The withdrawals: every version that is withdrawn now, as one document signed by the registrar. Pure.
import { utf8 } from './bytes.ts';
import { canonicalText, type JsonObject, type JsonValue, parseCanonical } from './canonical.ts';
import {
  instantMs,
  type Part,
  readDocument,
  readInstant,
  readInteger,
  readList,
  readPart,
  refuseDocument,
} from './document.ts';
import { type Envelope, openEnvelope } from './envelope.ts';
import { type ListMark, markOf, refuseRollback } from './mark.ts';
import type { Root } from './root.ts';

export const WITHDRAWALS_TYPE = 'attestry-withdrawals/v1';
export const WITHDRAWALS_PAYLOAD_TYPE = 'application/vnd.attestry.withdrawals+json';

/** More are never listed: what is issued must stay within what clients read. */
export const MAX_WITHDRAWN = 65_536;
const MEMBERS = ['version', 'issuedAt', 'expires', 'treeSize', 'withdrawn'];

/** A digest rather than a name, so that the list tells nothing of packs that its reader does not have. */
export interface Withdrawn {
  /** 64 lower-case hex digits: the SHA-256 of the .tgz. */
  readonly sha256: string;
  /** `yanked`, or another lower-case word; a kind that is unknown to its reader withdraws all the same. */
  readonly kind: string;
}

/**
 * `version` from 1, one more at each change; `treeSize`: leaves of the log when it was issued; `withdrawn`: sorted by
 * digest, each once. What is not listed is not withdrawn.
 */
export interface Withdrawals {
  readonly version: number;
  readonly issuedAt: string;
  readonly expires: string;
  readonly treeSize: number;
  readonly withdrawn: readonly Withdrawn[];
}

const readMatching = ({ members, where }: Part, name: string, form: RegExp, expected: string): string => {
  const value = members[name];
  return typeof value === 'string' && form.test(value) ? value : refuseDocument(`${where}/${name}`, expected);
};

const readWithdrawn = (value: JsonValue, where: string): Withdrawn => {
  const part = readPart(value, where, ['sha256', 'kind']);
  return {
    sha256: readMatching(part, 'sha256', /^[0-9a-f]{64}$/, '64 lower-case hex digits'),
    kind: readMatching(part, 'kind', /^[a-z][a-z_-]{0,31}$/, 'a lower-case word of at most 32 characters'),
  };
};

const requireAscending = (withdrawn: readonly Withdrawn[]): void => {
  const stray = withdrawn.findIndex(({ sha256 }, index) => sha256 <= (withdrawn[index - 1]?.sha256 ?? ''));
  if (stray >= 0) refuseDocument(`/withdrawn/${stray}`, 'items sorted by sha256, no item twice');
};

const readWithdrawals = (value: JsonValue): Withdrawals => {
  const part = readDocument(value, '', WITHDRAWALS_TYPE, MEMBERS);
  const withdrawals: Withdrawals = {
    version: readInteger(part, 'version', 1),
    issuedAt: readInstant(part, 'issuedAt'),
    expires: readInstant(part, 'expires'),
    treeSize: readInteger(part, 'treeSize', 0),
    withdrawn: readList(part, 'withdrawn', MAX_WITHDRAWN, readWithdrawn),
  };
  if (instantMs(withdrawals.expires) <= instantMs(withdrawals.issuedAt))
    refuseDocument('/expires', 'later than issuedAt');
  requireAscending(withdrawals.withdrawn);
  return withdrawals;
};

/**
 * Reads the canonical bytes of the withdrawals. Says nothing about who signed them.
 * @throws KeyError `document` or `json_not_canonical`, `json_value`, `json_too_deep`
 */
export const parseWithdrawals = (payload: Uint8Array): Withdrawals =>
  readWithdrawals(parseCanonical(payload));

const withdrawalsJson = ({ version, issuedAt, expires, treeSize, withdrawn }: Withdrawals): JsonObject => ({
  type: WITHDRAWALS_TYPE,
  version,
  issuedAt,
  expires,
  treeSize,
  withdrawn: withdrawn.map(({ sha256, kind }) => ({ sha256, kind })),
});

/**
 * The same as `canonicalText` gives. Digests and words need no escapes and `withdrawn` is the last member, so that a long
 * list is written at once.
 */
const canonicalTextOf = (withdrawals: Withdrawals): string => {
  const frame = canonicalText(withdrawalsJson({ ...withdrawals, withdrawn: [] }));
  const items = withdrawals.withdrawn.map(({ sha256, kind }) => `{"kind":"${kind}","sha256":"${sha256}"}`);
  return `${frame.slice(0, -']}'.length)}${items.join(',')}]}`;
};

/**
 * The canonical bytes to sign. What `parseWithdrawals` would refuse is refused before anyone signs it.
 * @throws KeyError like `parseWithdrawals`
 */
export const withdrawalsPayload = (withdrawals: Withdrawals): Uint8Array => {
  readWithdrawals(withdrawalsJson(withdrawals));
  return utf8(canonicalTextOf(withdrawals));
};

/**
 * Withdrawals signed by enough registrar keys of a root. Age and expiry are asked separately.
 * @throws KeyError `payload_type`, `threshold_not_met` or like `parseWithdrawals`
 */
export const verifyWithdrawals = ({ registrar }: Root, envelope: Envelope): Withdrawals =>
  parseWithdrawals(openEnvelope(envelope, { payloadType: WITHDRAWALS_PAYLOAD_TYPE, ...registrar }).payload);

export const isWithdrawalsExpired = (withdrawals: Withdrawals, now: Date): boolean =>
  !(now.getTime() < instantMs(withdrawals.expires));

/** What a client keeps of the withdrawals it believed. */
export type WithdrawalsMark = ListMark;

export const withdrawalsMark = (root: Root, withdrawals: Withdrawals): WithdrawalsMark =>
  markOf(root, withdrawals, utf8(canonicalTextOf(withdrawals)));

/**
 * Refuses withdrawals older than those seen, and others of the same version, as long as the registrar is the same.
 * @throws KeyError `withdrawals_rollback` or `withdrawals_fork`, with both marks
 */
export const refuseWithdrawalsRollback = (seen: WithdrawalsMark | undefined, found: WithdrawalsMark): void =>
  refuseRollback(seen, found, { rollback: 'withdrawals_rollback', fork: 'withdrawals_fork' });
