// Asks again what was asked for too fast, or was broken off: whoever exports a registry asks for much of it.
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../network/retry-after.ts';
import { TransportError } from '../../network/transport-error.ts';
import type { Transport } from '../network/transport.ts';

/** Milliseconds; as often as there are numbers. */
const PAUSES: readonly number[] = [500, 1_000, 2_000, 5_000, 10_000];
const LONGEST_MS = 60_000;
const LATER: ReadonlySet<number> = new Set([429, 503]);
const PASSING: ReadonlySet<string> = new Set(['unreachable', 'interrupted', 'silent']);

const passes = (error: unknown): boolean => error instanceof TransportError && PASSING.has(error.code);

export const patient = (transport: Transport, pauses = PAUSES): Transport => ({
  ...transport,
  get: async (url, rules) => {
    for (const pause of pauses) {
      const reply = await transport.get(url, rules).catch((error: unknown) => {
        if (!passes(error)) throw error;
        return undefined;
      });
      if (reply !== undefined && !LATER.has(reply.status)) return reply;
      const wait = waitFor(reply, pause, LONGEST_MS);
      if (Date.now() + wait >= (rules.deadline ?? Number.POSITIVE_INFINITY)) break;
      await sleep(wait);
    }
    return transport.get(url, rules);
  },
});
