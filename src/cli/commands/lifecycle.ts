// The words of "attestry deprecate", "undeprecate", "unpublish" and "lifecycle".
import type { Command } from 'commander';
import { example, later } from './words.ts';

const addDeprecate = (program: Command): void => {
  example(
    program
      .command('deprecate')
      .argument('<name@version>', 'one published version')
      .description('tell users of a version to take another one')
      .helpGroup('Publishers:')
      .requiredOption('--reason <text>', 'why, for everybody to read')
      .option('--superseded-by <version>', 'what to take instead: a version, or name@version'),
    'attestry deprecate vendor.acme.tools@1.0.0 --reason "old API" --superseded-by 2.0.0',
  ).action(later(() => import('../deprecate.ts'), 'deprecate'));
};

const addUndeprecate = (program: Command): void => {
  example(
    program
      .command('undeprecate')
      .argument('<name@version>', 'one deprecated version')
      .description('take a deprecation back')
      .helpGroup('Publishers:'),
    'attestry undeprecate vendor.acme.tools@1.0.0',
  ).action(later(() => import('../deprecate.ts'), 'undeprecate'));
};

const addUnpublish = (program: Command): void => {
  example(
    program
      .command('unpublish')
      .argument('<name@version>', 'one version, published less than 72 hours ago')
      .description('take a version back for ever')
      .helpGroup('Publishers:')
      .option('--reason <text>', 'why, for everybody to read')
      .option('--yes', 'do not ask'),
    'attestry unpublish vendor.acme.tools@1.0.0 --reason "published by mistake" --yes',
  ).action(later(() => import('../unpublish.ts'), 'unpublish'));
};

const addHistory = (program: Command): void => {
  example(
    program
      .command('lifecycle')
      .argument('<name@version>', 'one version, also one that was unpublished')
      .description('show all that ever happened to a version')
      .helpGroup('Publishers:'),
    'attestry lifecycle vendor.acme.tools@1.0.0',
  ).action(later(() => import('../lifecycle.ts'), 'lifecycle'));
};

export const addLifecycle = (program: Command): void => {
  for (const add of [addDeprecate, addUndeprecate, addUnpublish, addHistory]) add(program);
};
