// One look at one registry: the time is fixed, its addresses are read, its keys and its log are believed.
import type { Tree } from '../protocol/faults.ts';
import { type Discovery, discover, type TreeAddresses } from './discovery.ts';
import type { LogView } from './log-view.ts';
import { registryBase } from './network/http-url.ts';
import type { Transport } from './network/transport.ts';
import { refusal } from './refusal.ts';
import { type RegistryReader, readerUntil, registryReader } from './registry-reader.ts';
import { establishTrust, type Trust } from './trust.ts';
import type { TrustStore } from './trust-state.ts';

/** What a look needs: nothing in here is particular to Node. */
export interface LookOptions {
  /** Base address, http or https, with or without a trailing slash. */
  readonly url: string;
  readonly transport: Transport;
  readonly store: TrustStore;
  /** The envelope of a root document that was handed over on a trusted way. */
  readonly pinnedRoot?: Uint8Array | undefined;
  /** For all that is read before the first pack, together; milliseconds; default: a minute. */
  readonly openingMs?: number | undefined;
  readonly now?: (() => Date) | undefined;
}

const OPENING_MS = 60_000;

/** Good for one piece of work: open it anew rather than keep it, since keys and time move on. */
export interface OpenRegistry {
  readonly reader: RegistryReader;
  readonly discovery: Discovery;
  /** Undefined where the registry shows no trust documents and never did. */
  readonly trust: Trust | undefined;
  /** Undefined where the registry shows no log and never did. */
  readonly log: LogView | undefined;
  readonly now: Date;
}

/**
 * Opens a registry over any transport and memory, as a browser has to.
 * @throws Refusal of `registry`, `root`, `keyring`, `checkpoint` or `lifecycle`
 * @throws TransportError `address_invalid` for a URL that is none
 */
export const lookAtRegistry = async (options: LookOptions): Promise<OpenRegistry> => {
  const { transport, store, pinnedRoot, openingMs = OPENING_MS } = options;
  const now = (options.now ?? (() => new Date()))();
  const base = registryBase(options.url);
  const opening = readerUntil(Date.now() + openingMs, transport, base);
  const discovery = await discover(opening);
  const trust = await establishTrust({ reader: opening, store, pinnedRoot }, discovery.trust, now);
  const reader = registryReader(transport, base);
  return { reader, discovery, trust, log: trust?.log?.through(reader), now };
};

const PREFERRED: readonly Tree[] = ['v2', 'v1'];

/** The trees to look in, the better one first; `pinned` leaves only that one. */
export const treesOf = (
  { discovery }: OpenRegistry,
  pinned: Tree | undefined,
): readonly (readonly [Tree, TreeAddresses])[] => {
  const wanted = pinned === undefined ? PREFERRED : [pinned];
  const found = wanted.flatMap((tree) => {
    const addresses = discovery.trees[tree];
    return addresses === undefined ? [] : [[tree, addresses] as const];
  });
  if (found.length > 0) return found;
  throw refusal('registry', 'registry_endpoints_unresolvable', {
    wanted,
    served: Object.keys(discovery.trees),
  });
};
