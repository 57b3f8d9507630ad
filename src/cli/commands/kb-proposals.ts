// The words of "attestry kb" for whoever would change a base: put, propose, revise, withdraw.
import type { Command } from 'commander';
import { addBelief, code, each, share } from './kb-options.ts';
import { example, later } from './words.ts';

/** What goes with every proposal; all of it is shown to whoever decides. */
const addProposal = (command: Command): Command =>
  addBelief(command)
    .option('--summary <text>', 'what it changes, in one sentence (required)')
    .option('--source <uri>', 'what it follows from; several times', each, [])
    .option('--confidence <number>', 'how sure the proposer is, from 0 to 1', share)
    .option('--criterion <key=met>', 'a criterion of success: key=met or key=unmet; several times', each, [])
    .option('--cause <event>', 'the event that led to it')
    .option('--put <path=file>', 'a document and where it goes; several times', each, [])
    .option('--delete <path>', 'a path that shall hold nothing; several times', each, []);

const addFolder = (command: Command): Command =>
  command
    .option('--into <path>', 'put the documents below this path of the base')
    .option('--mirror', 'delete what is there and not among the documents');

export const addProposals = (kb: Command): void => {
  const put = kb
    .command('put')
    .argument('<base>', 'kb:<authority>:<workforce>:<name>')
    .argument('<source>', 'a folder (hidden files are left out), a .tar, a .json export, or one file')
    .description('propose documents; what the base has already is left out');
  example(
    addFolder(addProposal(put)),
    'attestry kb put kb:acme.example:claims:policy-wording wording --summary "wording of 2027"',
  ).action(later(() => import('../kb/propose.ts'), 'put'));
  example(
    addProposal(kb.command('propose').argument('<base>').description('propose changes to single paths')),
    'attestry kb propose kb:acme.example:claims:policy-wording --put claims/refunds.md=refunds.md --summary "refunds within 14 days"',
  ).action(later(() => import('../kb/propose.ts'), 'propose'));
  const revise = kb
    .command('revise')
    .argument('<contribution>', 'its id, or the base where it is the only one in review')
    .argument('[source]', 'a folder, a .tar, a .json export, or one file')
    .description('replace a proposal by another revision, made from what is current');
  example(
    addFolder(addProposal(revise)),
    'attestry kb revise kb:acme.example:claims:policy-wording wording --summary "with the dates corrected"',
  ).action(later(() => import('../kb/propose.ts'), 'revise'));
  example(
    addBelief(kb.command('withdraw').argument('<contribution>').description('take a proposal back')).option(
      '--reason <code>',
      'why, as a key such as superseded',
      code,
    ),
    'attestry kb withdraw kb:acme.example:claims:policy-wording --reason superseded',
  ).action(later(() => import('../kb/withdraw.ts'), 'withdraw'));
};
