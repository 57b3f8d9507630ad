// Who reads a list, and what of it he may see.
import type { Context } from 'koa';
import { isPrivateNamespace } from '../protocol/pack-id.ts';
import type { AskingDeps } from './asking.ts';
import { isOperator, type Principal } from './principal.ts';

/** Whoever asks, if anybody says who he is. */
export const readerOf = async (the: AskingDeps, ctx: Context): Promise<Principal | undefined> => {
  ctx.set('Cache-Control', 'private, no-store');
  const { authorization } = ctx.headers;
  return authorization === undefined ? undefined : the.authenticate(authorization);
};

/** What is private is listed to its own account and the operator only. */
export const mayList = (
  reader: Principal | undefined,
  account: string,
  namespaces: readonly string[],
): boolean =>
  !namespaces.some(isPrivateNamespace) ||
  (reader !== undefined && (isOperator(reader) || reader.account === account));
