// What this process knows of the log's head, and who in it waits for a seal.
import { coalesce } from '../../storage/coalesce.ts';
import type { Sql } from '../database/connect.ts';
import { type Head, positionsOf, readHead, SEALED_BELL, SIGNED_ANEW } from './log-store.ts';
import type { SealedBatch } from './seal.ts';

export interface LogWatch {
  /** The newest head known here; undefined before the first. */
  head(): Head | undefined;
  /** The newest head there is, as far as the database can tell now. */
  newestHead(): Promise<Head | undefined>;
  /** The position of a committed event, as soon as it is sealed; undefined where that takes longer than `waitMs`. */
  positionOf(eventId: string, waitMs: number): Promise<number | undefined>;
  /** Resolves when the head is larger than `size`, after `waitMs`, or when nobody wants to know any more. */
  beyond(size: number, waitMs: number, quit: AbortSignal): Promise<void>;
  /** The sealer of this process tells what it sealed, so that nobody here has to ask. */
  sealed(batch: SealedBatch): void;
  stop(): Promise<void>;
}

const HEAD = 'head';
/** A ring may be lost; whoever waits still learns within this time. */
const CHECK_MS = 250;
/** Readers of the head learn of a newer one within this time, also where no ring arrives. */
const FRESH_MS = 1_000;
const RECENT = 4_096;
/** The bell of a seal made here may ring before the sealer has told of it; milliseconds. */
const OWN_BELL_MS = 10;

type Wake = (position: number) => void;

/** @param onHead called whenever a newer head is known here. */
export const watchLog = async (sql: Sql, onHead: (head: Head) => void): Promise<LogWatch> => {
  const waiting = new Map<string, Set<Wake>>();
  const listeners = new Set<() => void>();
  /** What this process sealed lately: its commit may be known here later than its seal. */
  const recent = new Map<string, number>();
  let known: Head | undefined;
  let sealsHere = false;

  const learn = (head: Head | undefined): void => {
    if (head === undefined) return;
    if (known !== undefined && head.size < known.size) return;
    const grown = known === undefined || head.size > known.size;
    const changed = grown || head.checkpoint !== known?.checkpoint;
    known = head;
    if (changed) onHead(head);
    if (grown) for (const listener of [...listeners]) listener();
  };

  const tell = (eventId: string, position: number): void => {
    for (const wake of waiting.get(eventId) ?? []) wake(position);
    waiting.delete(eventId);
  };

  const refresh = coalesce(async () => {
    learn(await readHead(sql));
    const ids = [...waiting.keys()];
    if (ids.length === 0) return;
    for (const { event_id, position } of await positionsOf(sql, ids)) tell(event_id, position);
  });
  const quietly = () => void refresh(HEAD).catch(() => undefined);

  const isNews = (size: number): boolean => known === undefined || size > known.size;

  const sealedElsewhere = (size: number): void => {
    if (!isNews(size)) return;
    sealsHere = false;
    quietly();
  };

  const onBell = (news: string): void => {
    if (news === SIGNED_ANEW) quietly();
    else if (!sealsHere) sealedElsewhere(Number(news));
    else if (isNews(Number(news))) setTimeout(sealedElsewhere, OWN_BELL_MS, Number(news)).unref();
  };
  const listening = await sql.listen(SEALED_BELL, onBell, quietly);
  const timers = [
    setInterval(() => (waiting.size > 0 ? quietly() : undefined), CHECK_MS).unref(),
    setInterval(quietly, FRESH_MS).unref(),
  ];
  await refresh(HEAD);

  return {
    head: () => known,
    newestHead: async () => {
      await refresh(HEAD);
      return known;
    },
    positionOf: (eventId, waitMs) =>
      new Promise((resolve) => {
        const sealed = recent.get(eventId);
        if (sealed !== undefined) return resolve(sealed);
        const wakes = waiting.get(eventId) ?? new Set<Wake>();
        const settle = (position?: number): void => {
          clearTimeout(late);
          wakes.delete(settle);
          if (wakes.size === 0) waiting.delete(eventId);
          resolve(position);
        };
        const late = setTimeout(settle, waitMs);
        waiting.set(eventId, wakes.add(settle));
        // Whoever else seals may have done so before anyone waited here.
        if (!sealsHere) quietly();
      }),
    beyond: (size, waitMs, quit) =>
      new Promise((resolve) => {
        if (quit.aborted || (known !== undefined && known.size > size)) return resolve();
        const settle = (): void => {
          clearTimeout(late);
          listeners.delete(check);
          quit.removeEventListener('abort', settle);
          resolve();
        };
        const check = () => (known !== undefined && known.size > size ? settle() : undefined);
        const late = setTimeout(settle, waitMs);
        listeners.add(check);
        quit.addEventListener('abort', settle);
      }),
    sealed: ({ from, to, ids }) => {
      sealsHere = true;
      learn(to);
      for (const [offset, id] of ids.entries()) {
        recent.set(id, from.size + offset);
        if (recent.size > RECENT) recent.delete(recent.keys().next().value ?? '');
        tell(id, from.size + offset);
      }
    },
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      await listening.unlisten();
    },
  };
};
