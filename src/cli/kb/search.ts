// attestry kb search: finds documents by their words.
import { acting } from '../command.ts';
import { table } from '../table.ts';
import { type BeliefOptions, openBases, versionJson, versionLines } from './believe.ts';
import { ENTRY_COLUMNS, entryRow } from './entry-rows.ts';
import { referenceNamed } from './names.ts';

interface SearchOptions extends BeliefOptions {
  readonly limit: number;
  readonly after?: string;
  readonly documents?: boolean;
}

export const search = acting<SearchOptions>(async (settings, options, name = '', ...words) => {
  const reference = referenceNamed(name);
  const knowledge = await openBases(settings, options);
  const of = await knowledge.version(reference);
  const { limit, after, documents } = options;
  const found = await knowledge.search(of, { query: words.join(' '), limit, after, documents });
  const rows = found.hits.map(({ path, score, entry }) => ({ score, ...entryRow(path, entry) }));
  const more = found.next === undefined ? [] : [`There is more: --after ${JSON.stringify(found.next)}`];
  const hits = rows.length === 0 ? ['No hit.'] : table(['score', ...ENTRY_COLUMNS], rows);
  return {
    lines: [...versionLines(of, found.checked), ...hits, ...more],
    json: { ...versionJson(of, found.checked), hits: rows, next: found.next ?? null },
  };
});
