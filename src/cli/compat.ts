// attestry compat: tells before anything is installed whether packs run on a host, and all that is in the way.
import {
  type CompatFinding,
  type CompatReport,
  type CompatUnknown,
  checkCompat,
} from '../protocol/compat/check.ts';
import { gatherPacks, TooManyPacks, type Wish } from '../protocol/compat/gather.ts';
import { readWish } from '../protocol/compat/wish.ts';
import type { Tree } from '../protocol/faults.ts';
import { acting, type Settings } from './command.ts';
import { hostOf } from './compat-host.ts';
import { askRegistry, installedIn } from './compat-packs.ts';
import { counted } from './count.ts';
import { StandingError, UsageError } from './failure.ts';
import { printProgress } from './terminal.ts';

interface CompatOptions {
  readonly host: string;
  readonly registry?: string;
  readonly tree?: Tree;
  readonly grants?: readonly string[];
  readonly dir?: string;
}

const wishOf = (text: string): Wish => {
  const read = readWish(text);
  if (read.ok) return read.wish;
  throw new UsageError(read.says);
};

const because = (error: unknown): never => {
  if (error instanceof TooManyPacks) throw new StandingError('too_many_packs', error.message);
  throw error;
};

const check = async (
  settings: Settings,
  options: CompatOptions,
  wishes: readonly Wish[],
): Promise<CompatReport> => {
  const today = new Date().toISOString().slice(0, 10);
  const registry = options.registry ?? settings.url;
  printProgress(`Asking ${options.host}`);
  const host = await hostOf(settings, { host: options.host, grants: options.grants, today });
  const installed = await installedIn(options.dir);
  printProgress(`Asking ${registry}`);
  const ask = await askRegistry(settings, registry, options.tree);
  const found = await gatherPacks(ask, wishes).catch(because);
  return checkCompat({ ...found, installed, unknown: [], offers: new Map() }, host);
};

const bringing = ({ broughtBy }: { readonly broughtBy: readonly string[] }): string =>
  broughtBy.length === 0 ? '' : `, brought in by ${broughtBy.slice(0, 5).join(', ')}`;

const findingLines = (mark: string, list: readonly CompatFinding[]): readonly string[] =>
  list.flatMap((finding) => [
    `  ${mark} ${finding.pack} needs ${finding.needs}; the host ${finding.host}`,
    `    ${finding.code} (${finding.status}) at ${finding.where || '/'}${bringing(finding)}`,
  ]);

const unknownLine = ({ pack, needs, why }: CompatUnknown): string =>
  `  ? ${pack === '' ? 'the document' : pack}: ${needs}: ${why}`;

const section = (title: string, lines: readonly string[], left: number): readonly string[] => [
  ...(lines.length === 0 ? [] : [title, ...lines]),
  ...(left === 0 ? [] : [`  and ${left} more`]),
];

const verdict = ({ compatible, packs, host, unmet, left }: CompatReport): string => {
  const spoken = `a host that speaks ${host.versions.join(', ')} (${host.document} document)`;
  if (compatible) return `Compatible: ${counted(packs.length, 'pack')} for ${spoken}`;
  return `Not compatible: ${counted(unmet.length + left.unmet, 'need')} not met by ${spoken}`;
};

const linesOf = (report: CompatReport): readonly string[] => [
  verdict(report),
  ...section('Not met:', findingLines('✗', report.unmet), report.left.unmet),
  ...section('Without effect on this host:', findingLines('–', report.degraded), report.left.degraded),
  ...section(
    'Not checked, since the document does not say:',
    report.notChecked.map(unknownLine),
    report.left.notChecked,
  ),
  'Nothing was verified: "attestry install" does that.',
];

export const compat = acting<CompatOptions>(async (settings, options, ...requests) => {
  const report = await check(settings, options, requests.map(wishOf));
  if (!report.compatible) process.exitCode = 1;
  return { lines: linesOf(report), json: { ok: report.compatible, ...report } };
});
