// Compares the lists over all packs with what a log records of them: the index of each tree, and what is withdrawn.
import type { JsonObject, JsonValue } from '../../../keys/canonical.ts';
import type { Tree } from '../../protocol/faults.ts';
import { at, listOf, textOf } from '../../protocol/manifest/read.ts';
import { isPrivateNamespace } from '../../protocol/pack-id.ts';
import { isYanked } from '../resolve.ts';
import { type PackChecks, subjectOf } from './compare-packs.ts';
import type { ServedLists } from './lists.ts';
import type { LoggedVersion } from './version-table.ts';

/** What the index of one tree has to say of a pack: whether it stands there, and whether all of it is yanked. */
const checkRow = (the: PackChecks, tree: Tree, name: string, row: JsonValue | undefined): void => {
  const versions = the.facts.versions.versionsOf(name).filter((each) => each.tree === tree);
  const position = versions[0]?.position;
  const expected = versions.every((each) => each.yanked);
  const found = isYanked(at(row, 'yanked'));
  const report = (code: 'pack_unlogged' | 'pack_missing' | 'pack_standing', evidence: object = {}) =>
    the.report(code, `pack:${name}`, { tree, ...evidence }, position);
  if (position === undefined && row !== undefined) report('pack_unlogged');
  if (position !== undefined && row === undefined) report('pack_missing');
  if (position !== undefined && row !== undefined && expected !== found)
    report('pack_standing', { expected, found });
};

const checkIndex = (the: PackChecks, tree: Tree, index: JsonObject): readonly string[] => {
  const rows = new Map(listOf(index['packs']).map((row) => [textOf(at(row, 'name')) ?? '', row]));
  for (const name of new Set([...the.facts.versions.names(), ...rows.keys()]))
    checkRow(the, tree, name, rows.get(name));
  return [...rows.keys()];
};

/** Checks the index of each tree; gives the names that the log does not know. */
export const checkIndexes = (the: PackChecks, { indexes }: ServedLists): readonly string[] => {
  const known = new Set(the.facts.versions.names());
  const listed = indexes.flatMap(([tree, index]) => checkIndex(the, tree, index));
  return listed.filter((name) => !known.has(name) && !isPrivateNamespace(name));
};

/** Every version that is yanked in the log stands in the registrar's list, and nothing else does. */
export const checkWithdrawals = ({ registry, facts, report }: PackChecks): void => {
  const withdrawn = registry.trust?.withdrawn;
  if (withdrawn === undefined) return;
  const yanked = new Map<string, LoggedVersion>();
  for (const name of facts.versions.names())
    for (const each of facts.versions.versionsOf(name)) if (each.yanked) yanked.set(each.sha256, each);
  for (const each of yanked.values())
    if (!withdrawn.has(each.sha256))
      report('withdrawal_missing', subjectOf(each), { sha256: each.sha256 }, each.position);
  // A digest tells nothing of private packs: where the log has sealed entries, it may be one of theirs.
  if (facts.kinds.has('sealed')) return;
  for (const [sha256, kind] of withdrawn)
    if (!yanked.has(sha256)) report('withdrawal_unlogged', `sha256:${sha256}`, { kind });
};
