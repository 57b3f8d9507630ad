// attestry kb diff: what differs between two versions, and that this is all of it.
import { fromUtf8 } from '../../../keys/bytes.ts';
import type { DocumentDifference } from '../../client/knowledge/diff.ts';
import type { Knowledge } from '../../client/knowledge/knowledge.ts';
import type { BelievedVersion } from '../../client/knowledge/version.ts';
import type { Entry } from '../../protocol/knowledge/entry.ts';
import { acting } from '../command.ts';
import { UsageError } from '../failure.ts';
import { shownDiff } from '../shown-diff.ts';
import { type BeliefOptions, openBases, versionJson, versionLines } from './believe.ts';
import { entryRow } from './entry-rows.ts';
import { referenceNamed, versionNamed } from './names.ts';

interface DiffOptions extends BeliefOptions {
  readonly limit: number;
  readonly after?: string;
  readonly text?: boolean;
}

const signOf = ({ before, after }: DocumentDifference): string =>
  before === null ? '+' : after === null ? '-' : '~';

const textAt = async (
  knowledge: Knowledge,
  of: BelievedVersion,
  { path }: DocumentDifference,
  entry: Entry | null,
): Promise<string | undefined> => {
  if (entry === null) return '';
  const got = await knowledge.get(of, path);
  const text = got.found ? fromUtf8(got.bytes) : undefined;
  return text?.includes('\0') === true ? undefined : text;
};

const textLines = async (
  knowledge: Knowledge,
  from: BelievedVersion,
  to: BelievedVersion,
  difference: DocumentDifference,
): Promise<readonly string[]> => {
  const before = await textAt(knowledge, from, difference, difference.before);
  const after = await textAt(knowledge, to, difference, difference.after);
  if (before === undefined || after === undefined) return ['    (no text)'];
  return shownDiff(before, after, '    ');
};

/** `kb:…@<version>` and, of the same base, another version or `current`. */
export const diff = acting<DiffOptions>(async (settings, options, name = '', other = 'current') => {
  const reference = referenceNamed(name);
  if (reference.selector === 'current' && other === 'current')
    throw new UsageError(
      `Name the older version: ${reference.base}@<version>; "attestry kb versions ${reference.base}" lists them.`,
    );
  const selector =
    other === 'current' ? other : referenceNamed(`${reference.base}@${versionNamed(other)}`).selector;
  const knowledge = await openBases(settings, options);
  const [from, to] = [
    await knowledge.version(reference),
    await knowledge.version({ base: reference.base, selector }),
  ];
  const { limit, after, text } = options;
  const page = await knowledge.diff(from, to, { limit, after });
  const lines: string[] = [];
  for (const difference of page.differences) {
    lines.push(`${signOf(difference)} ${difference.path}`);
    if (text === true) lines.push(...(await textLines(knowledge, from, to, difference)));
  }
  const more = page.next === undefined ? [] : [`There is more: --after ${page.next}`];
  return {
    lines: [
      ...versionLines(from),
      ...versionLines(to),
      ...(lines.length === 0 ? ['No difference.'] : lines),
      ...more,
    ],
    json: {
      from: versionJson(from),
      to: versionJson(to),
      differences: page.differences.map(({ path, before, after: now }) => ({
        path,
        before: before && entryRow(path, before),
        after: now && entryRow(path, now),
      })),
      next: page.next ?? null,
      checked: page.checked,
    },
  };
});
