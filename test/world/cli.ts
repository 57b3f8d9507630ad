// Runs the real command line in another process, with a home of its own and nothing else of ours around it.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { runServed } from './cli-served.ts';
import { ROOT } from './source.ts';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Shell {
  /** The directory that commands run in. */
  readonly folder: string;
  run(...args: readonly string[]): Promise<Outcome>;
  /** Runs with `--json` and reads the one document on standard output. */
  json(...args: readonly string[]): Promise<{ readonly code: number; readonly document: Json }>;
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into documents of every shape
export type Json = any;

const launcher = async (): Promise<string> => {
  const { bin } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Json;
  return join(ROOT, String(bin.attestry));
};

type Settings = Readonly<Record<string, string>>;

export interface ShellOptions {
  /** Starts the program anew for each command, where that it starts and ends is a part of what is shown. */
  readonly anew?: boolean;
}

/** @param env what a user has set, such as `ATTESTRY_URL`. */
export const newShell = async (env: Settings = {}, options: ShellOptions = {}): Promise<Shell> => {
  const folder = await mkdtemp(join(tmpdir(), 'attestry-shell-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return shellIn(folder, env, options);
};

const runAnew = (command: string, folder: string, env: Settings, args: readonly string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(process.execPath, [command, ...args], { cwd: folder, env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
    );
  });

/** In a folder that several tests share, and that whoever made it removes. */
export const shellIn = async (
  folder: string,
  given: Settings = {},
  { anew = false }: ShellOptions = {},
): Promise<Shell> => {
  const command = await launcher();
  const env = { HOME: folder, USERPROFILE: folder, PATH: '', ...given };
  // A server owns its process, also where it fails to start; Node reads its own options when it starts.
  const ownProcess = anew || 'NODE_OPTIONS' in env;
  const run: Shell['run'] = (...args) =>
    ownProcess || args.includes('serve')
      ? runAnew(command, folder, env, args)
      : runServed({ args, folder, env });
  return {
    folder,
    run,
    json: async (...args) => {
      const { code, stdout } = await run(...args, '--json');
      return { code, document: JSON.parse(stdout) };
    },
  };
};
