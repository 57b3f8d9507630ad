// Tells a supervisor whether the log keeps up with what is recorded.

export interface StandingDeps {
  readonly now: () => Date;
  readonly oldestUnsealed: () => Promise<Date | undefined>;
  /** Why this process cannot seal, if it tried and cannot. */
  readonly trouble: () => unknown;
}

/** A writer gives up waiting long before this; a seal takes milliseconds. */
const MOST_LAG_MS = 30_000;

/** Rejects while facts wait for their seal for too long, or the log cannot be gone on from. */
export const requireSealing = (the: StandingDeps) => async (): Promise<void> => {
  const trouble = the.trouble();
  if (trouble !== undefined) throw trouble;
  const oldest = await the.oldestUnsealed();
  const lag = oldest === undefined ? 0 : the.now().getTime() - oldest.getTime();
  if (lag > MOST_LAG_MS) throw new Error(`an event has waited for its seal for ${Math.round(lag / 1_000)} s`);
};
