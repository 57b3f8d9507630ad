// The words of "attestry advisory".
import type { Command } from 'commander';
import { listed } from './text-options.ts';
import { example, later } from './words.ts';

const PUBLISH_EXAMPLE =
  'attestry advisory publish --severity high --summary "Leaks its token" --affected "vendor.acme.tools@<1.0.1" --fixed-in 1.0.1';

const each = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

/** What an advisory says, where no file does. */
const saying = (command: Command): Command =>
  command
    .option('--severity <word>', 'critical, high, medium or low')
    .option('--summary <text>', 'what is wrong, in one line')
    .option(
      '--affected <name@range>',
      'which versions, as in "vendor.acme.tools@<1.0.1"; may be repeated',
      each,
    )
    .option('--fixed-in <version>', 'the first version without it')
    .option('--details <text>', 'all that is to be said')
    .option('--advisory-url <url>', 'where more is said about it')
    .option('--cve <ids>', 'its CVE ids, separated by commas', listed);

export const addAdvisory = (program: Command): void => {
  const advisory = program
    .command('advisory')
    .description('warn of versions, which yanks them; change and withdraw warnings')
    .helpGroup('Publishers:');
  example(advisory, PUBLISH_EXAMPLE);
  example(
    saying(
      advisory
        .command('publish')
        .argument('[file]', 'the advisory as JSON')
        .description('publish an advisory: what it names is yanked'),
    ),
    PUBLISH_EXAMPLE,
  ).action(later(() => import('../advisory.ts'), 'publish'));
  example(
    saying(
      advisory
        .command('change')
        .argument('<id>', 'id of the advisory')
        .argument('[file]', 'what it says from now on, as JSON')
        .description('say it anew, whole; what it names no more stays yanked'),
    ),
    'attestry advisory change OPENWOP-2026-0001 advisory.json',
  ).action(later(() => import('../advisory.ts'), 'change'));
  example(
    advisory
      .command('withdraw')
      .argument('<id>', 'id of the advisory')
      .description('take an advisory back; its yanks stay')
      .requiredOption('--reason <text>', 'why, for everybody to read'),
    'attestry advisory withdraw OPENWOP-2026-0001 --reason "the report was mistaken"',
  ).action(later(() => import('../advisory.ts'), 'withdraw'));
  example(
    advisory
      .command('list')
      .description('list the advisories in force')
      .option('--all', 'those that were withdrawn, too'),
    'attestry advisory list --all',
  ).action(later(() => import('../advisory-list.ts'), 'list'));
};
