// What the work of all commands shares: the settings it is given, and one way to show a result or a failure.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { explain, type Failure, UsageError } from './failure.ts';
import { printDocument, printFailure, printLines } from './terminal.ts';

/** The global options, once read. */
export interface Settings {
  readonly url: string;
  /** Whether somebody named the address, on the command line or in the environment. */
  readonly urlGiven?: boolean;
  readonly token: string | undefined;
  readonly allowPrivateAddresses: boolean;
}

/** `lines` for people, each without its end; `json` for machines: one document. */
export interface Result {
  readonly lines: readonly string[];
  readonly json: unknown;
}

interface GlobalOptions {
  readonly url: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
  readonly allowPrivateAddresses?: boolean;
  readonly privateAddresses?: boolean;
}

const tokenOf = async ({ token, tokenFile }: GlobalOptions): Promise<string | undefined> => {
  if (tokenFile === undefined) return token === undefined || token === '' ? undefined : token.trim();
  const text = (await readFile(tokenFile, 'utf8')).trim();
  if (text === '' || /\s/.test(text)) throw new UsageError(`${tokenFile} does not hold one token.`);
  return text;
};

const settingsOf = async (options: GlobalOptions, command: Command): Promise<Settings> => ({
  url: options.url,
  urlGiven: command.getOptionValueSourceWithGlobals('url') !== 'default',
  token: await tokenOf(options),
  allowPrivateAddresses: options.allowPrivateAddresses === true || options.privateAddresses === true,
});

export const showFailure = ({ exitCode, json: document, lines }: Failure, json: boolean): void => {
  process.exitCode = exitCode;
  if (json) printDocument(document);
  else printFailure(lines);
};

/** What a registry answered says nothing of how the command ended. */
export const withOutcome = (document: unknown, ok: boolean): unknown => {
  const isObject = typeof document === 'object' && document !== null && !Array.isArray(document);
  return isObject ? { ok, ...document } : document;
};

/**
 * An action of commander: it does the work of a command and shows what came of it, unless that was shown as it came.
 * `options` are the command's own.
 */
export const acting =
  <Options>(work: (settings: Settings, options: Options, ...args: string[]) => Promise<Result | undefined>) =>
  async (...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command;
    const options = command.optsWithGlobals<GlobalOptions & Options>();
    const args = given.slice(0, -2).flat() as string[];
    try {
      const result = await work(await settingsOf(options, command), options, ...args);
      if (result === undefined) return;
      if (options.json === true) printDocument(withOutcome(result.json, (process.exitCode ?? 0) === 0));
      else printLines(result.lines);
    } catch (error) {
      showFailure(explain(error), options.json === true);
    }
  };
