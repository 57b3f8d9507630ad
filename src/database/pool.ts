// Keeps the open lanes: each is lent to one user at a time, and a broken or worn one is replaced.
import { setTimeout as sleep } from 'node:timers/promises';
import { connectionError, type Lane } from './lane.ts';

interface Waiter {
  readonly resolve: (lane: Lane) => void;
  readonly reject: (error: Error) => void;
}

/** After this time a lane makes room for a new one, which may reach a server that joined meanwhile. */
const WORN_MS = 30 * 60_000;
const POLL_MS = 5;

export class Pool {
  readonly #open: (onBreak: (lane: Lane) => void) => Lane;
  readonly #max: number;
  readonly #lanes = new Set<Lane>();
  readonly #idle: Lane[] = [];
  readonly #waiting: Waiter[] = [];
  #closing = false;

  constructor(max: number, open: (onBreak: (lane: Lane) => void) => Lane) {
    this.#max = max;
    this.#open = open;
  }

  /** A lane that is the caller's alone until `give` or `drop`; who asks first gets first. */
  take(): Promise<Lane> {
    if (this.#closing) return Promise.reject(connectionError('CONNECTION_ENDED'));
    const lane = this.#idle.pop() ?? this.#openMore();
    if (lane !== undefined) return Promise.resolve(lane);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  give(lane: Lane): void {
    const worn = Date.now() - lane.openedAt > WORN_MS;
    if (this.#closing || worn || lane.isBroken()) {
      this.drop(lane);
      return;
    }
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(lane);
    else next.resolve(lane);
  }

  /** Closes a lane for good; it may be lent or idle. */
  drop(lane: Lane): void {
    if (!this.#lanes.delete(lane)) return;
    const place = this.#idle.indexOf(lane);
    if (place >= 0) this.#idle.splice(place, 1);
    void lane.close();
    const next = this.#closing ? undefined : this.#waiting.shift();
    const instead = next && this.#openMore();
    if (instead !== undefined) next?.resolve(instead);
  }

  /** Refuses new users, waits for the lanes that are lent out as long as told, then closes them all. */
  async close(milliseconds: number): Promise<void> {
    this.#closing = true;
    for (const { reject } of this.#waiting.splice(0)) reject(connectionError('CONNECTION_ENDED'));
    const end = Date.now() + milliseconds;
    while (this.#lanes.size > this.#idle.length && Date.now() < end) await sleep(POLL_MS);
    await Promise.all([...this.#lanes].map((lane) => lane.close()));
  }

  #openMore(): Lane | undefined {
    if (this.#lanes.size >= this.#max) return undefined;
    const lane = this.#open((broken) => this.drop(broken));
    this.#lanes.add(lane);
    return lane;
  }
}
