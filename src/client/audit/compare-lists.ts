// Compares the lists over all packs with what a log records of them: the index of each tree, and what is withdrawn.
import type { JsonObject, JsonValue } from '../../../keys/canonical.ts';
import type { Tree } from '../../protocol/faults.ts';
import { at, listOf, textOf } from '../../protocol/manifest/read.ts';
import { isPrivateNamespace } from '../../protocol/pack-id.ts';
import { UNPUBLISHED } from '../lifecycle.ts';
import { isYanked } from '../resolve.ts';
import type { PackChecks } from './compare-packs.ts';
import { isDeprecated, subjectOf } from './compare-standing.ts';
import type { AuditCode } from './findings.ts';
import type { ServedLists } from './lists.ts';
import type { LoggedVersion } from './version-table.ts';

/** What the index of one tree has to say of a pack: whether it stands there, and how all of it stands. */
const checkRow = (the: PackChecks, tree: Tree, name: string, row: JsonValue | undefined): void => {
  const logged = the.facts.versions.versionsOf(name).filter((each) => each.tree === tree);
  const there = logged.filter((each) => !each.unpublished);
  const report = (code: AuditCode, evidence: object = {}) =>
    the.report(code, `pack:${name}`, { tree, ...evidence }, (there[0] ?? logged[0])?.position);
  if (there.length === 0) {
    if (row !== undefined) report(logged.length === 0 ? 'pack_unlogged' : 'unpublished_served');
    return;
  }
  if (row === undefined) {
    report('pack_missing');
    return;
  }
  const expected = {
    yanked: there.every((each) => each.yanked),
    old: there.every((each) => each.deprecated),
  };
  const found = { yanked: isYanked(at(row, 'yanked')), old: isDeprecated(row) };
  if (expected.yanked !== found.yanked)
    report('pack_standing', { expected: expected.yanked, found: found.yanked });
  if (expected.old !== found.old) report('pack_deprecation', { expected: expected.old, found: found.old });
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

/** Every version that is yanked or unpublished in the log stands in the registrar's list, and nothing else does. */
export const checkWithdrawals = ({ registry, facts, report }: PackChecks): void => {
  const withdrawn = registry.trust?.withdrawn;
  if (withdrawn === undefined) return;
  const expected = new Map<string, LoggedVersion>();
  for (const name of facts.versions.names())
    for (const each of facts.versions.versionsOf(name))
      if (each.yanked || each.unpublished) expected.set(each.sha256, each);
  for (const each of expected.values()) {
    const { sha256, position } = each;
    const kind = withdrawn.get(sha256);
    if (kind === undefined) report('withdrawal_missing', subjectOf(each), { sha256 }, position);
    else if ((kind === UNPUBLISHED) !== each.unpublished)
      report('withdrawal_kind', subjectOf(each), { sha256, kind }, position);
  }
  // A digest tells nothing of private packs: where the log has sealed entries, it may be one of theirs.
  if (facts.kinds.has('sealed')) return;
  for (const [sha256, kind] of withdrawn)
    if (!expected.has(sha256)) report('withdrawal_unlogged', `sha256:${sha256}`, { kind });
};
