// Keeps what a registry served that does not follow from what was believed of it, for whoever has to look into that.
import { fromUtf8 } from '../../keys/bytes.ts';
import type { TrustAddresses } from './discovery.ts';
import { MAX_ROOT_BYTES, type TrustDeps } from './root-walk.ts';
import type { TrustState } from './trust-state.ts';

/** More of a keyring is not kept: whoever stands in for a registry may serve as much as he likes. */
const MOST_KEYRING = 1024 * 1024;

/** Null where there is none, or it cannot be had: what is refused stays refused. */
const servedAt = async ({ reader }: TrustDeps, path: string, most: number): Promise<string | null> => {
  const bytes = await reader.bytes('root', path, most).catch(() => undefined);
  return (bytes && fromUtf8(bytes)) ?? null;
};

/** Where it was put; undefined where the store has no place for it. */
export const keepServed = async (
  the: TrustDeps,
  at: TrustAddresses,
  { root: { version, sha256 } }: TrustState,
  refused: string,
): Promise<string | undefined> => {
  const { store, reader } = the;
  if (store.keepServed === undefined) return undefined;
  const root = await servedAt(the, at.root, MAX_ROOT_BYTES);
  const keyring = await servedAt(the, at.keyring, MOST_KEYRING);
  const evidence = { registry: reader.base, refused, remembered: { version, sha256 }, root, keyring };
  return store
    .keepServed(evidence)
    .catch((error: unknown) => `could not be saved: ${error instanceof Error ? error.message : error}`);
};
