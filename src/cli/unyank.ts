// attestry unyank: takes a yank back.
import type { Command } from 'commander';
import { registryOf } from './ask.ts';
import { acting, example } from './command.ts';
import { exactVersion, yankAddress } from './exact-version.ts';

const unyank = acting(async (settings, _options, text = '') => {
  const wanted = exactVersion(text);
  const { body } = await registryOf(settings).ask('DELETE', yankAddress(wanted));
  return {
    lines: [`${wanted.name}@${wanted.version} is offered again; the log keeps its yank.`],
    json: body,
  };
});

export const addUnyank = (program: Command): void => {
  example(
    program
      .command('unyank')
      .argument('<name@version>', 'one yanked version')
      .description('offer a yanked version again')
      .helpGroup('Publishers:'),
    'attestry unyank vendor.acme.tools@1.0.0',
  ).action(unyank);
};
