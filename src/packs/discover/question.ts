// What is asked of the catalogue, read from the query of an address. Pure.
import { type Fault, fault, type Tree } from '../../protocol/faults.ts';
import { isPackKind, PACK_KINDS, type PackKind } from '../../protocol/manifest/kind.ts';

/** Everything here was chosen by the caller. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What is found must have all of what is named. */
export interface Filters {
  /** `connector`: a node pack that says it connects to a service. */
  readonly kind?: PackKind | 'connector';
  /** `vendor` or `vendor.acme`. */
  readonly namespace?: string;
  readonly keyword?: string;
  readonly typeId?: string;
}

/** `words`: by the beginnings of its words; `near`: also by words that are spelt alike. */
export type Match = 'words' | 'near';

/** Where a page begins: behind this pack. */
export interface FoundPlace {
  readonly match: Match;
  readonly score: number;
  readonly name: string;
}

export interface Question {
  readonly tree: Tree;
  /** Empty for all packs, by name. */
  readonly q: string;
  readonly filters: Filters;
  readonly limit: number;
  readonly after?: FoundPlace;
}

const MAX_TEXT = 256;
const MAX_LIMIT = 200;

const wrong = (field: string, rule: string): Fault =>
  fault('validation_error', { field }, `${field} ${rule}.`);

/** Undefined where the address does not name it. @throws Fault validation_error, as all readers here */
export const textOf = (query: Query, field: string, most = MAX_TEXT): string | undefined => {
  const text = query[field];
  if (text === undefined) return undefined;
  if (typeof text !== 'string') throw wrong(field, 'may stand there once');
  if (text.length > most) throw wrong(field, `has at most ${most} characters`);
  if (text.includes('\0')) throw wrong(field, 'must not hold the character NUL');
  // The database takes whole characters only.
  return text.replace(/\p{Surrogate}/gu, '\u{fffd}');
};

export const limitOf = (query: Query, unless: number, most = MAX_LIMIT): number => {
  const text = textOf(query, 'limit');
  if (text === undefined) return unless;
  const limit = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > most) throw wrong('limit', `is a number from 1 to ${most}`);
  return limit;
};

const kindOf = (query: Query): Filters['kind'] => {
  const kind = textOf(query, 'kind');
  if (kind === undefined || kind === 'connector' || isPackKind(kind)) return kind;
  throw wrong('kind', `is one of ${[...PACK_KINDS, 'connector'].join(', ')}`);
};

const NAMESPACE = /^[a-z]+(?:\.[a-z][a-z0-9_-]*)?$/;

const namespaceIn = (query: Query): string | undefined => {
  const namespace = textOf(query, 'namespace')?.toLowerCase();
  if (namespace === undefined || NAMESPACE.test(namespace)) return namespace;
  throw wrong('namespace', 'is a scope such as vendor, or a namespace such as vendor.acme');
};

const filledIn = (query: Query, field: string): string | undefined => {
  const text = textOf(query, field);
  if (text === '') throw wrong(field, 'must not be empty');
  return text;
};

const known = <T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;

export const filtersOf = (query: Query): Filters =>
  known({
    kind: kindOf(query),
    namespace: namespaceIn(query),
    keyword: filledIn(query, 'keyword'),
    typeId: filledIn(query, 'typeId'),
  });

/** Names of packs have no other characters. */
const PLACE = /^(words|near):(\d{1,9}):([A-Za-z0-9._-]{1,214})$/;

export const cursorOf = ({ match, score, name }: FoundPlace): string => `${match}:${score}:${name}`;

const placeOf = (query: Query): FoundPlace | undefined => {
  const text = textOf(query, 'cursor', 300);
  if (text === undefined) return undefined;
  const [, match, score, name] = PLACE.exec(text) ?? [];
  if (name === undefined) throw wrong('cursor', 'must be the "nextCursor" of the page before');
  return { match: match as Match, score: Number(score), name };
};

export const questionOf = (tree: Tree, query: Query, unlessLimit: number): Question => {
  const after = placeOf(query);
  return {
    tree,
    q: (textOf(query, 'q') ?? '').trim(),
    filters: filtersOf(query),
    limit: limitOf(query, unlessLimit),
    ...(after === undefined ? {} : { after }),
  };
};

/** The name behind which a list goes on that is in the order of names. */
export const nameAfter = (query: Query): string => {
  const text = textOf(query, 'cursor', 214);
  if (text === undefined) return '';
  if (!/^[A-Za-z0-9._-]+$/.test(text)) throw wrong('cursor', 'must be the "nextCursor" of the page before');
  return text;
};
