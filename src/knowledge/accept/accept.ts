// Accepts a contribution: its decision, the version it becomes, the pointer and their events come true together.
import type { AwaitReceipt } from '../../transparency/receipts.ts';
import { type Recorded, type Repeatable, type Written, withReceipt } from '../events/record.ts';
import type { Acceptance, AcceptedOutcome, Asked } from './acceptance.ts';
import { type TurnDeps, takeTurn } from './take-turn.ts';
import { type InTurn, turns } from './turns.ts';

export interface AcceptDeps extends TurnDeps {
  readonly awaitReceipt: AwaitReceipt;
}

/** What is decided about in one turn holds up those who come after it. */
const MOST_TOGETHER = 16;

/**
 * Those who change one base take turns, and who waits meanwhile goes together; whoever comes late sees what the others
 * did. The receipt is waited for when the next have begun.
 * @throws Fault of the first unmet gate, with all of them in its details; base_version_conflict, base_busy
 */
export const acceptContribution = (the: AcceptDeps) => {
  const inTurn: InTurn<Asked, Recorded<AcceptedOutcome>> = turns(takeTurn(the), MOST_TOGETHER);
  return async (
    attempt: Repeatable,
    base: string,
    acceptance: Acceptance,
  ): Promise<Written<AcceptedOutcome>> =>
    withReceipt(the.awaitReceipt, await inTurn(base, { attempt, acceptance, tries: 0, alone: false }));
};
