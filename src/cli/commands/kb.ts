// The words of "attestry kb": knowledge bases, from the proposal of a change to the proof of what was read.
import type { Command } from 'commander';
import { addBases } from './kb-bases.ts';
import { addJudging } from './kb-decisions.ts';
import { addProposals } from './kb-proposals.ts';
import { addReads } from './kb-reads.ts';
import { addRecords } from './kb-records.ts';
import { example } from './words.ts';

export const addKb = (program: Command): void => {
  const kb = program
    .command('kb')
    .description('keep knowledge bases: propose, review, read with proof')
    .helpGroup('Knowledge:');
  example(kb, 'attestry kb get kb:acme.example:claims:policy-wording claims/refunds.md');
  for (const add of [addBases, addProposals, addJudging, addReads, addRecords]) add(kb);
};
