// What the options of trust mean to the client.
import { readFile } from 'node:fs/promises';
import type { OpenRegistryOptions, VerifyPolicy } from '../client/index.ts';
import { registryBase } from '../client/network/http-url.ts';
import type { Settings } from './command.ts';
import type { TrustOptions } from './commands/trust-options.ts';
import { givenRoots } from './given-roots.ts';

/** The envelope of the root document that people hand over, if they do. */
export const pinnedRootOf = async ({
  root,
}: {
  readonly root?: string;
}): Promise<{ readonly pinnedRoot?: Uint8Array }> =>
  root === undefined ? {} : { pinnedRoot: new Uint8Array(await readFile(root)) };

export const registryOptions = async (
  settings: Settings,
  options: TrustOptions,
): Promise<OpenRegistryOptions> => ({
  url: settings.url,
  token: settings.token,
  allowPrivateRedirects: settings.allowPrivateAddresses,
  statePath: options.state,
  pinnedRoot: (await givenRoots(options)).find(registryBase(settings.url)),
});

export const policyOf = (options: TrustOptions): VerifyPolicy => ({
  tree: options.tree,
  allowUnsigned: options.allowUnsigned,
  allowRotatedKeys: options.allowRotatedKeys,
  protocolMajor: options.protocol,
  minAssurance: options.require,
  requireStatement: options.requireStatement,
});
