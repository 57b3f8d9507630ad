// One look at one registry: the time is fixed, its addresses are read, its keys believed; then packs are asked for.
import type { Tree } from '../protocol/faults.ts';
import { type Discovery, discover, type TreeAddresses } from './discovery.ts';
import { httpTransport, type Lookup, parseHttpUrl } from './http-transport.ts';
import { refusal } from './refusal.ts';
import { type RegistryReader, readerUntil, registryReader } from './registry-reader.ts';
import type { Transport } from './transport.ts';
import { establishTrust, type Trust } from './trust.ts';
import { defaultStatePath, fileTrustStore, type TrustStore } from './trust-state.ts';

export interface OpenRegistryOptions {
  /** Base address, http or https, with or without a trailing slash. */
  readonly url: string;
  /** Sent to that origin only; needed where packs are private. */
  readonly token?: string | undefined;
  /** The envelope of a root document that was handed over on a trusted way. */
  readonly pinnedRoot?: Uint8Array | undefined;
  /** Where to remember what was believed; default: `~/.attestry/trust/`. */
  readonly statePath?: string | undefined;
  readonly allowPrivateRedirects?: boolean | undefined;
  /** For the discovery document, the roots and the keyring together; milliseconds; default: a minute. */
  readonly openingMs?: number | undefined;
  readonly now?: (() => Date) | undefined;
  /** Replace the network, the disk or name resolution. */
  readonly transport?: Transport | undefined;
  readonly store?: TrustStore | undefined;
  readonly lookup?: Lookup | undefined;
}

const OPENING_MS = 60_000;

/** Good for one piece of work: open it anew rather than keep it, since keys and time move on. */
export interface OpenRegistry {
  readonly reader: RegistryReader;
  readonly discovery: Discovery;
  /** Undefined where the registry shows no trust documents and never did. */
  readonly trust: Trust | undefined;
  readonly now: Date;
}

/** The address without what makes two spellings of one registry: trailing slashes, query, fragment. */
export const registryBase = (text: string): string => {
  const url = parseHttpUrl(text);
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
};

/**
 * @throws Refusal of `registry`, `root` or `keyring`
 * @throws TransportError `address_invalid` for a URL that is none
 */
export const openRegistry = async (options: OpenRegistryOptions): Promise<OpenRegistry> => {
  const now = (options.now ?? (() => new Date()))();
  const base = registryBase(options.url);
  const { token, lookup, allowPrivateRedirects: allowPrivate, pinnedRoot } = options;
  const transport = options.transport ?? httpTransport({ registry: base, token, lookup, allowPrivate });
  const reader = registryReader(transport, base);
  const store = options.store ?? fileTrustStore(options.statePath ?? defaultStatePath(base), base);
  const opening = readerUntil(Date.now() + (options.openingMs ?? OPENING_MS), transport, base);
  const discovery = await discover(opening);
  const trust = await establishTrust({ reader: opening, store, pinnedRoot }, discovery.trust, now);
  return { reader, discovery, trust, now };
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
