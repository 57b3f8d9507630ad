// Packs by the words they are found by, the best first, with counts of all that were found.
import type { Queryable } from '../../database/connect.ts';
import type { PackKind } from '../../protocol/manifest/kind.ts';
import type { Filters, FoundPlace, Match, Question } from './question.ts';

export interface FoundPack {
  readonly name: string;
  readonly version: string;
  readonly kind: PackKind;
  readonly connector: boolean;
  readonly description: string;
  readonly license: string;
  readonly keywords: readonly string[];
  readonly type_ids: number;
  readonly agents: number;
  readonly yanked: boolean;
  readonly deprecated: boolean;
  readonly score: number;
}

export interface Facets {
  readonly kinds: Readonly<Record<string, number>>;
  readonly connectors: number;
  readonly total: number;
}

export interface FoundPage extends Facets {
  /** One more than was asked for, where there is one. */
  readonly packs: readonly FoundPack[];
}

/** More words than these are none that anybody looks for. */
const MAX_WORDS = 8;
const [MOST_ALIKE, MOST_REORDERED] = [6, 4];
/** No score is higher. */
const BEFORE_ALL = { score: 2_000_000_000, name: '' };

/** Each word stands for itself and all that begin with it. */
const asAsked = (db: Queryable, q: string) => db`
  select quoted_term(word) || ':*' as meant from unnest(words_of(${q}, ${MAX_WORDS})) as word`;

/** Each word stands also for those that are spelt like it, or with its letters in another order. */
const asMeant = (db: Queryable, q: string) => db`
  select meant.terms as meant from unnest(words_of(${q}, ${MAX_WORDS})) as asked (word)
  cross join lateral (
    select '(' || quoted_term(asked.word) || ':*' || coalesce(string_agg(' | ' || quoted_term(alike.word), ''), '') || ')'
      as terms
    from (
      (select word from pack_words where word % asked.word
        order by similarity(word, asked.word) desc, word limit ${MOST_ALIKE})
      union
      (select word from pack_words where letters = letters_of(asked.word) order by word limit ${MOST_REORDERED})
    ) as alike
  ) as meant`;

const termsOf = ({ kind, namespace, keyword, typeId }: Filters): readonly (readonly [string, string])[] =>
  [
    ['kind', kind],
    ['space', namespace],
    ['word', keyword],
    ['id', typeId],
  ].filter((term): term is [string, string] => term[1] !== undefined);

const filtered = (db: Queryable, filters: Filters) => {
  const terms = termsOf(filters);
  if (terms.length === 0) return db``;
  return db`and found @@ (
    select string_agg(exactly(family, term)::text, ' & ')::tsquery
    from unnest(${terms.map(([family]) => family)}::text[], ${terms.map(([, term]) => term)}::text[])
      as each (family, term))`;
};

/** What is called so stands first, then what gives such an id, then what begins so. */
const scored = (db: Queryable, q: string) => db`
  (case when lower(name) = lower(${q}) then 40000000 when found @@ exactly('id', ${q}) then 20000000
      when starts_with(lower(name), lower(${q})) then 10000000 else 0 end
    + 1000000 * ts_rank('{0.1, 0.3, 0.5, 1}', found, any_of))::integer`;

const byWords = (db: Queryable, { tree, q, filters }: Question, match: Match) => db`
  asked as materialized (
    select string_agg(meant, ' & ')::tsquery as all_of, string_agg(meant, ' | ')::tsquery as any_of
    from (${match === 'words' ? asAsked(db, q) : asMeant(db, q)}) as each
  ), matched as materialized (
    select name, kind, connector, ${scored(db, q)} as score
    from asked cross join pack_search where tree = ${tree} and found @@ all_of ${filtered(db, filters)}
  )`;

const byName = (db: Queryable, { tree, filters }: Question) => db`
  matched as not materialized (
    select name, kind, connector, 0 as score from pack_search where tree = ${tree} ${filtered(db, filters)}
  )`;

/** By name alone where nothing else tells packs apart, so that the index of names gives the page. */
const pageOf = (db: Queryable, { q, limit }: Question, after: Pick<FoundPlace, 'score' | 'name'>) =>
  q === ''
    ? db`select name, score from matched where name > ${after.name} order by name limit ${limit + 1}`
    : db`
      select name, score from matched
      where score < ${after.score} or (score = ${after.score} and name > ${after.name})
      order by score desc, name limit ${limit + 1}`;

type PageRow = Facets & { readonly [key in keyof FoundPack]: FoundPack[key] | null };

const CLIPPED = 1_000;
const MOST_KEYWORDS = 100;

export const findPacks = async (db: Queryable, question: Question, match: Match): Promise<FoundPage> => {
  const { tree, q, after = BEFORE_ALL } = question;
  const rows = await db<PageRow[]>`
    with ${q === '' ? byName(db, question) : byWords(db, question, match)},
    page as (${pageOf(db, question, after)}),
    facets as (
      select coalesce(jsonb_object_agg(kind, many), '{}') as kinds, coalesce(sum(connectors), 0)::bigint as connectors,
        coalesce(sum(many), 0)::bigint as total
      from (select kind, count(*) as many, count(*) filter (where connector) as connectors from matched group by kind)
        as of_kind
    )
    select facets.*, packs.* from facets left join (
      select page.name, page.score, latest.version, latest.yanked, latest.deprecated,
        coalesce(facts ->> 'kind', 'node') as kind, is_connector(facts) as connector,
        left(coalesce(facts ->> 'description', ''), ${CLIPPED}) as description,
        coalesce(facts ->> 'license', '') as license, texts_of(facts -> 'keywords', ${MOST_KEYWORDS}) as keywords,
        coalesce(jsonb_array_length(facts -> 'typeIds'), 0) as type_ids,
        coalesce(jsonb_array_length(facts -> 'agentIds'), 0) as agents
      from page join pack_latest as latest on latest.tree = ${tree} and latest.name = page.name
        join versions using (name_key, version)
    ) as packs on true
    order by packs.score desc, packs.name`;
  const packs = rows.filter((row): row is Facets & FoundPack => row.name !== null);
  const [{ kinds = {}, connectors = 0, total = 0 } = {}] = rows;
  return { packs, kinds, connectors, total };
};
