// Keeps watch over a registry: reads its log on as it grows, compares what is new, and says at once what is wrong.
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeBase64 } from '../../../keys/bytes.ts';
import { isTrouble, Refusal } from '../refusal.ts';
import type { LoggedEvent } from './facts.ts';
import { type AuditFinding, markOf } from './findings.ts';
import { type AuditOptions, type Look, startAudit } from './session.ts';

/** What a watch sees of a registry. */
type Sight =
  | {
      /** The log was read up to this head, and nothing is wrong with it. */
      readonly kind: 'head';
      readonly size: number;
      /** Base64. */
      readonly root: string;
      /** Entries read since the last observation. */
      readonly read: number;
      /** What they are about; empty at the first look, which reads the whole log. */
      readonly events: readonly LoggedEvent[];
    }
  /** The registry could not be asked; `retryInMs` is null where it is not asked again. */
  | {
      readonly kind: 'trouble';
      readonly code: string;
      readonly message: string;
      readonly retryInMs: number | null;
    }
  /** Something is false: a refusal of the client, or a finding of the audit. Told once for as long as it stays so. */
  | { readonly kind: 'alarm'; readonly code: string; readonly message: string; readonly evidence: unknown };

/** `at` as RFC 3339. */
export type Observation = { readonly at: string } & Sight;

export interface WatchOptions extends AuditOptions {
  readonly intervalMs: number;
  /** Ends after one look, whether the registry answered or not. */
  readonly once?: boolean | undefined;
  /** Goes on after an alarm. */
  readonly keepGoing?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onObservation: (observation: Observation) => Promise<void> | void;
}

const MAX_BACKOFF_MS = 5 * 60 * 1_000;
const MAX_SHOWN_EVENTS = 1_000;
/** Packs that nothing new is known of, looked at once more at each turn. */
const PACKS_PER_TURN = 32;

const packOf = ({ subject }: LoggedEvent): string | undefined => /^pack:([^@]+)@/.exec(subject)?.[1];

/** Goes round all packs, some at each turn: a false version may appear where nothing happens. */
const roundOf = (names: () => Iterable<string>) => {
  let from = 0;
  return (): readonly string[] => {
    const all = [...names()];
    const turn = all.slice(from, from + PACKS_PER_TURN);
    from = from + PACKS_PER_TURN >= all.length ? 0 : from + PACKS_PER_TURN;
    return turn;
  };
};

/** Resolves early, and without an error, where the watch is called off. */
const pause = (ms: number, signal: AbortSignal | undefined): Promise<unknown> =>
  sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);

/** How one turn ended. */
type Verdict = { readonly kind: 'well' | 'alarm' } | { readonly kind: 'trouble'; readonly refusal: Refusal };

const alarmOf = ({ code, message, ...evidence }: AuditFinding): Sight => ({
  kind: 'alarm',
  code,
  message,
  evidence,
});

/** One registry under watch: what is known of it, and what was told of it. */
const watcher = (options: WatchOptions) => {
  const onEvent = (event: LoggedEvent): void => void (seen > 0 && events.push(event));
  let session = startAudit(options, onEvent);
  let nextPacks = roundOf(session.facts.versions.names);
  let events: LoggedEvent[] = [];
  let seen = 0;
  /** The alarms of the last turn. */
  let standing: ReadonlySet<string> = new Set();

  const say = async (sight: Sight): Promise<void> =>
    options.onObservation({ at: new Date().toISOString(), ...sight });

  const raise = async (alarms: readonly (readonly [string, Sight])[]): Promise<void> => {
    for (const [mark, alarm] of alarms) if (!standing.has(mark)) await say(alarm);
    standing = new Set(alarms.map(([mark]) => mark));
  };

  /** A log that could not be read to its end is read anew from its beginning. */
  const startAgain = (): void => {
    session = startAudit(options, onEvent);
    nextPacks = roundOf(session.facts.versions.names);
    [events, seen] = [[], 0];
  };

  const sayHead = async ({ head: { size, root } }: Look): Promise<void> => {
    const shown = events.slice(0, MAX_SHOWN_EVENTS);
    await say({ kind: 'head', size, root: encodeBase64(root), read: size - seen, events: shown });
    [events, seen] = [[], size];
  };

  const judge = async (look: Look): Promise<Verdict> => {
    const touched = events.flatMap((event) => packOf(event) ?? []);
    const names = seen === 0 ? undefined : [...new Set([...touched, ...nextPacks()])];
    const found = session.isWhole() ? (await session.compare(look, names)).findings : [];
    // What is wrong with the log itself stays wrong: it was signed and served that way.
    const all = [...session.ofLog.all(), ...found];
    await raise(all.map((finding) => [markOf(finding), alarmOf(finding)]));
    if (all.length === 0) await sayHead(look);
    else if (!session.isWhole()) startAgain();
    return { kind: all.length === 0 ? 'well' : 'alarm' };
  };

  const turn = async (): Promise<Verdict> => {
    try {
      return await judge(await session.look());
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (isTrouble(error)) return { kind: 'trouble', refusal: error };
      const { code, message, question, evidence } = error;
      await raise([[code, { kind: 'alarm', code, message, evidence: { question, ...evidence } }]]);
      return { kind: 'alarm' };
    }
  };

  return { say, turn };
};

/**
 * Watches until it is called off, or until an alarm unless it is told to keep going. What was believed is remembered
 * as every client does, so that a later watch finds a log that went back. Rejects only for what is no answer of a registry.
 * @returns whether there was an alarm, or the one look that was asked for found nobody
 */
export const watchRegistry = async (options: WatchOptions): Promise<boolean> => {
  const { intervalMs, signal } = options;
  const { say, turn } = watcher(options);
  let [failures, alarmed] = [0, false];
  while (signal?.aborted !== true) {
    const verdict = await turn();
    alarmed ||= verdict.kind === 'alarm';
    if (verdict.kind === 'alarm' && options.keepGoing !== true) return true;
    const { once = false } = options;
    failures = verdict.kind === 'trouble' ? failures + 1 : 0;
    const retryInMs = Math.min(intervalMs * 2 ** failures, Math.max(MAX_BACKOFF_MS, intervalMs));
    if (verdict.kind === 'trouble') {
      const { code, message } = verdict.refusal;
      await say({ kind: 'trouble', code, message, retryInMs: once ? null : retryInMs });
    }
    if (once) return alarmed || verdict.kind === 'trouble';
    await pause(retryInMs, signal);
  }
  return alarmed;
};
