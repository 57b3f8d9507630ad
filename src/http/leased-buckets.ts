// Draws from buckets that all processes share, many at a time, so that hardly anybody waits for the database.
import type { RateLimit } from '../protocol/limits.ts';

/** What a bucket gave: none where it is empty, and then how long until it holds one again. */
export interface Drawn {
  readonly granted: number;
  readonly waitMs: number;
}

/** Takes up to `most` out of a bucket, in one step whatever others do. */
export type Draw = (name: string, limit: RateLimit, most: number) => Promise<Drawn>;

export interface Buckets {
  /** Zero, or how many milliseconds to wait. Where the store cannot be asked nobody is held up. */
  take(name: string, limit: RateLimit): Promise<number>;
  /** What `take` would say if it is known already to be empty; zero otherwise. */
  emptyFor(name: string): number;
}

interface Lease {
  left: number;
  until: number;
  emptyUntil: number;
  waiting: number;
  drawing: Promise<void> | undefined;
}

/** A lease that nobody uses is lost to all others for no longer than this. */
const LEASE_MS = 10_000;
const MOST_LEASES = 20_000;
const SHARES = 16;
/** Others who waited, too, may have taken it. */
const ATTEMPTS = 8;

/** Where there are too many, the one goes that nobody asked for longest: whoever asks on and on is not forgotten. */
const keepLatest = <T>(all: Map<string, T>, name: string, value: T): void => {
  all.delete(name);
  all.set(name, value);
  if (all.size <= MOST_LEASES) return;
  for (const oldest of all.keys()) return void all.delete(oldest);
};

export const leasedBuckets = (draw: Draw, clock: () => number = () => performance.now()): Buckets => {
  const leases = new Map<string, Lease>();

  const leaseOf = (name: string): Lease => {
    const none = { left: 0, until: 0, emptyUntil: 0, waiting: 0, drawing: undefined };
    const lease = leases.get(name) ?? none;
    keepLatest(leases, name, lease);
    return lease;
  };

  const refill = (name: string, limit: RateLimit, lease: Lease): Promise<void> => {
    const most = Math.min(limit.burst, Math.max(1, Math.floor(limit.burst / SHARES), lease.waiting));
    lease.drawing ??= draw(name, limit, most)
      .catch(() => ({ granted: most, waitMs: 0 }))
      .then(({ granted, waitMs }) => {
        lease.left += granted;
        lease.until = clock() + LEASE_MS;
        lease.emptyUntil = granted > 0 ? 0 : clock() + waitMs;
        lease.drawing = undefined;
      });
    return lease.drawing;
  };

  const spend = (name: string, limit: RateLimit, lease: Lease): boolean => {
    if (clock() > lease.until) lease.left = 0;
    if (lease.left < 1) return false;
    lease.left -= 1;
    // Asked for before it is needed, so that nobody waits.
    if (lease.left < limit.burst / SHARES / 4 && clock() > lease.emptyUntil) void refill(name, limit, lease);
    return true;
  };

  const emptyFor = (name: string): number => {
    const lease = leases.get(name);
    return lease === undefined || lease.left >= 1 ? 0 : Math.max(0, lease.emptyUntil - clock());
  };

  return {
    emptyFor,
    take: async (name, limit) => {
      const lease = leaseOf(name);
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        if (spend(name, limit, lease)) return 0;
        if (emptyFor(name) > 0) return emptyFor(name);
        lease.waiting += 1;
        await refill(name, limit, lease);
        lease.waiting -= 1;
      }
      return spend(name, limit, lease) ? 0 : Math.max(emptyFor(name), 1_000 / limit.perSecond);
    },
  };
};

/** Buckets of this process alone, for what costs less than to ask others. */
export const localBuckets = (clock: () => number = () => performance.now()) => {
  const levels = new Map<string, { tokens: number; at: number }>();
  return (name: string, { perSecond, burst }: RateLimit): number => {
    const now = clock();
    const before = levels.get(name) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, before.tokens + ((now - before.at) / 1_000) * perSecond);
    keepLatest(levels, name, { tokens: tokens < 1 ? tokens : tokens - 1, at: now });
    return tokens < 1 ? ((1 - tokens) / perSecond) * 1_000 : 0;
  };
};
