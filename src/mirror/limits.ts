// How much one sync may cost, whatever the upstream does. Pure.

export interface SyncLimits {
  /** Bytes that one sync takes in. */
  readonly bytes: number;
  /** Milliseconds that one sync takes. */
  readonly ms: number;
  /** Milliseconds that one document takes, redirects included. */
  readonly documentMs: number;
  /** Milliseconds between two signs of life. */
  readonly idleMs: number;
  /** Documents asked for at once. */
  readonly lanes: number;
  /** Milliseconds before an answer is asked for again; as often as there are numbers. */
  readonly retryMs: readonly number[];
  /** Packs that may fail in a row before the upstream counts as gone. */
  readonly failures: number;
}

export const DEFAULT_LIMITS: SyncLimits = {
  bytes: 8 * 1024 ** 3,
  ms: 60 * 60_000,
  documentMs: 60_000,
  idleMs: 15_000,
  lanes: 4,
  retryMs: [500, 2_000],
  failures: 8,
};

/** Bytes of one document. */
export const MOST = {
  discovery: 16 * 1024 * 1024,
  index: 32 * 1024 * 1024,
  pack: 8 * 1024 * 1024,
  manifest: 1024 * 1024,
  tarball: 10 * 1024 * 1024,
  signature: 4_096,
  statement: 64 * 1024,
  key: 4_096,
} as const;

/** When an upstream is asked that comes in files only: its registry is never asked by itself. */
export const NEVER = new Date('9999-12-31T00:00:00Z');

export const isFromFiles = ({ dueAt }: { readonly dueAt: Date }): boolean => dueAt >= NEVER;

const EVERY_MS = 15 * 60_000;
const SOON_MS = 60_000;
const LONGEST_MS = 24 * 60 * 60_000;

/** When an upstream is asked again, milliseconds: later each time that it failed, sooner where something was left over. */
export const pauseAfter = (failures: number, leftOver: boolean): number =>
  leftOver ? SOON_MS : Math.min(EVERY_MS * 2 ** Math.min(failures, 10), LONGEST_MS);
