// Signs nothing by a clock that is wrong: what it dates into the future would look young for as long, to everybody.
import { databaseTime } from '../database/clock.ts';
import type { Sql } from '../database/connect.ts';
import { MAX_SKEW_MS } from './skew.ts';

/** The clocks of this process and of the database disagree, and nothing tells which of them is right. */
export class ClockAstray extends Error {
  override readonly name = 'ClockAstray';
  readonly cure = 'Set the clocks of both machines (NTP); until then nothing is signed.';

  constructor(ours: Date, theirs: Date) {
    super(`Here it is ${ours.toISOString()}, and ${theirs.toISOString()} at the database.`);
  }
}

/** @throws ClockAstray */
export type RequireTrueTime = () => Promise<void>;

/** However long the answer takes, the database's time lies between the two of ours, but for the skew allowed. */
export const requireTrueTime =
  ({ sql, now }: { readonly sql: Sql; readonly now: () => Date }): RequireTrueTime =>
  async () => {
    const before = now();
    const theirs = await databaseTime(sql);
    const after = now();
    const astray =
      theirs.getTime() < before.getTime() - MAX_SKEW_MS || theirs.getTime() > after.getTime() + MAX_SKEW_MS;
    if (astray) throw new ClockAstray(after, theirs);
  };
