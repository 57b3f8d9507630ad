// Which sealed events of the log a token may see opened.
import { namespaceOf, type PackName } from '../protocol/pack-id.ts';
import { hasScope, type Principal, reaches, reachesAll } from './principal.ts';

/** Nothing, everything, or what happened to some subjects. */
export type Sight = 'none' | 'all' | ((subject: string) => boolean);

const PACK = /^pack:([^@]+)@/;
const NAMESPACE = /^namespace:(.+)$/;

/** What belongs to no namespace, as accounts, tokens and keys do, is for tokens without such a limit. */
const within =
  (reader: Principal, lost: readonly string[]) =>
  (subject: string): boolean => {
    const name = PACK.exec(subject)?.[1];
    if (name !== undefined) return reaches(reader, name) && !lost.includes(namespaceOf(name as PackName));
    const namespace = NAMESPACE.exec(subject)?.[1];
    return namespace !== undefined && reachesAll(reader, `${namespace}.*`) && !lost.includes(namespace);
  };

/** @param lostBy the namespaces that an account held before, and does not hold any more */
export const sightOf = async (
  reader: Principal,
  lostBy: (account: string) => Promise<readonly string[]>,
): Promise<Sight> => {
  if (!hasScope(reader, 'audit:read')) return 'none';
  if (reader.namespaces === null) return 'all';
  return within(reader, await lostBy(reader.account));
};
