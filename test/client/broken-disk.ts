// A disk that refuses some of what is asked of it, under work that is done in this process.
import callbacks from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

/** One thing asked of the disk. */
export interface DiskStep {
  readonly what: 'open' | 'mkdir' | 'rename' | 'rm' | 'rmdir';
  readonly path: string;
  /** How many renames were asked for so far, this one included. */
  readonly renames: number;
  /** How many things were asked for since the first rename, this one included. */
  readonly steps: number;
}

const KINDS = ['open', 'mkdir', 'rename', 'rm', 'rmdir'] as const;

type Call = (...args: unknown[]) => Promise<unknown>;

const failure = (what: string): Error => Object.assign(new Error(`EIO: i/o error, ${what}`), { code: 'EIO' });

const broken = (what: string): Promise<never> => Promise.reject(failure(what));

/** Does `work` while the disk refuses what `refuses` says; gives the number of steps since the first rename. */
export const onBrokenDisk = async (
  refuses: (step: DiskStep) => boolean,
  work: () => Promise<unknown>,
): Promise<number> => {
  const methods = fs as unknown as Record<string, Call>;
  const originals = KINDS.map((what) => [what, methods[what]] as const);
  const plain = callbacks as unknown as { open: (...args: unknown[]) => void };
  const plainOpen = plain.open;
  let [renames, steps] = [0, 0];
  const isRefused = (what: DiskStep['what'], path: string): boolean => {
    if (what === 'rename') renames += 1;
    if (renames > 0) steps += 1;
    return refuses({ what, path, renames, steps });
  };
  plain.open = (...args) => {
    const done = args.at(-1) as (error: Error) => void;
    if (isRefused('open', String(args[0]))) done(failure('open'));
    else plainOpen(...args);
  };
  for (const [what, original] of originals)
    methods[what] = (...args) => {
      if (isRefused(what, String(args[0]))) return broken(what);
      return original?.(...args) ?? broken(what);
    };
  syncBuiltinESMExports();
  try {
    await work();
  } finally {
    for (const [what, original] of originals) if (original !== undefined) methods[what] = original;
    plain.open = plainOpen;
    syncBuiltinESMExports();
  }
  return steps;
};
