// Compares the advisories that a registry serves with what its log records of them, and with the versions they name.
import { canonicalText, type JsonObject } from '../../../keys/canonical.ts';
import { at, listOf, objectOf, textOf } from '../../protocol/manifest/read.ts';
import { nameKey } from '../../protocol/pack-id.ts';
import { parseAffected } from '../../protocol/semver-range.ts';
import type { LoggedAdvisory } from './advisory-table.ts';
import type { PackChecks } from './compare-packs.ts';
import { subjectOf } from './compare-standing.ts';
import type { ServedLists } from './lists.ts';

const about = (id: string): string => `advisory:${id}`;

/** Those in force stand in the feed as they were logged, and nothing else does. */
const checkFeed = ({ facts, report }: PackChecks, feed: readonly JsonObject[]): void => {
  const served = new Map(feed.map((each) => [textOf(each['id']) ?? '', each]));
  for (const [id, { position, advisory }] of facts.advisories) {
    const found = served.get(id);
    if (advisory === undefined) continue;
    if (found === undefined) report('advisory_missing', about(id), {}, position);
    else if (canonicalText(found) !== canonicalText(advisory))
      report('advisory_mismatch', about(id), { expected: advisory, found }, position);
  }
  for (const [id, found] of served)
    if (facts.advisories.get(id)?.advisory === undefined)
      report('advisory_unlogged', about(id.slice(0, 200)), { found });
};

const spellings = ({ facts }: PackChecks): ReadonlyMap<string, readonly string[]> => {
  const names = new Map<string, string[]>();
  for (const name of facts.versions.names())
    names.set(nameKey(name), [...(names.get(nameKey(name)) ?? []), name]);
  return names;
};

/** What an advisory in force names is yanked (registry-operations.md, security advisories). */
const checkEnforced = (
  { facts, report }: PackChecks,
  names: ReadonlyMap<string, readonly string[]>,
  [id, { position, advisory }]: readonly [string, LoggedAdvisory],
): void => {
  for (const row of listOf(advisory?.['affected'])) {
    const range = parseAffected(textOf(at(row, 'versions')) ?? '-');
    for (const name of names.get(nameKey(textOf(at(row, 'packName')) ?? '')) ?? [])
      for (const each of facts.versions.versionsOf(name))
        if (!each.yanked && !each.unpublished && range?.admits(each.version) === true)
          report('advisory_unenforced', subjectOf(each), { advisory: id }, position);
  }
};

/** A registry that neither logs advisories nor names a feed has none. */
export const checkAdvisories = (the: PackChecks, { advisories }: ServedLists): void => {
  const rows = listOf(advisories?.['advisories']).flatMap((row): readonly JsonObject[] => {
    const advisory = objectOf(row);
    return advisory === undefined ? [] : [advisory];
  });
  checkFeed(the, rows);
  if (the.facts.advisories.size === 0) return;
  const names = spellings(the);
  for (const entry of the.facts.advisories) checkEnforced(the, names, entry);
};
