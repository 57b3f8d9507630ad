// The words of "attestry policy", which is about what this host takes.
import type { Command } from 'commander';
import { example, later } from './words.ts';

const FILE = 'attestry.policy.json';

export const addPolicy = (program: Command): void => {
  const policy = program
    .command('policy')
    .description('what this host takes: see and start a policy file')
    .helpGroup('Hosts:');
  example(policy, 'attestry policy init');
  example(
    policy
      .command('check')
      .argument('[file]', `the policy; default: ${FILE}`)
      .description('say in sentences what a policy asks for, or what is wrong with it'),
    `attestry policy check ${FILE}`,
  ).action(later(() => import('../policy.ts'), 'check'));
  example(
    policy
      .command('init')
      .description('write a policy to start with; nothing is overwritten')
      .option('--out <file>', 'where to write it', FILE),
    'attestry policy init',
  ).action(later(() => import('../policy.ts'), 'init'));
};
