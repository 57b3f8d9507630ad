// attestry log watch: follows the log of a registry, one line for each observation, until something is wrong.
import { type Command, InvalidArgumentError } from 'commander';
import { saveAlarm } from '../client/audit-evidence.ts';
import { type Observation, watchRegistry } from '../client/audit-watch.ts';
import { storeOf } from '../client/open-registry.ts';
import { acting, example, type Settings } from './command.ts';
import { progressTeller } from './log-verify.ts';
import { printLines } from './terminal.ts';
import { registryOptions, type TrustOptions } from './trust-options.ts';

interface WatchOptions extends TrustOptions {
  readonly interval: number;
  readonly once?: boolean;
  readonly keepGoing?: boolean;
  readonly json?: boolean;
}

const MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `10s`, `500ms`, `5m`, `1h`; at most a day, in milliseconds. */
export const duration = (text: string): number => {
  const [, digits, unit = 's'] = /^(\d{1,9})(ms|s|m|h)?$/.exec(text) ?? [];
  const ms = Number(digits) * (MS[unit] ?? Number.NaN);
  if (!(ms >= 1 && ms <= 24 * 3_600_000))
    throw new InvalidArgumentError('It is a time such as 10s, 5m or 1h.');
  return ms;
};

const sentence = (seen: Observation): string => {
  if (seen.kind === 'head') return `${seen.size} entries (${seen.read} read), root ${seen.root}`;
  if (seen.kind === 'trouble')
    return `${seen.message} (${seen.code}); asked again in ${Math.round(seen.retryInMs / 1_000)} s`;
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

const watch = acting<WatchOptions>(async (settings: Settings, options) => {
  const opening = await registryOptions(settings, options);
  const store = storeOf(opening);
  const json = options.json === true;
  const told = untilTold();
  const alarmed = await watchRegistry({
    ...opening,
    store,
    intervalMs: options.interval,
    once: options.once,
    keepGoing: options.keepGoing,
    signal: told.signal,
    onProgress: progressTeller(),
    onObservation: async (seen) => show(await withEvidence(seen, store.place), json),
  }).finally(told.done);
  if (alarmed) process.exitCode = 1;
  return undefined;
});

export const addLogWatch = (log: Command): void => {
  const command = log
    .command('watch')
    .description('follow the log as it grows; with --json one JSON line for each observation')
    .option('--root <file>', 'root document to start from; default: the one seen first')
    .option('--state <file>', 'where to remember what was believed; default: below ~/.attestry/trust')
    .option('--interval <time>', 'time between two looks, as in 10s or 5m', duration, 10_000)
    .option('--once', 'end after one look')
    .option('--keep-going', 'go on after an alarm; the exit code tells of it all the same');
  example(command, 'attestry log watch --interval 1m --json').action(watch);
};
