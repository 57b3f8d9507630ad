// Takes versions out of the test catalogue: one, all of them, or those that have lain there for long.
import { requireStillActing } from '../../access/acting-store.ts';
import { requireScope } from '../../access/grants.ts';
import { isOperator, type Principal } from '../../access/principal.ts';
import type { Sql, Tx } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { fault, type Tree } from '../../protocol/faults.ts';
import type { PackAddress } from '../policy.ts';
import { requireAddress, type TestAddress, type TestCatalogueDeps } from './test-catalogue.ts';
import { clearTests, emptyTest, findTest, lockTests, sweepTests } from './test-store.ts';

export interface ClearDeps extends TestCatalogueDeps {
  readonly now: () => Date;
}

const WINDOW_MS = 72 * 60 * 60 * 1_000;

/** Its name and version stay taken. @throws Fault unpublish_window_expired, forbidden, pack_version_not_found */
export const unpublishTest =
  (the: ClearDeps) =>
  async (tree: Tree, request: TestAddress): Promise<void> => {
    const address = requireAddress(request);
    const by = await requireWriter(the, request.authorization);
    await inTransaction(the.sql, async (tx) => {
      await lockTests(tx);
      await requireStillActing(tx, by, the.now());
      await requireUnpublishable(the, tx, tree, by, address);
      await emptyTest(tx, address);
    });
  };

const requireWriter = async (the: ClearDeps, authorization: string | undefined): Promise<Principal> => {
  const by = await the.authenticate(authorization);
  requireScope(by, 'packs:publish');
  return by;
};

const requireUnpublishable = async (
  the: ClearDeps,
  tx: Tx,
  tree: Tree,
  by: Principal,
  address: PackAddress,
): Promise<void> => {
  const found = await findTest(tx, address);
  if (found === undefined || found.name !== address.name || found.tree !== tree || found.unpublished)
    throw fault('pack_version_not_found', { ...address });
  if (found.publisher !== by.account && !isOperator(by))
    throw fault('forbidden', {}, 'Another account published this version.');
  if (the.now().getTime() - found.publishedAt.getTime() > WINDOW_MS)
    throw fault('unpublish_window_expired', { publishedAt: found.publishedAt.toISOString() });
};

/** It takes what others published, in whatever namespace. */
const requireUnlimited = (by: Principal): void => {
  if (by.namespaces === null || isOperator(by)) return;
  const message = 'This token is limited to some namespaces, and a reset empties all of them.';
  throw fault('forbidden', { tokenNamespaces: by.namespaces }, message);
};

/** Nothing is left, not even what was taken (RFC 0025 §C). */
export const resetTests =
  (the: ClearDeps) =>
  async (authorization: string | undefined): Promise<void> => {
    const by = await requireWriter(the, authorization);
    requireUnlimited(by);
    await inTransaction(the.sql, async (tx) => {
      await lockTests(tx);
      await requireStillActing(tx, by, the.now());
      await clearTests(tx);
    });
  };

/** Well beyond the time in which a version can be unpublished. */
const KEPT_MS = 7 * 24 * 60 * 60 * 1_000;

export const sweepTestCatalogue =
  (the: { readonly sql: Sql; readonly now: () => Date }) => (): Promise<unknown> =>
    sweepTests(the.sql, new Date(the.now().getTime() - KEPT_MS));
