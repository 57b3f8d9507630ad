// attestry fsck: checks all that the registry keeps against all the rest of it, and says what to do about what is wrong.
import { openUpkeep } from '../main.ts';
import { counted } from './count.ts';
import { type Outcome, operating, progressLine } from './operating.ts';

interface FsckOptions {
  readonly repair?: boolean;
  readonly sample?: number;
}

type Upkeep = Awaited<ReturnType<typeof openUpkeep>>;
type Found = Awaited<ReturnType<Upkeep['fsck']>>;
type Finding = Found['findings'][number];

const planLine = ({ plan }: Finding): string => {
  if (plan.kind === 'repairable') return `    attestry fsck --repair: ${plan.how}`;
  return plan.kind === 'restore' ? `    restore from a backup: ${plan.what}` : `    ${plan.how}`;
};

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const evidence = ({ expected, found }: Finding): readonly string[] => [
  ...(expected === undefined ? [] : [`    expected: ${textOf(expected)}`]),
  ...(found === undefined ? [] : [`    found: ${textOf(found)}`]),
];

const linesOf = (finding: Finding): readonly string[] => [
  `${finding.severity === 'damage' ? '✗' : '–'} ${finding.about}: ${finding.sentence} (${finding.code})`,
  ...evidence(finding),
  planLine(finding),
];

/** Of one kind there may be more than are listed. */
const unlisted = ({ findings, counts }: Found): readonly string[] =>
  Object.entries(counts).flatMap(([code, count]) => {
    const shown = findings.filter((finding) => finding.code === code).length;
    return count > shown ? [`  … and ${count - shown} more of ${code}`] : [];
  });

const summary = ({ whole, size, findings }: Found): string => {
  const damaged = findings.filter(({ severity }) => severity === 'damage').length;
  return whole
    ? `The registry is whole; its log has ${counted(size, 'entry', 'entries')}.`
    : `The registry is damaged: ${counted(damaged, 'finding')}.`;
};

const outcomeOf = (found: Found): Outcome => ({
  ok: found.whole,
  json: { ok: found.whole, ...found },
  lines: [
    ...found.repaired.map((line) => `✓ ${line}`),
    ...found.findings.flatMap(linesOf),
    ...unlisted(found),
    summary(found),
  ],
});

export const check = operating<FsckOptions>(async ({ repair, sample }) => {
  const { fsck } = await openUpkeep(progressLine());
  return outcomeOf(await fsck({ repair: repair === true, sample: sample ?? 'all' }));
});
