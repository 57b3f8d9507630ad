// Whether an address leads back to this registry, which has nothing to mirror from itself.
import { formatVkey, type Vkey } from '../../keys/key.ts';
import { registryBase } from '../client/network/http-url.ts';
import { TransportError } from '../network/transport-error.ts';
import { fault } from '../protocol/faults.ts';
import { at } from '../protocol/manifest/read.ts';
import { boundedObjectOf } from './bounded-json.ts';
import { MOST, type SyncLimits } from './limits.ts';
import { SyncEnd } from './trouble.ts';
import { openUpstream } from './upstream-fetch.ts';

export interface SelfDeps {
  /** Where clients find this registry. */
  readonly url: () => string;
  /** By whose key the log here is believed. */
  readonly headSigner: { readonly vkey: () => Vkey };
}

export interface LookDeps extends SelfDeps {
  readonly limits: SyncLimits;
  readonly allowPrivate: boolean;
}

/** Whoever adds an upstream waits for it; milliseconds. */
const LOOK_MS = 2_000;
const DISCOVERY = '/.well-known/openwop-registry.json';

/** @throws Fault validation_error */
export const requireOtherAddress = ({ url }: Pick<SelfDeps, 'url'>, base: string): void => {
  if (base === registryBase(url())) throw itself(base);
};

const itself = (url: string) =>
  fault(
    'validation_error',
    { field: 'url', reason: 'upstream_is_this', url },
    'That is this registry itself: name the address of another one.',
  );

const namedVkey = async ({ limits, allowPrivate }: LookDeps, base: string): Promise<unknown> => {
  const hasty = { ...limits, ms: LOOK_MS, documentMs: LOOK_MS, idleMs: LOOK_MS, retryMs: [] };
  const quit = new AbortController().signal;
  const fetched = await openUpstream({ base, allowPrivate, limits: hasty, quit }).get(
    DISCOVERY,
    MOST.discovery,
  );
  const read = fetched.kind === 'fresh' ? boundedObjectOf(fetched.body) : undefined;
  return read?.ok === true ? at(read.object, 'trust', 'log', 'vkey') : undefined;
};

/**
 * Also through another address, where something answers there at once; each sync asks again, and of the log itself.
 * @throws Fault validation_error
 */
export const requireOtherRegistry =
  (the: LookDeps) =>
  async (base: string): Promise<void> => {
    const found = await namedVkey(the, base).catch((error: unknown) => {
      if (error instanceof TransportError || error instanceof SyncEnd) return undefined;
      throw error;
    });
    if (found === formatVkey(the.headSigner.vkey())) throw itself(base);
  };
