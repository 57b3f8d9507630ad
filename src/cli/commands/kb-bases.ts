// The words of "attestry kb" about bases themselves: setup, register, show, policy, and how they stand.
import type { Command } from 'commander';
import { addAs, code, each } from './kb-options.ts';
import { listed, wholeNumber } from './text-options.ts';
import { example, later } from './words.ts';

const addSetup = (kb: Command): void => {
  example(
    kb
      .command('setup')
      .description('make a workforce, and your account a human in it who may do everything with its base')
      .requiredOption('--authority <name>', 'DNS name of whoever answers for it')
      .requiredOption('--workforce <name>', 'what the workforce is called')
      .option('--base <names>', 'which bases, separated by commas; default: policy-wording', listed)
      .option('--human <name>', 'what you are called in it; default: the name of your account')
      .option('--role <name>', 'what your role is called', 'keeper'),
    'attestry kb setup --authority acme.example --workforce claims',
  ).action(later(() => import('../kb/setup.ts'), 'setup'));
};

const REGISTER_EXAMPLE =
  'attestry kb register kb:acme.example:claims:policy-wording --title "Policy wording" --purpose "what claims handlers quote" --source https://acme.example/wording';

const addRegister = (kb: Command): void => {
  example(
    addAs(
      kb
        .command('register')
        .argument('<base>', 'kb:<authority>:<workforce>:<name>')
        .description('register a base: what it is for, where its content comes from, who may change it'),
    )
      .option('--file <file>', 'all of it as one JSON object, instead of the options below')
      .option('--title <text>', 'what people call it')
      .option('--purpose <text>', 'what it is for')
      .option('--source <uri>', 'where its content comes from; several times', each, [])
      .option('--sensitivity <level>', 'public, internal, confidential or restricted', 'internal')
      .option('--mode <mode>', 'who accepts changes: closed, reviewed, verified or direct', 'reviewed')
      .option('--approvals <count>', 'how many humans must approve', wholeNumber)
      .option('--allow-self-review', 'let somebody decide about his own proposals (to try it alone)')
      .option('--signed-decisions', 'take acceptances only with a signature: --key')
      .option('--steward <human>', 'who answers for it; default: you')
      .option('--keep-days <count>', 'how long versions are kept at least', wholeNumber, 365)
      .option('--keep-versions <count>', 'how many versions are kept at least', wholeNumber, 10),
    REGISTER_EXAMPLE,
  ).action(later(() => import('../kb/bases.ts'), 'register'));
};

const addShow = (kb: Command): void => {
  example(
    addAs(kb.command('show').argument('<base>').description('show how a base is governed and stands')),
    'attestry kb show kb:acme.example:claims:policy-wording',
  ).action(later(() => import('../kb/bases.ts'), 'show'));
  example(
    addAs(kb.command('policy').argument('<base>').description('show or change who may change a base'))
      .option('--set <name=value>', 'change one rule; several times', each, [])
      .option('--file <file>', 'the whole policy as one JSON object')
      .option('--evidence <digests>', 'sha256:… of what shows that looser rules are safe', listed),
    'attestry kb policy kb:acme.example:claims:policy-wording --set required_approvals=2',
  ).action(later(() => import('../kb/bases.ts'), 'policy'));
};

const STANDINGS = [
  ['pause', 'stop a base: nothing is proposed, decided or moved but back', true],
  ['resume', 'let a paused base go on', false],
  ['hold', 'let nothing be accepted until the base is released', true],
  ['release', 'end a hold', false],
] as const;

const addStandings = (kb: Command): void => {
  for (const [act, description, needsReason] of STANDINGS) {
    const command = addAs(kb.command(act).argument('<base>').description(description));
    if (needsReason) command.requiredOption('--reason <code>', 'why, as a key such as incident-17', code);
    else command.option('--reason <code>', 'why, as a key such as incident-17', code);
    if (act === 'pause') command.option('--stop-reads', 'let nobody read it either');
    const reason = needsReason ? ' --reason incident-17' : '';
    example(command, `attestry kb ${act} kb:acme.example:claims:policy-wording${reason}`).action(
      later(() => import('../kb/standing.ts'), act),
    );
  }
};

export const addBases = (kb: Command): void => {
  addSetup(kb);
  addRegister(kb);
  addShow(kb);
  addStandings(kb);
};
