// Runs the real command line in a process of its own, with a home of its own and nothing else of ours around it.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
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

/** @param env what a user has set, such as `ATTESTRY_URL`. */
export const newShell = async (env: Settings = {}): Promise<Shell> => {
  const folder = await mkdtemp(join(tmpdir(), 'attestry-shell-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return shellIn(folder, env);
};

/** In a folder that several tests share, and that whoever made it removes. */
export const shellIn = async (folder: string, env: Settings = {}): Promise<Shell> => {
  const command = await launcher();
  const options = { cwd: folder, env: { HOME: folder, USERPROFILE: folder, PATH: '', ...env } };
  const run: Shell['run'] = (...args) =>
    new Promise((resolve) => {
      execFile(process.execPath, [command, ...args], options, (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
      );
    });
  return {
    folder,
    run,
    json: async (...args) => {
      const { code, stdout } = await run(...args, '--json');
      return { code, document: JSON.parse(stdout) };
    },
  };
};
