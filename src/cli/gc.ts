// attestry gc: says by name what belongs to nothing, and removes it when it is told to.
import type { Command } from 'commander';
import { example } from './command.ts';
import { durationOption } from './duration.ts';
import { operating, progressLine } from './operating.ts';
import { printLines } from './terminal.ts';

interface GcOptions {
  readonly delete?: boolean;
  /** Milliseconds. */
  readonly grace: number;
}

const YEARS_MS = 100 * 365 * 86_400_000;
const GRACE = { least: 0, most: YEARS_MS, usual: '24h', examples: '90m, 24h or 7d' } as const;

interface Swept {
  readonly kind: string;
  readonly name: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
  readonly fate: string;
}

const lineOf = ({ kind, name, bytes, modifiedAt, fate }: Swept): string =>
  `${name}  ${kind}, ${bytes} bytes, ${modifiedAt.toISOString()}${fate === 'found' ? '' : `: ${fate}`}`;

/** Sums instead of a list, however much there is; machines get the list in their one document. */
const collector = (json: boolean) => {
  const listed: Swept[] = [];
  const sums = { found: 0, removed: 0, bytes: 0 };
  const tell = (swept: Swept): void => {
    sums.found += 1;
    if (swept.fate === 'removed') sums.removed += 1;
    if (swept.fate === 'removed' || swept.fate === 'found') sums.bytes += swept.bytes;
    if (json) listed.push(swept);
    else printLines([lineOf(swept)]);
  };
  return { tell, sums, listed };
};

const summary = (
  remove: boolean,
  { found, removed, bytes }: ReturnType<typeof collector>['sums'],
): string => {
  if (found === 0) return 'There is no garbage.';
  if (remove) return `Removed ${removed} of ${found}, ${bytes} bytes.`;
  return `${found} to remove, ${bytes} bytes. Nothing was removed; "attestry gc --delete" does it.`;
};

const collect = operating<GcOptions>(async ({ delete: remove = false, grace: graceMs }, json) => {
  const { openUpkeep } = await import('../main.ts');
  const { tell, sums, listed } = collector(json);
  await openUpkeep(progressLine()).gc({ remove, graceMs }, tell);
  return {
    ok: true,
    lines: [summary(remove, sums)],
    json: { ok: true, deleted: remove, ...sums, garbage: listed },
  };
});

export const addGc = (program: Command): void => {
  example(
    program
      .command('gc')
      .description(
        'list what belongs to nothing: blobs no version names, uploads left behind, replaced tiles',
      )
      .helpGroup('Operators:')
      .option('--delete', 'remove it; safe while the registry runs')
      .addOption(durationOption('--grace <time>', 'leave what is younger', GRACE)),
    'attestry gc --grace 48h --delete',
  ).action(collect);
};
