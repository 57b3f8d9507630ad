// Opens a registry from Node: over HTTP, with a memory in a file, unless a host brings its own.

import type { Lookup } from '../network/resolve.ts';
import { defaultStatePath, fileTrustStore } from './file-trust-store.ts';
import { httpTransport } from './network/http-transport.ts';
import { registryBase } from './network/http-url.ts';
import type { Transport } from './network/transport.ts';
import { type LookOptions, lookAtRegistry, type OpenRegistry } from './registry.ts';
import type { TrustStore } from './trust-state.ts';

export interface OpenRegistryOptions extends Omit<LookOptions, 'transport' | 'store'> {
  /** Sent to that origin only; needed where packs are private. */
  readonly token?: string | undefined;
  /** More headers that say who asks, sent to that origin only. */
  readonly identity?: Readonly<Record<string, string>> | undefined;
  /** Where to remember what was believed; default: `~/.attestry/trust/`. */
  readonly statePath?: string | undefined;
  readonly allowPrivateRedirects?: boolean | undefined;
  /** Replace the network, the disk or name resolution. */
  readonly transport?: Transport | undefined;
  readonly store?: TrustStore | undefined;
  readonly lookup?: Lookup | undefined;
}

/** The network as these options have it. */
export const transportOf = (options: OpenRegistryOptions): Transport => {
  const { token, identity, lookup, allowPrivateRedirects: allowPrivate } = options;
  const registry = registryBase(options.url);
  return options.transport ?? httpTransport({ registry, token, identity, lookup, allowPrivate });
};

/** The memory as these options have it. */
export const storeOf = (options: OpenRegistryOptions): TrustStore => {
  const registry = registryBase(options.url);
  return options.store ?? fileTrustStore(options.statePath ?? defaultStatePath(registry), registry);
};

/** Throws like `lookAtRegistry`. */
export const openRegistry = async (options: OpenRegistryOptions): Promise<OpenRegistry> =>
  lookAtRegistry({ ...options, transport: transportOf(options), store: storeOf(options) });
