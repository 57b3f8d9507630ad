// The words of "attestry kb" for whoever judges: review, verdict, eval, and the four decisions.
import { Argument, type Command } from 'commander';
import { addAs, code, share } from './kb-options.ts';
import { listed } from './text-options.ts';
import { example, later } from './words.ts';

const BASE = 'kb:acme.example:claims:policy-wording';
const CONTRIBUTION = 'its id, or the base where it is the only one in review';

const addReview = (kb: Command): void => {
  example(
    addAs(
      kb
        .command('review')
        .argument('[contribution]', 'one to look at; a base: what waits there; default: all that waits')
        .description('list what waits for review, or show one contribution as a readable difference'),
    ).option('--all', 'show every document of it, however many'),
    `attestry kb review contribution:acme.example:claims:policy-wording:01hzy0000000000000000000aa`,
  ).action(later(() => import('../kb/review.ts'), 'review'));
};

const about = (command: Command): Command =>
  addAs(command).option(
    '--digest <sha256>',
    'of the revision you looked at; default: the one that stands now',
  );

const addJudgements = (kb: Command): void => {
  example(
    about(
      kb
        .command('verdict')
        .argument('<contribution>', CONTRIBUTION)
        .addArgument(new Argument('<verdict>').choices(['pass', 'fail', 'revise']))
        .description('say as a verifier what you found; "fail" blocks it for everybody'),
    )
      .option('--criteria <keys>', 'which criteria it is about, separated by commas', listed)
      .option('--confidence <number>', 'how sure you are, from 0 to 1', share),
    `attestry kb verdict ${BASE} pass --criteria sources-checked`,
  ).action(later(() => import('../kb/judge.ts'), 'verdict'));
  example(
    about(
      kb
        .command('eval')
        .argument('<contribution>', CONTRIBUTION)
        .addArgument(new Argument('<result>').choices(['pass', 'fail']))
        .description('record the result of an evaluation'),
    )
      .requiredOption('--suite <name>', 'which evaluation')
      .option('--evidence <sha256>', 'sha256:… of what it rests on'),
    `attestry kb eval ${BASE} pass --suite wording-regression`,
  ).action(later(() => import('../kb/judge.ts'), 'evaluate'));
};

const DECISIONS = [
  ['approve', 'approve a contribution, for somebody to accept it', 'approve', ''],
  ['accept', 'accept a contribution: it becomes the next version', 'accept', ''],
  ['reject', 'reject a contribution', 'reject', ' --reason out-of-date'],
  ['request-changes', 'send a contribution back', 'requestChanges', ' --reason sources-missing'],
] as const;

const addDecisions = (kb: Command): void => {
  for (const [name, description, action, reason] of DECISIONS) {
    const command = about(kb.command(name).argument('<contribution>', CONTRIBUTION).description(description))
      .option('--key <file>', 'your private key: signs the decision, and stays on this machine')
      .option('--key-id <id>', 'what the key is called; default: the name of its file');
    if (reason === '') command.option('--reason <code>', 'why, as a key', code);
    else command.requiredOption('--reason <code>', 'why, as a key such as out-of-date', code);
    if (name === 'accept') command.option('--shadow', 'make the version, and leave the pointer where it is');
    example(command, `attestry kb ${name} ${BASE}${reason}`).action(
      later(() => import('../kb/judge.ts'), action),
    );
  }
};

export const addJudging = (kb: Command): void => {
  addReview(kb);
  addJudgements(kb);
  addDecisions(kb);
};
