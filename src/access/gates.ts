// Wires what stands in front of every route: how often one may ask, and that a write with a key is done once.
import type { Middleware } from 'koa';
import type { Logger } from 'pino';
import type { Sql } from '../database/connect.ts';
import { clientAddress } from '../http/client-address.ts';
import { type IdempotencyDeps, idempotency } from '../http/idempotency.ts';
import { leasedBuckets } from '../http/leased-buckets.ts';
import { rateLimit } from '../http/rate-limit.ts';
import type { RateLimits, TrustedProxies } from '../protocol/limits.ts';
import type { Authenticate } from './authenticate.ts';
import { keyedRequests } from './idempotency-record-store.ts';
import { senderOf, tokenOf } from './known-sender.ts';
import { drawFrom } from './rate-limit-store.ts';
import { holdsToken } from './tokens.ts';

const LEASE_MS = 30_000;
const HIDDEN_SENDERS =
  'a proxy on this machine forwards requests and is not named in ATTESTRY_TRUSTED_PROXIES: whoever comes through it is not limited';

export interface GatesDeps {
  readonly sql: Sql;
  readonly log: Logger;
  readonly authenticate: Authenticate;
  /** Remembers tokens. */
  readonly authenticateFast: Authenticate;
  /** Believes what is remembered, and asks nobody. */
  readonly authenticateHeld: Authenticate;
}

export interface GateSettings {
  readonly rateLimits: RateLimits | 'off';
  readonly trustedProxies: TrustedProxies;
  /** What a simulated world changes about how writes with a key are carried out once. */
  readonly keyedWrites: Partial<IdempotencyDeps> | undefined;
}

const limiting = (the: GatesDeps, { rateLimits, trustedProxies }: GateSettings): readonly Middleware[] =>
  rateLimits === 'off'
    ? []
    : [
        rateLimit({
          limits: rateLimits,
          addressOf: clientAddress(trustedProxies, () => the.log.warn(HIDDEN_SENDERS)),
          tokenOf: tokenOf(the.authenticateFast),
          heldTokenOf: tokenOf(the.authenticateHeld),
          buckets: leasedBuckets(drawFrom(the.sql)),
        }),
      ];

/** Outermost first. */
export const gates = (the: GatesDeps, settings: GateSettings): readonly Middleware[] => [
  ...limiting(the, settings),
  idempotency({
    whoSends: senderOf(the.authenticate),
    requests: keyedRequests(the.sql),
    // The room of knowledge keeps its own in the transaction of the write.
    covers: (path) => !path.startsWith('/knowledge/'),
    isSecret: holdsToken,
    onTrouble: (error) => the.log.warn({ err: error }, 'the outcome of a write with a key is not kept'),
    leaseMs: LEASE_MS,
    ...settings.keyedWrites,
  }),
];
