// Finds and reads the policies in force: the one in the working directory, and the one that was named beside it.
import { lstat, open, readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { equalBytes } from '../../keys/bytes.ts';
import { POLICY_FILE, type Policy } from '../client/policy/policy.ts';
import { MAX_POLICY_BYTES, parsePolicy } from '../client/policy/policy-file.ts';
import { UsageError } from './failure.ts';

export interface LoadedPolicies {
  readonly policies: readonly Policy[];
  /** Root documents to start from, by the address of their registry. */
  readonly roots: ReadonlyMap<string, Uint8Array>;
}

/** One byte more than may be is enough to be refused for it. */
const readBounded = async (path: string): Promise<Uint8Array> => {
  const file = await open(path, 'r');
  try {
    const bytes = new Uint8Array(MAX_POLICY_BYTES + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length, length);
      length += bytesRead;
      if (bytesRead === 0 || length === bytes.length) return bytes.subarray(0, length);
    }
  } finally {
    await file.close();
  }
};

/** @throws PolicyInvalid; whatever the file system says */
export const readPolicy = async (path: string): Promise<Policy> => parsePolicy(await readBounded(path), path);

export const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** What is there and cannot be read is no absence: a policy must not end with its permissions, nor with what it links to. */
const pathHere = (): Promise<string | undefined> =>
  lstat(POLICY_FILE).then(
    () => POLICY_FILE,
    (error: unknown) => {
      if (isAbsent(error)) return undefined;
      throw error;
    },
  );

const pathsOf = async (named: string | undefined): Promise<readonly string[]> => {
  const here = await pathHere();
  if (named === undefined) return here === undefined ? [] : [here];
  if (here === undefined || (await realpath(here)) === (await realpath(named))) return [named];
  return [here, named];
};

const readRoots = async (policy: Policy, path: string, roots: Map<string, Uint8Array>): Promise<void> => {
  for (const { url, root } of policy.registries) {
    if (root === undefined) continue;
    const bytes = new Uint8Array(await readFile(join(dirname(path), root)));
    const other = roots.get(url);
    if (other !== undefined && !equalBytes(other, bytes))
      throw new UsageError(`Two policies start from different roots for ${url}.`);
    roots.set(url, bytes);
  }
};

/**
 * All of them hold: a policy that is named does not stand in for the one that is there.
 * @throws PolicyInvalid for any that cannot be used
 */
export const loadPolicies = async (named: string | undefined): Promise<LoadedPolicies> => {
  const policies: Policy[] = [];
  const roots = new Map<string, Uint8Array>();
  for (const path of await pathsOf(named)) {
    const policy = await readPolicy(path);
    policies.push(policy);
    await readRoots(policy, path, roots);
  }
  return { policies, roots };
};
