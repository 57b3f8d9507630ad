// The root documents that were named on the command line, each for its registry or one for the only registry there is.
import { readFile } from 'node:fs/promises';
import type { RootOption, TrustOptions } from './commands/trust-options.ts';
import { UsageError } from './failure.ts';
import { givenAddress } from './given-address.ts';

export interface GivenRoots {
  /** Whether they were named each with its registry: then none may be missing. */
  readonly named: boolean;
  /** Base addresses that one was named for. */
  readonly bases: readonly string[];
  readonly find: (base: string) => Uint8Array | undefined;
}

const baseOf = (url: string): string => givenAddress('--root', url);

const requireClear = (roots: readonly RootOption[], bases: readonly string[]): void => {
  const twice = bases.find((base, at) => bases.indexOf(base) !== at);
  if (twice !== undefined) throw new UsageError(`--root names two roots for ${twice}.`);
  if (roots.length > 1 && bases.length < roots.length)
    throw new UsageError('Several roots need the address of each: --root URL=FILE --root URL=FILE.');
};

/** @throws UsageError; whatever the file system says */
export const givenRoots = async ({ root = [] }: Pick<TrustOptions, 'root'>): Promise<GivenRoots> => {
  const bases = root.flatMap(({ url }) => (url === undefined ? [] : baseOf(url)));
  requireClear(root, bases);
  const found = new Map<string | undefined, Uint8Array>();
  for (const { url, file } of root) found.set(url && baseOf(url), new Uint8Array(await readFile(file)));
  const find: GivenRoots['find'] = (base) => found.get(base) ?? found.get(undefined);
  return { named: bases.length > 0, bases, find };
};

/** What was named for others says nothing about this one. @throws UsageError */
export const requireRoot = ({ named, find }: GivenRoots, base: string): Uint8Array | undefined => {
  const found = find(base);
  if (found === undefined && named)
    throw new UsageError(`--root names no root for ${base}: add --root ${base}=FILE.`);
  return found;
};
