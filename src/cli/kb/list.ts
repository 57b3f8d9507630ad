// attestry kb list: which bases there are, or all that stands in one of them.
import type { Knowledge } from '../../client/knowledge/knowledge.ts';
import type { ListedPath } from '../../client/knowledge/list.ts';
import type { BelievedVersion } from '../../client/knowledge/version.ts';
import { acting } from '../command.ts';
import { table } from '../table.ts';
import { listBases } from './bases.ts';
import { type BeliefOptions, openBases, versionJson, versionLines } from './believe.ts';
import { ENTRY_COLUMNS, entryRow } from './entry-rows.ts';
import { referenceNamed } from './names.ts';
import { knowledgeRegistry } from './registry.ts';

interface ListOptions extends BeliefOptions {
  readonly prefix?: string;
  readonly after?: string;
  readonly limit: number;
  readonly all?: boolean;
}

const pagesOf = async (
  knowledge: Knowledge,
  of: BelievedVersion,
  { prefix, after, limit, all }: ListOptions,
) => {
  const entries: ListedPath[] = [];
  let page = await knowledge.list(of, { prefix, after, limit });
  entries.push(...page.entries);
  while (all === true && page.next !== undefined) {
    page = await knowledge.list(of, { prefix, after: page.next, limit });
    entries.push(...page.entries);
  }
  return { entries, next: page.next, checked: page.checked };
};

/** Without a base: which bases there are. */
export const list = acting<ListOptions>(async (settings, options, name?: string) => {
  if (name === undefined) return listBases(knowledgeRegistry(settings, options));
  const reference = referenceNamed(name);
  const knowledge = await openBases(settings, options);
  const of = await knowledge.version(reference);
  const { entries, next, checked } = await pagesOf(knowledge, of, options);
  const rows = entries.map(({ path, entry }) => entryRow(path, entry));
  const more = next === undefined ? [] : [`There is more: --after ${next}, or --all`];
  return {
    lines: [...versionLines(of, checked), ...table(ENTRY_COLUMNS, rows), ...more],
    json: { ...versionJson(of, checked), entries: rows, next: next ?? null },
  };
});
