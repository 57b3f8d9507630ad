// Checks accounts, tokens and claimed namespaces with the events that made them.
import { canonicalText } from '../../../keys/canonical.ts';
import type { Tx } from '../../database/connect.ts';
import {
  accountsWithoutEvent,
  type ClaimedRow,
  claimsAfter,
  madeWithoutRow,
  type TokenFacts,
  tokensAfter,
} from '../account-store.ts';
import type { FindingCode } from '../findings.ts';
import { rowsBehind } from '../pages.ts';
import type { Report } from '../report.ts';
import { dataOf } from './event.ts';

export interface AccountsDeps {
  readonly tx: Tx;
  readonly report: Report;
}

const checkClaim = ({ report }: AccountsDeps, row: ClaimedRow): undefined => {
  if (row.leaf === null) return report.add('claim_without_event', row.namespace);
  const { account, namespace } = dataOf(row);
  if (account === row.account && namespace === row.namespace) return;
  report.add('claim_differs', row.namespace, { expected: account, found: row.account });
};

const checkToken = ({ report }: AccountsDeps, row: TokenFacts): undefined => {
  if (row.leaf === null) return report.add('token_without_event', row.id);
  const told = dataOf(row);
  const expected = { account: told['account'], scopes: told['scopes'], revoked: row.taken_back };
  const found = { account: row.account, scopes: row.scopes, revoked: row.revoked };
  if (canonicalText(expected) !== canonicalText(found))
    report.add('token_differs', row.id, { expected, found });
};

const WITHOUT_ROW: Readonly<Record<string, FindingCode>> = {
  'account.created': 'event_without_account',
  'token.created': 'event_without_token',
  'namespace.claimed': 'event_without_claim',
};

export const checkAccounts = async (the: AccountsDeps): Promise<void> => {
  const { tx, report } = the;
  const claims = rowsBehind(
    '',
    (after) => claimsAfter(tx, after),
    ({ namespace }) => namespace,
  );
  for await (const row of claims) checkClaim(the, row);
  const tokens = rowsBehind(
    '',
    (after) => tokensAfter(tx, after),
    ({ id }) => id,
  );
  for await (const row of tokens) checkToken(the, row);
  for (const name of await accountsWithoutEvent(tx)) report.add('account_without_event', name);
  for (const { kind, subject } of await madeWithoutRow(tx)) {
    const code = WITHOUT_ROW[kind];
    if (code !== undefined) report.add(code, subject.slice(subject.indexOf(':') + 1));
  }
};
