// Asks an upstream for the release statement of a version, and completes what is here without one.
import { addressOf } from '../client/discovery.ts';
import { inTransaction } from '../database/transaction.ts';
import { TransportError } from '../network/transport-error.ts';
import { clearFlaw } from './flaw-store.ts';
import { holdUpstream } from './ground-store.ts';
import { MOST } from './limits.ts';
import { keepStatement, statedVersion } from './mirror-store.ts';
import { noteFlaw, type Run, type VersionAt } from './run.ts';
import { believeStatement, type Stated } from './statement.ts';
import { NotMirrored, passes, SyncEnd } from './trouble.ts';

const CODE = 'statement_invalid';

const asFlaw = (error: unknown): NotMirrored => {
  if (error instanceof NotMirrored) return error;
  if (!(error instanceof TransportError) || passes(error)) throw error;
  return new NotMirrored(CODE, error.message, { problem: error.code, ...error.details });
};

/** What upstream offers and does not hold is named: the version is served without it. */
const note = (run: Run, { layout, name, row }: VersionAt, error: unknown): Promise<void> => {
  const { message, evidence } = asFlaw(error);
  return noteFlaw(run, {
    ...{ tree: layout.tree, name, version: row.version, kind: 'alarm', code: CODE, evidence },
    message: `${message} The version is served without it.`,
  });
};

/**
 * The envelope to keep; null where upstream offers none that holds.
 * @throws TransportError of what may pass: then the version is asked for again
 */
export const takeStatement = async (run: Run, at: VersionAt, of: Stated): Promise<string | null> => {
  const template = run.layout.releaseStatement;
  if (template === undefined) return null;
  const path = addressOf(template, { name: at.name, version: at.row.version });
  try {
    const fetched = await run.reader.get(path, MOST.statement);
    return fetched.kind === 'fresh' ? believeStatement(fetched.body, of) : null;
  } catch (error) {
    await note(run, at, error);
    return null;
  }
};

/** For what was mirrored before its upstream offered one, or an invalid one. */
export const completeStatement = async (run: Run, at: VersionAt): Promise<void> => {
  const { the, origin, layout } = run;
  const address = { name: at.name, version: at.row.version };
  const found = layout.releaseStatement === undefined ? undefined : await statedVersion(the.sql, address);
  const statement = found && (await takeStatement(run, at, found));
  if (statement === undefined || statement === null) return;
  const kept = await inTransaction(the.sql, async (tx) => {
    if (!(await holdUpstream(tx, origin))) throw new SyncEnd('upstream_removed');
    return keepStatement(tx, origin.url, address, statement);
  });
  if (!kept) return;
  await clearFlaw(the.sql, origin.url, { ...address, tree: at.layout.tree, code: CODE });
  the.announce(`pack:${address.name}@${address.version}`);
  run.progress.changed += 1;
};
