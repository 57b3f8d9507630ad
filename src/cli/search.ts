// attestry search: finds packs by words, kinds, namespaces and ids, in both trees unless one is named.
import type { JsonObject } from '../../keys/canonical.ts';
import type { Tree } from '../protocol/faults.ts';
import { PACK_KINDS } from '../protocol/manifest/kind.ts';
import { textOf } from '../protocol/manifest/read.ts';
import { type Registry, registryOf } from './ask.ts';
import { acting } from './command.ts';
import { RegistryFault, StandingError, UsageError } from './failure.ts';
import { rowsAt, table } from './table.ts';

interface SearchOptions {
  readonly kind?: string;
  readonly namespace?: string;
  readonly typeId?: string;
  readonly limit: number;
  readonly tree?: Tree;
}

interface Found {
  readonly rows: readonly JsonObject[];
  readonly total: number;
  /** Nothing had the words, and these are spelt alike. */
  readonly isNear: boolean;
}

/** A connector is a node pack that says which service it connects. */
const KINDS: readonly string[] = [...PACK_KINDS, 'connector'];

const requireKind = ({ kind }: SearchOptions): void => {
  if (kind === undefined || KINDS.includes(kind)) return;
  throw new UsageError(`--kind is one of ${KINDS.join(', ')}.`);
};

const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);

const addressOf = (tree: Tree, words: readonly string[], options: SearchOptions): string => {
  const { kind, namespace, typeId, limit } = options;
  const asked = { q: words.join(' '), kind, namespace, typeId, limit: String(limit) };
  const query = Object.entries(asked).filter((each): each is [string, string] => each[1] !== undefined);
  return `/${tree}/packs/-/search?${new URLSearchParams(query)}`;
};

/** Plain files answer nothing that a registry would say. */
const asUnsearchable = (error: unknown): never => {
  if (!(error instanceof RegistryFault) || error.status !== 404) throw error;
  throw new StandingError(
    'search_not_offered',
    'What answers there offers no search, as files that a web server serves do not: name the pack and install it, or search with --url the registry that they were exported from.',
  );
};

const searchIn = async (registry: Registry, tree: Tree, address: string): Promise<Found> => {
  const { body } = await registry.ask('GET', address).catch(asUnsearchable);
  const rows = rowsAt(body, 'results').map((row) => ({ tree, ...row }));
  return { rows, total: numberOf(body['total']), isNear: body['match'] === 'near' };
};

/** What has the words comes before what is only spelt like them. */
const together = (each: readonly Found[], limit: number): Found => {
  const exact = each.filter(({ isNear, total }) => !isNear && total > 0);
  const counted = exact.length > 0 ? exact : each;
  return {
    rows: counted
      .flatMap(({ rows }) => rows)
      .sort((a, b) => numberOf(b['score']) - numberOf(a['score']))
      .slice(0, limit),
    total: counted.reduce((sum, { total }) => sum + total, 0),
    isNear: exact.length === 0 && each.some(({ isNear }) => isNear),
  };
};

const MAX_DESCRIPTION = 60;

const shortened = (row: JsonObject): JsonObject => {
  const text = textOf(row['description']) ?? '';
  const isLong = text.length > MAX_DESCRIPTION;
  return { ...row, description: isLong ? `${text.slice(0, MAX_DESCRIPTION - 1)}…` : text };
};

const linesOf = ({ rows, total, isNear }: Found): readonly string[] => {
  if (rows.length === 0) return ['No pack is found: try fewer words, or none of the options.'];
  return [
    ...(isNear ? ['No pack has these words; these are spelt alike.'] : []),
    ...table(['name', 'version', 'kind', 'tree', 'description'], rows.map(shortened)),
    ...(total > rows.length ? [`${total} packs are found; --limit shows more of them.`] : []),
  ];
};

export const search = acting<SearchOptions>(async (settings, options, ...words) => {
  requireKind(options);
  const registry = registryOf(settings);
  const trees: readonly Tree[] = options.tree === undefined ? ['v1', 'v2'] : [options.tree];
  const each = await Promise.all(
    trees.map((tree) => searchIn(registry, tree, addressOf(tree, words, options))),
  );
  const found = together(each, options.limit);
  const { rows: results, total, isNear } = found;
  return { lines: linesOf(found), json: { ok: true, match: isNear ? 'near' : 'words', results, total } };
});
