// Which sealed events of the log a token may see opened. Pure.
import { hasScope, type Principal, reaches, reachesAll } from './principal.ts';

/** Nothing, everything, or what happened to some subjects. */
export type Sight = 'none' | 'all' | ((subject: string) => boolean);

const PACK = /^pack:([^@]+)@/;
const NAMESPACE = /^namespace:(.+)$/;

/** What belongs to no namespace, as accounts, tokens and keys do, is for tokens without such a limit. */
const within =
  (reader: Principal) =>
  (subject: string): boolean => {
    const name = PACK.exec(subject)?.[1];
    if (name !== undefined) return reaches(reader, name);
    const namespace = NAMESPACE.exec(subject)?.[1];
    return namespace !== undefined && reachesAll(reader, `${namespace}.*`);
  };

export const sightOf = (reader: Principal): Sight => {
  if (!hasScope(reader, 'audit:read')) return 'none';
  return reader.namespaces === null ? 'all' : within(reader);
};
