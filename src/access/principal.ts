// Who asks and what they may do: scopes, and the namespaces a token reaches. Pure.
import { patternCovers } from '../protocol/pack-id.ts';

/** What a token may be used for; no scope implies another. */
export const SCOPES = [
  'packs:publish',
  'packs:yank',
  'packs:yank-revert',
  'packs:read',
  'advisories:publish',
  'keys:manage',
  'namespaces:claim',
  'audit:read',
  'workforces:manage',
  'knowledge:read',
  'knowledge:write',
  'admin',
] as const;
export type TokenScope = (typeof SCOPES)[number];

export interface Principal {
  readonly tokenId: string;
  readonly account: string;
  readonly scopes: readonly TokenScope[];
  /** Patterns this token is limited to; `null` = no limit of its own. */
  readonly namespaces: readonly string[] | null;
}

export const actorOf = (principal: Principal): string => `account:${principal.account}`;

export const hasScope = (principal: Principal, scope: TokenScope): boolean =>
  principal.scopes.includes(scope);

/** The operator's own tokens reach every namespace; who holds it does not matter to them. */
export const isOperator = (principal: Principal): boolean => hasScope(principal, 'admin');

/** Whether the token's own limit lets it near a name, whoever holds the namespace. */
export const reaches = (principal: Principal, name: string): boolean =>
  principal.namespaces === null || principal.namespaces.some((pattern) => patternCovers(pattern, name));

/** Stands for "anything" under a pattern; no name can hold it, so that only a pattern as wide covers it. */
const ANYTHING = '~';

/** Whether the token's own limit lets it near everything that a pattern covers. */
export const reachesAll = (principal: Principal, pattern: string): boolean =>
  reaches(principal, pattern.replace(/\*$/, ANYTHING));

export const isScope = (text: string): text is TokenScope => (SCOPES as readonly string[]).includes(text);
