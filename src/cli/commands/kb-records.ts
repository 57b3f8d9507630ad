// The words of "attestry kb" about the past: history, versions, at, rollback, promote, ancestry, erase, events, replay.
import type { Command } from 'commander';
import { addAs, addBelief, code } from './kb-options.ts';
import { instantText, wholeNumber } from './text-options.ts';
import { example, later } from './words.ts';

const BASE = 'kb:acme.example:claims:policy-wording';
const VERSION = 'bafyreifxmzrutfbvjuzytdwuzsdxe5qn6jnl6ymzvajvtdl7jvdcpnyxli';

const DOCUMENT = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku';

const LISTS = [
  ['history', 'list how the pointer of a base moved, newest first'],
  ['versions', 'list the versions of a base, newest first'],
] as const;

const MOVES = [
  ['rollback', 'go back to a version that was current before'],
  ['promote', 'make a version current that was accepted as a shadow'],
] as const;

const addPast = (kb: Command): void => {
  for (const [name, description] of LISTS)
    example(
      addAs(kb.command(name).argument('<base>').description(description))
        .option('--limit <count>', 'how many', wholeNumber, 20)
        .option('--before <number>', 'only those before this one', wholeNumber),
      `attestry kb ${name} ${BASE}`,
    ).action(later(() => import('../kb/records.ts'), name));
  for (const [name, description] of MOVES) {
    const command = addAs(kb.command(name).argument('<base>').description(description))
      .requiredOption('--to <version>', 'which version; "attestry kb versions" lists them')
      .option('--note <text>', 'why, in your words; kept beside the record, not in it');
    const why = ['--reason <code>', 'why, as a key such as wrong-dates', code] as const;
    if (name === 'rollback') command.requiredOption(...why);
    else command.option(...why);
    const reason = name === 'rollback' ? ' --reason wrong-dates' : '';
    example(command, `attestry kb ${name} ${BASE} --to ${VERSION}${reason}`).action(
      later(() => import('../kb/records.ts'), name),
    );
  }
};

const addThen = (kb: Command): void => {
  example(
    addAs(
      kb
        .command('at')
        .argument('<base>')
        .argument('<when>', 'a position in the log, or a time such as 2027-01-31T00:00:00Z')
        .description('say which version was current then'),
    ),
    `attestry kb at ${BASE} 2027-01-31T00:00:00Z`,
  ).action(later(() => import('../kb/past.ts'), 'at'));
  example(
    addAs(
      kb
        .command('ancestry')
        .argument('<contribution>', 'its id, or the base where it is the only one in review')
        .description('say which event led to a proposal'),
    ),
    `attestry kb ancestry ${BASE}`,
  ).action(later(() => import('../kb/past.ts'), 'ancestry'));
  example(
    addAs(
      kb
        .command('erase')
        .argument('<base>')
        .argument('<document>', 'the content id of its bytes; "attestry kb get --json" names it as blob')
        .description('give a document out no more, and destroy its bytes; the record of it stays'),
    )
      .requiredOption('--authority <name>', 'who or what demands it: a law, a contract, a case')
      .requiredOption('--reason <code>', 'why, as a key such as personal-data', code)
      .option('--yes', 'erase it; there is no way back'),
    `attestry kb erase ${BASE} ${DOCUMENT} --authority GDPR-17 --reason personal-data --yes`,
  ).action(later(() => import('../kb/past.ts'), 'erase'));
};

export const addRecords = (kb: Command): void => {
  addPast(kb);
  addThen(kb);
  example(
    addBelief(
      kb
        .command('events')
        .argument('[event]', 'one event, to be held against the log')
        .description('find events about knowledge, or check one: event, leaf, log'),
    )
      .option('--base <base>', 'of this base')
      .option('--contribution <id>', 'of this contribution')
      .option('--actor <principal>', 'by this principal')
      .option('--trace <id>', 'of this trace')
      .option('--kind <kind>', 'of this kind, as in KnowledgeContributionAccepted')
      .option('--from <instant>', 'not before, as in 2027-01-31T00:00:00Z', instantText)
      .option('--to <instant>', 'not after', instantText)
      .option('--limit <count>', 'how many at once', wholeNumber, 50)
      .option('--after <place>', 'go on behind this, as the page before said'),
    `attestry kb events --base ${BASE} --kind CapabilityInvoked`,
  ).action(later(() => import('../kb/records.ts'), 'events'));
  example(
    addAs(
      kb
        .command('replay')
        .argument('<event>', 'a CapabilityInvoked, as "kb get --json" names it')
        .description('ask again for what was given out, and whether it is still the same'),
    ),
    'attestry kb replay 01980f6e-7c3a-7b44-9a51-0f6e7c3a7b44',
  ).action(later(() => import('../kb/records.ts'), 'replay'));
};
