// What advisories in force say of one version: to whoever yanks for them, publishes it, or takes its yank back.
import { isOperator } from '../../access/principal.ts';
import type { Sql, Tx } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import type { PackName, PackVersion } from '../../protocol/pack-id.ts';
import { countWithdrawn } from '../lifecycle/lifecycle-store.ts';
import type { Changed } from '../lifecycle/standing.ts';
import { type PackAddress, requireYankRoom } from '../policy.ts';
import type { WarningOf } from '../publish/advised.ts';
import { affects } from './advisory.ts';
import { type AdvisoryRecord, advisoriesOn, lastAdvice } from './advisory-store.ts';
import { type AdvisoryDeps, groundsOf } from './author.ts';

const addressOf = ({ name, version }: PackAddress): PackAddress => ({ name, version });

/** Which of the versions were yanked just now, and which had been before. */
export const adviceOn = (
  yanks: readonly Changed[],
): { readonly yanked: readonly PackAddress[]; readonly alreadyYanked: readonly PackAddress[] } => ({
  yanked: yanks.filter(({ event }) => typeof event === 'object').map(addressOf),
  alreadyYanked: yanks.filter(({ event }) => typeof event !== 'object').map(addressOf),
});

const naming = (records: readonly AdvisoryRecord[], address: PackAddress): AdvisoryRecord | undefined =>
  records.find(({ content }) => affects(content)(address));

/** The id of an advisory in force that names the version; ask while nobody else can change how it stands. */
export const activeAdvisoryOf = async (
  tx: Tx,
  name: PackName,
  version: PackVersion,
): Promise<string | undefined> => naming(await advisoriesOn(tx, name), { name, version })?.id;

/** Whoever publishes a version hears what is advised about its pack, and as of which change. */
export const warningOf =
  (the: Pick<AdvisoryDeps, 'url'> & { readonly sql: Sql }): WarningOf =>
  ({ name, version }, publisher) =>
    inTransaction(the.sql, async (tx) => {
      // First the change, then what it led to: what comes between shows in the statement that publishes.
      const seen = await lastAdvice(tx, name);
      const record = naming(await advisoriesOn(tx, name), { name, version });
      if (record === undefined) return { seen, yank: undefined };
      requireYankRoom(await countWithdrawn(tx, publisher.account), isOperator(publisher));
      return { seen, yank: { grounds: groundsOf(the, record), causationId: record.eventId } };
    });
