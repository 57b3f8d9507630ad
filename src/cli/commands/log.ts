// attestry log: audits a registry from its log, once or for as long as it runs.
import type { Command } from 'commander';
import { addLogVerify } from './log-verify.ts';
import { addLogWatch } from './log-watch.ts';

export const addLog = (program: Command): void => {
  const log = program
    .command('log')
    .description('check the whole log of a registry, and everything else against it')
    .helpGroup('Auditors:');
  addLogVerify(log);
  addLogWatch(log);
};
