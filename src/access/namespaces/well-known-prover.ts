// Reads what a domain shows under its well-known address: over TLS, from a public address that was checked, and nowhere else.
import {
  type Exchange,
  exchange,
  type HttpReply,
  isRedirect,
  newAgents,
} from '../../network/http-exchange.ts';
import { isPublicAddress } from '../../network/public-address.ts';
import { inTime, type Lookup, resolveHost, systemLookup } from '../../network/resolve.ts';
import { TransportError, type TransportErrorCode } from '../../network/transport-error.ts';
import { WELL_KNOWN_PATH } from './domain.ts';
import { ProverError, type ProverErrorCode } from './prover.ts';

export interface WellKnownOptions {
  readonly lookup?: Lookup;
  /** What a simulated world answers with in the place of the network. */
  readonly ask?: (request: Exchange) => Promise<HttpReply>;
}

const MAX_BYTES = 16 * 1024;
const OVERALL_MS = 10_000;
const IDLE_MS = 5_000;

const CODES: Readonly<Partial<Record<TransportErrorCode, ProverErrorCode>>> = {
  too_slow: 'too_slow',
  silent: 'too_slow',
  too_large: 'too_large',
};

const asProverError = (error: unknown): unknown =>
  error instanceof TransportError ? new ProverError(CODES[error.code] ?? 'unreachable', error) : error;

/** One address that is not public is enough: the connection might be made to it. */
const requirePublic = (addresses: readonly string[]): readonly string[] => {
  if (addresses.every(isPublicAddress)) return addresses;
  throw new ProverError('address_refused');
};

/** Rejects with ProverError. */
export const wellKnownTexts =
  ({ lookup = systemLookup, ask = exchange }: WellKnownOptions = {}) =>
  async (domain: string): Promise<readonly string[]> => {
    const url = new URL(`https://${domain}${WELL_KNOWN_PATH}`);
    const deadline = Date.now() + OVERALL_MS;
    const agents = newAgents();
    try {
      const addresses = requirePublic(await inTime(resolveHost(url, lookup), deadline, url));
      const headers = { accept: 'text/plain', 'user-agent': 'attestry' };
      const limits = { maxBytes: MAX_BYTES, idleMs: IDLE_MS, deadline };
      const answer = await ask({ method: 'GET', url, headers, agents, addresses, ...limits });
      if (isRedirect(answer)) throw new ProverError('redirected');
      if (answer.status !== 200) throw new ProverError('absent');
      return Buffer.from(answer.body).toString('utf8').split('\n');
    } catch (error) {
      throw asProverError(error);
    } finally {
      agents.https.destroy();
    }
  };
