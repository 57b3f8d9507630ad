// What the operator's commands share: they work on the registry itself, beside its process, and say how far they are.
import type { Command } from 'commander';
import { type Result, showFailure, withOutcome } from './command.ts';
import { type Details, evidenceLines } from './evidence.ts';
import { explain, type Failure, failed } from './failure.ts';
import { startFailureOf } from './start-failure.ts';
import { printDocument, printLines, printProgress } from './terminal.ts';

/** `ok`: what was looked at is in order; otherwise the exit code is 1. */
export interface Outcome extends Result {
  readonly ok: boolean;
}

/** What the errors of that room carry; known by name, since the command line imports no room of the server. */
interface Refused extends Error {
  readonly code: string;
  readonly cure: string;
  readonly details: Details;
}

const isRefused = (error: unknown): error is Refused =>
  error instanceof Error && error.name === 'UpkeepRefused';

const refusal = ({ code, message, cure, details }: Refused): Failure => {
  const more = [...evidenceLines(details), ...cure.split('\n').map((line) => `  ${line}`)];
  return failed(code, [`Refused: ${message}`, ...more], { message, cure, evidence: details });
};

/** Bytes that are gone or wrong: whoever asked for a backup or a check has to know which. */
const storageFailure = (error: unknown): Failure | undefined => {
  if (!(error instanceof Error && error.name === 'StorageError' && 'code' in error && 'details' in error))
    return undefined;
  if (error.code !== 'blob_missing' && error.code !== 'blob_corrupt') return undefined;
  const details = error.details as Details;
  const cure = 'See "attestry fsck".';
  const lines = [error.message, ...evidenceLines(details), `  ${cure}`] as const;
  return failed(error.code, lines, { evidence: details, cure });
};

const OPENING = 'This registry cannot be opened.';

const operatorFailure = (error: unknown): Failure =>
  (isRefused(error) ? refusal(error) : undefined) ??
  storageFailure(error) ??
  startFailureOf(error, OPENING) ??
  explain(error);

/** An action of commander that needs no registry to answer. `options` are the command's own. */
export const operating =
  <Options>(work: (options: Options, json: boolean) => Promise<Outcome>) =>
  async (...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command;
    const options = command.optsWithGlobals<Options & { readonly json?: boolean }>();
    const json = options.json === true;
    try {
      const { ok, lines, json: document } = await work(options, json);
      if (json) printDocument(withOutcome(document, ok));
      else printLines(lines);
      if (!ok) process.exitCode = 1;
    } catch (error) {
      showFailure(operatorFailure(error), json);
    }
  };

const TELL_EVERY_MS = 1_000;

/** Tells now and then how far a long part of the work has come. */
export const progressLine = () => {
  let told = performance.now();
  return (part: string, done: number, total: number): void => {
    if (performance.now() - told < TELL_EVERY_MS) return;
    told = performance.now();
    printProgress(total === 0 ? `${part}: ${done}` : `${part}: ${done} of ${total}`);
  };
};
