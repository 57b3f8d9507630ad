// attestry yank: withdraws a version; its bytes stay served to those who pinned it.
import type { Command } from 'commander';
import { registryOf } from './ask.ts';
import { acting, example } from './command.ts';
import { exactVersion, yankAddress } from './exact-version.ts';

interface YankOptions {
  readonly reason: string;
  readonly advisoryUrl?: string;
}

const yank = acting<YankOptions>(async (settings, { reason, advisoryUrl }, text = '') => {
  const wanted = exactVersion(text);
  const grounds = { reason, ...(advisoryUrl === undefined ? {} : { advisoryUrl }) };
  const { body } = await registryOf(settings).ask('POST', yankAddress(wanted), grounds);
  const { name, version } = wanted;
  return {
    lines: [`Yanked ${name}@${version}: ranges skip it; "attestry unyank" takes it back.`],
    json: body,
  };
});

export const addYank = (program: Command): void => {
  example(
    program
      .command('yank')
      .argument('<name@version>', 'one published version')
      .description('withdraw a version: ranges skip it, its bytes stay')
      .helpGroup('Publishers:')
      .requiredOption('--reason <text>', 'why, for everybody to read')
      .option('--advisory-url <url>', 'where more is said about it'),
    'attestry yank vendor.acme.tools@1.0.0 --reason "leaks its token into logs"',
  ).action(yank);
};
