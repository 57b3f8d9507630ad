// What a pack is called: names, scopes, namespaces and versions, parsed once into types that cannot be wrong. Pure.
import { permits } from '../../keys/delegation.ts';
import type { FaultCode, Violation } from './faults.ts';

/** `scope.org.name…` with at least three segments, at most 214 characters, of a scope that packs may have. */
export type PackName = string & { readonly __brand: 'PackName' };

/** Semantic Versioning 2.0.0, at most 64 characters, build metadata included. */
export type PackVersion = string & { readonly __brand: 'PackVersion' };

/** What a key or a grant covers: a whole name, or a prefix that ends in `.*`. */
export type NamespacePattern = string & { readonly __brand: 'NamespacePattern' };

export type Scope = 'core' | 'vendor' | 'community' | 'private';

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly violation: Violation };

const MAX_NAME = 214;
const MAX_VERSION = 64;
const SCOPES: readonly string[] = ['core', 'vendor', 'community', 'private'] satisfies readonly Scope[];

const NAME_SHAPE = /^[a-z][a-z0-9_-]*(?:\.[a-zA-Z][a-zA-Z0-9_-]*)+$/;
const NAME = /^[a-z]+\.[a-z][a-z0-9_-]*(?:\.[a-z][a-zA-Z0-9_-]*)+$/;
/** All bases of an authority: their versions are signed by the same chain as packs. */
const AUTHORITY_PATTERN = /^kb:[a-z0-9](?:[a-z0-9.-]{0,98}[a-z0-9])?:\*$/;
const PATTERN = /^[a-z][a-z0-9_-]*(?:\.[a-z][a-z0-9_-]*)*(?:\.\*)?$/;

// node-semver has no order for core numbers that are not exact in JavaScript, so they are no versions here.
const CORE = '(?:0|[1-9][0-9]{0,14})';
const IDENTIFIER = '(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)';
const BUILD = '[0-9a-zA-Z-]+';
const listOf = (part: string): string => `${part}(?:\\.${part})*`;
const VERSION = new RegExp(
  `^${CORE}\\.${CORE}\\.${CORE}(?:-${listOf(IDENTIFIER)})?(?:\\+${listOf(BUILD)})?$`,
);

const refused = (code: FaultCode, where: string, message: string) =>
  ({ ok: false, violation: { code, where, message } }) as const;

/**
 * Reads a pack name in the order the public registry does: shape, then scope, then the three segments.
 * `where` names the place in the violation. Scopes `openwop` and `local` are never publishable.
 */
export const parsePackName = (text: string, where = 'name'): Parsed<PackName> => {
  if (text.length > MAX_NAME)
    return refused('invalid_pack_name', where, `A pack name has at most ${MAX_NAME} characters.`);
  if (!NAME_SHAPE.test(text))
    return refused('invalid_pack_name', where, 'A pack name reads scope.org.name, as in vendor.acme.tools.');
  if (!SCOPES.includes(text.slice(0, text.indexOf('.'))))
    return refused('invalid_pack_scope', where, `The scope of a pack is one of ${SCOPES.join(', ')}.`);
  if (!NAME.test(text))
    return refused(
      'invalid_pack_name',
      where,
      'A pack name has three or more segments that start with a lower-case letter; the first two hold no capitals.',
    );
  return { ok: true, value: text as PackName };
};

/** Reads a version; leading zeros, `v1.0.0`, `1.0` and ranges are refused as `invalid_version`. */
export const parsePackVersion = (text: string, where = 'version'): Parsed<PackVersion> => {
  if (text.length <= MAX_VERSION && VERSION.test(text)) return { ok: true, value: text as PackVersion };
  return refused(
    'invalid_version',
    where,
    `A version reads major.minor.patch (Semantic Versioning 2.0.0, at most ${MAX_VERSION} characters).`,
  );
};

export const scopeOf = (name: PackName): Scope => name.slice(0, name.indexOf('.')) as Scope;

/** The first two segments: `vendor.<org>`, `community.<author>`, `core.<org>`, `private.<host>`. */
export const namespaceOf = (name: PackName): string => name.split('.', 2).join('.');

/** The key under which a name is unique: names that differ only in case are one name. */
export const nameKey = (name: string): string => name.toLowerCase();

/**
 * Reads `vendor.acme.*` or a whole name (`community.ada.demo`, also the bare `vendor.acme`), or `kb:acme.example:*` for
 * the bases of an authority; folded to lower case.
 */
export const parseNamespacePattern = (text: string, where = 'namespace'): Parsed<NamespacePattern> => {
  const folded = text.toLowerCase();
  if (folded.length <= MAX_NAME && (PATTERN.test(folded) || AUTHORITY_PATTERN.test(folded)))
    return { ok: true, value: folded as NamespacePattern };
  return refused('validation_error', where, 'A namespace pattern is a name, or a prefix that ends in ".*".');
};

/** Whether a pattern covers a name: the one rule that delegations follow too. */
export const patternCovers = (pattern: string, name: string): boolean =>
  permits({ namespaces: [pattern] }, name);

/** Whether a name, a namespace or a pattern belongs to packs that the public must not learn of. */
export const isPrivateNamespace = (text: string): boolean => /^private(\.|$)/i.test(text);
