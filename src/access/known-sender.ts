// What stands in front of the routes may know of whoever sends a request: an account, a token, or nothing.

import type { Sender } from '../http/idempotency.ts';
import { Fault } from '../protocol/faults.ts';
import type { Authenticate } from './authenticate.ts';
import { isOperator, type Principal } from './principal.ts';

/** Whoever is not believed is refused by the route, in its own order. */
const believed = async (authenticate: Authenticate, authorization: string | undefined) => {
  if (authorization === undefined) return undefined;
  return authenticate(authorization).catch((error: unknown) => {
    if (error instanceof Fault) return undefined;
    throw error;
  });
};

/** Tokens of one account that may do the same stand for one another, so that a new one goes on where the old one ended. */
const powersOf = ({ scopes, namespaces }: Principal): string =>
  JSON.stringify([[...scopes].sort(), namespaces === null ? null : [...namespaces].sort()]);

export const senderOf =
  (authenticate: Authenticate) =>
  async (authorization: string | undefined): Promise<Sender | undefined> => {
    const by = await believed(authenticate, authorization);
    return by === undefined ? undefined : { tenant: by.account, powers: powersOf(by) };
  };

/** The operator's own tokens are not limited. */
export const tokenOf = (authenticate: Authenticate) => async (authorization: string) => {
  const by = await believed(authenticate, authorization);
  return by === undefined ? undefined : { id: by.tokenId, free: isOperator(by) };
};
