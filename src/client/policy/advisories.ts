// What a list of advisories says of one version; whatever cannot be read counts as the worst. Pure.
import type { JsonObject, JsonValue } from '../../../keys/canonical.ts';
import { at, listOf, textOf } from '../../protocol/manifest/read.ts';
import { nameKey } from '../../protocol/pack-id.ts';
import { parseAffected } from '../../protocol/semver-range.ts';
import { type Advice, type AdvisoryList, type Finding, type PackFacts, refuse, warn } from './facts.ts';
import { type AdvisoryRule, type Policy, SEVERITIES, type Severity } from './policy.ts';

const MAX_ADVISORIES = 20_000;
const MAX_ROWS = 50_000;
/** Each is compared with every version of the pack that might be chosen. */
const MAX_ROWS_OF_ONE = 1_000;

/** A word that is none of the four may be a worse one. */
const severityOf = (value: JsonValue | undefined): Severity =>
  SEVERITIES.find((each) => each === value) ?? 'critical';

/** A range that nobody can read names all versions. */
const adviceOf = (advisory: JsonValue, row: JsonValue): Advice => ({
  id: (textOf(at(advisory, 'id')) ?? 'an advisory without id').slice(0, 100),
  severity: severityOf(at(advisory, 'severity')),
  summary: (textOf(at(advisory, 'summary')) ?? '').slice(0, 300),
  admits: parseAffected(textOf(at(row, 'versions')) ?? '-')?.admits ?? (() => true),
  fixedIn: textOf(at(row, 'fixedIn'))?.slice(0, 64),
});

const missing = (why: string): AdvisoryList => ({ had: false, why });

/** Reads `/security/advisories.json`. */
export const advisoriesIn = (feed: JsonObject): AdvisoryList => {
  const { advisories } = feed;
  if (!Array.isArray(advisories)) return missing('its list of advisories cannot be read');
  const rows = advisories.flatMap((advisory: JsonValue) =>
    listOf(at(advisory, 'affected')).map((row) => [advisory, row] as const),
  );
  if (advisories.length > MAX_ADVISORIES || rows.length > MAX_ROWS)
    return missing('its list of advisories is longer than any that is read');
  const byName = new Map<string, Advice[]>();
  for (const [advisory, row] of rows) {
    const key = nameKey(textOf(at(row, 'packName')) ?? '');
    const before = byName.get(key) ?? [];
    if (before.length === MAX_ROWS_OF_ONE) return missing('its list names one pack more often than is read');
    before.push(adviceOf(advisory, row));
    byName.set(key, before);
  }
  return { had: true, byName };
};

const cureOf = ({ fixedIn }: Advice): string =>
  fixedIn === undefined ? 'Take a version that it does not name.' : `Take ${fixedIn} or later.`;

const isAtLeast = (severity: Severity, least: Severity): boolean =>
  SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least);

const onOne = (rule: AdvisoryRule, advice: Advice, facts: PackFacts): readonly Finding[] => {
  const { id, severity, summary } = advice;
  const said = `advisory ${id} (${severity}) names it: ${summary}`;
  const effect = isAtLeast(severity, rule.refuse) ? refuse : warn;
  return [effect('/advisories/refuse', said, cureOf(advice)), ...unlogged(advice, rule, facts)];
};

const DISAGREE = 'the registrar’s signed list does not withdraw it: the feed and the log disagree';
const WITHHELD = 'it is withdrawn, and no advisory names it: whether one is held back cannot be told';
const UNSIGNED = 'the list of advisories is the word of its registry alone: no log stands behind it';

/** Where a log is kept, an advisory withdraws what it names, and the registrar signs that: one that does not is not logged. */
const unlogged = ({ id }: Advice, { required }: AdvisoryRule, { proven }: PackFacts): readonly Finding[] => {
  if (proven?.withdrawn !== false) return [];
  const message = `advisory ${id} names it, and ${DISAGREE}`;
  return [
    required
      ? refuse('/advisories/required', message, 'Ask again in a moment.')
      : warn('/advisories', message),
  ];
};

/** What the list cannot show of itself. */
const limits = (naming: readonly Finding[], { proven }: PackFacts): readonly Finding[] => {
  if (proven === undefined || naming.length > 0) return [];
  if (proven.withdrawn === undefined) return [warn('/advisories', UNSIGNED)];
  return proven.withdrawn ? [warn('/advisories', WITHHELD)] : [];
};

const unavailable = (rule: AdvisoryRule, why: string): Finding =>
  rule.required
    ? refuse('/advisories/required', `advisories are required, and ${why}`, 'Ask again when they can be had.')
    : warn('/advisories', `advisories were not looked at: ${why}`);

/** Every advisory in the list that names the version; below the severity that is refused they warn. */
export const advisoryFindings = (
  { advisories: rule }: Policy,
  facts: PackFacts,
  list: AdvisoryList | undefined,
): readonly Finding[] => {
  if (rule === undefined) return [];
  if (list === undefined)
    return facts.proven === undefined ? [] : [unavailable(rule, 'nobody asked the registry for its list')];
  if (!list.had) return [unavailable(rule, list.why)];
  const all = list.byName.get(nameKey(facts.name)) ?? [];
  const naming = all.filter((each) => each.admits(facts.version)).flatMap((each) => onOne(rule, each, facts));
  return [...naming, ...limits(naming, facts)];
};
