// Keeps one sealer at work among any number of processes: whoever holds the lock seals, the others stand by.
import { setTimeout as sleep } from 'node:timers/promises';
import { equalBytes } from '../../keys/bytes.ts';
import type { Vkey } from '../../keys/key.ts';
import type { Queryable, Sql } from '../database/connect.ts';
import { type HeadMove, HeadMoved, moveHead, nextUnsealed, readHead } from './log-store.ts';
import { LogBehind, LogDamaged } from './log-tiles.ts';
import { MAX_BATCH, type SealDeps, type SealOutcome, type SealState, sealBatch } from './seal.ts';
import { limitSilence, oldestWriter, planForLookups, takeSealerLock } from './sealer-store.ts';

/** What one term of sealing works with; a simulated world may put its own steps in their place. */
export type SealSteps = SealDeps & { readonly publish: (state: SealState) => Promise<unknown> };

export interface SealerDeps {
  readonly sql: Sql;
  /** Opens the log under a lock that is held. @throws LogDamaged */
  readonly open: (session: Queryable) => Promise<SealState>;
  /** The log's key as the newest root names it. */
  readonly vkey: () => Vkey;
  readonly steps: Omit<SealDeps, 'nextUnsealed' | 'moveHead'>;
  /** Copies the newest checkpoint, and what it covers, to where mirrors read it. */
  readonly publish: (state: SealState) => Promise<unknown>;
  readonly replaceSteps?: ((steps: SealSteps) => SealSteps) | undefined;
  /** Whether this session may seal; default: whoever holds the one lock in the database. */
  readonly takeLock?: ((session: Queryable) => Promise<boolean>) | undefined;
  /** How long to wait after a failure; milliseconds. */
  readonly afterTroubleMs?: number;
  /** Told when sealing had to stop, and of every failure before the next try. */
  readonly onTrouble: (error: unknown) => void;
}

export interface Sealer {
  /** Says that something was committed here. */
  wake(): void;
  /** Settles after the first look at the log. @throws LogBehind where nothing of it may be served */
  readonly opened: Promise<void>;
  /** Why nothing can be sealed by this process; undefined while all is well or another process seals. */
  trouble(): unknown;
  stop(): Promise<void>;
}

/** Whoever stands by asks this often whether the lock is free. */
const STAND_BY_MS = 1_000;
/** A lost ring costs this much, and no more. */
const CHECK_MS = 500;
/** A running transaction that may still come first is asked for again after a moment, and then ever later. */
const MOMENT_MS = 2;
/** Between one batch and the next: a seal costs the same for one event and for many, and writers come in groups. */
const GATHER_MS = 4;
const LONG_MOMENT_MS = 250;
const TELL_AFTER_MS = 10_000;
const PUBLISH_EVERY_MS = 1_000;
/** Also an unchanged copy is looked at now and then. */
const PUBLISH_AGAIN_MS = 60_000;
const AFTER_TROUBLE_MS = 1_000;

/** Wakes at once when it was rung, also if that was before the wait began. */
const bell = () => {
  let rung = false;
  let answer: (() => void) | undefined;
  return {
    ring: (): void => {
      rung = true;
      answer?.();
    },
    wait: async (ms: number): Promise<void> => {
      if (!rung) {
        const quit = new AbortController();
        const heard = new Promise<void>((resolve) => {
          answer = resolve;
        });
        await Promise.race([heard, sleep(ms, undefined, { signal: quit.signal }).catch(() => undefined)]);
        quit.abort();
        answer = undefined;
      }
      rung = false;
    },
  };
};

type Session = Awaited<ReturnType<Sql['reserve']>> & Queryable;

/** Asked on the session of the lock, right before something is done that no compare guards. */
const requireStillOurs = async (session: Queryable, { head }: SealState): Promise<void> => {
  const now = await readHead(session);
  if (now?.size !== head.size) throw new HeadMoved('The head of the log was moved by another sealer.');
};

/** How long to pause after a batch; whoever holds sealing up for long is named once. */
const startPatience = (the: Pick<SealerDeps, 'sql' | 'onTrouble'>) => {
  let pause = MOMENT_MS;
  let waitingSince: number | undefined;
  const tell = async (): Promise<void> => {
    const writer = await oldestWriter(the.sql);
    the.onTrouble(
      new Error(`sealing waits for a transaction that still runs: ${writer ?? 'it has just ended'}`),
    );
  };
  return ({ sealed, waiting }: SealOutcome): number => {
    if (!waiting) waitingSince = undefined;
    if (sealed > 0 || !waiting) {
      pause = MOMENT_MS;
      return CHECK_MS;
    }
    waitingSince ??= performance.now();
    if (performance.now() - waitingSince > TELL_AFTER_MS) {
      waitingSince = Number.POSITIVE_INFINITY;
      tell().catch(the.onTrouble);
    }
    pause = Math.min(pause * 2, LONG_MOMENT_MS);
    return pause;
  };
};

/** After a full batch more is waiting already. */
const gather = async (sealed: number): Promise<void> => {
  if (sealed < MAX_BATCH) await sleep(GATHER_MS);
};

const promised = () => {
  let [resolve, reject] = [(): void => undefined, (_error: unknown): void => undefined];
  const promise = new Promise<void>((yes, no) => {
    [resolve, reject] = [yes, no];
  });
  // Nobody has to ask.
  promise.catch(() => undefined);
  return { promise, resolve: () => resolve(), reject: (error: unknown) => reject(error) };
};

export const startSealer = (the: SealerDeps): Sealer => {
  const door = bell();
  const takeLock = the.takeLock ?? takeSealerLock;
  let stopped = false;
  let trouble: unknown;
  /** What was said last: a failure that stays is said once. */
  let told = '';
  const opening = promised();

  const stepsOf = (session: Queryable): SealSteps => {
    const steps: SealSteps = {
      ...the.steps,
      nextUnsealed: (head, limit) => nextUnsealed(session, head, limit),
      // On the session of the lock: whoever lost the one has lost the other.
      moveHead: (move: HeadMove) => moveHead(session, move),
      publish: the.publish,
    };
    return the.replaceSteps?.(steps) ?? steps;
  };

  /** Seals until it is told to stop or something fails. */
  const term = async (session: Session): Promise<void> => {
    const { publicKey } = the.vkey();
    let state = await the.open(session);
    await planForLookups(session);
    trouble = undefined;
    told = '';
    opening.resolve();
    const steps = stepsOf(session);
    const seal = sealBatch(steps);
    let published = -1;
    let publishedAt = Number.NEGATIVE_INFINITY;
    const publish = async (): Promise<void> => {
      const age = performance.now() - publishedAt;
      if (published === state.head.size ? age < PUBLISH_AGAIN_MS : age < PUBLISH_EVERY_MS && !stopped) return;
      await requireStillOurs(session, state);
      await steps.publish(state);
      [published, publishedAt] = [state.head.size, performance.now()];
    };
    const patience = startPatience(the);
    while (!stopped) {
      const outcome = await seal(state);
      state = outcome.state;
      // The log's key was changed: the head is signed anew before it is gone on from.
      if (!equalBytes(the.vkey().publicKey, publicKey)) return;
      await publish();
      const pause = patience(outcome);
      if (outcome.sealed > 0) await gather(outcome.sealed);
      else await door.wait(pause);
    }
    await publish();
  };

  const tryTerm = async (): Promise<void> => {
    const session = (await the.sql.reserve()) as Session;
    try {
      await limitSilence(session);
      if (await takeLock(session)) await term(session);
      else {
        opening.resolve();
        await door.wait(STAND_BY_MS);
      }
    } finally {
      session.release();
    }
  };

  const run = async (): Promise<void> => {
    while (!stopped) {
      try {
        await tryTerm();
      } catch (error) {
        // Damage does not go away by itself; all else may.
        if (error instanceof LogDamaged) trouble = error;
        if (error instanceof LogBehind) opening.reject(error);
        else opening.resolve();
        if (String(error) !== told) the.onTrouble(error);
        told = String(error);
        if (!stopped) await sleep(the.afterTroubleMs ?? AFTER_TROUBLE_MS);
      }
    }
  };

  const done = run();
  return {
    opened: opening.promise,
    wake: door.ring,
    trouble: () => trouble,
    stop: async () => {
      stopped = true;
      door.ring();
      await done;
    },
  };
};
