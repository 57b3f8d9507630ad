// attestry log watch: follows the log of a registry, one line for each observation, until something is wrong.
import { saveAlarm } from '../client/audit/evidence.ts';
import { type Observation, watchRegistry } from '../client/audit/watch.ts';
import { storeOf } from '../client/open-registry.ts';
import { acting, type Settings } from './command.ts';
import type { TrustOptions } from './commands/trust-options.ts';
import { progressTeller } from './log-verify.ts';
import { printLines } from './terminal.ts';
import { registryOptions } from './trust-policy.ts';

interface WatchOptions extends TrustOptions {
  /** Milliseconds. */
  readonly interval: number;
  readonly once?: boolean;
  readonly keepGoing?: boolean;
  readonly json?: boolean;
}

const sentence = (seen: Observation): string => {
  if (seen.kind === 'head') return `${seen.size} entries (${seen.read} read), root ${seen.root}`;
  if (seen.kind === 'trouble') {
    const again = seen.retryInMs === null ? '' : `; asked again in ${Math.round(seen.retryInMs / 1_000)} s`;
    return `${seen.message} (${seen.code})${again}`;
  }
  return `ALARM: ${seen.message} (${seen.code}) ${JSON.stringify(seen.evidence)}`;
};

const linesOf = (seen: Observation): readonly string[] => {
  const events = seen.kind === 'head' ? seen.events : [];
  return [
    `${seen.at}  ${sentence(seen)}`,
    ...events.map(({ position, kind, subject }) => `  ${position}  ${kind}  ${subject}`),
  ];
};

const show = (seen: Observation, json: boolean): void =>
  printLines(json ? [JSON.stringify(seen)] : linesOf(seen));

/** An alarm names the file in which its evidence lies. */
const withEvidence = async (seen: Observation, place: string): Promise<Observation & { saved?: string }> =>
  seen.kind === 'alarm' ? { ...seen, saved: await saveAlarm(place, seen) } : seen;

const untilTold = (): { readonly signal: AbortSignal; readonly done: () => void } => {
  const quit = new AbortController();
  const stop = (): void => quit.abort();
  process.once('SIGTERM', stop).once('SIGINT', stop);
  const done = (): void => void process.off('SIGTERM', stop).off('SIGINT', stop);
  return { signal: quit.signal, done };
};

export const watch = acting<WatchOptions>(async (settings: Settings, options) => {
  const opening = await registryOptions(settings, options);
  const store = storeOf(opening);
  const json = options.json === true;
  const told = untilTold();
  const failed = await watchRegistry({
    ...opening,
    store,
    intervalMs: options.interval,
    once: options.once,
    keepGoing: options.keepGoing,
    signal: told.signal,
    onProgress: progressTeller(),
    onObservation: async (seen) => show(await withEvidence(seen, store.place), json),
  }).finally(told.done);
  if (failed) process.exitCode = 1;
  return undefined;
});
