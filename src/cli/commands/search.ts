// The words of "attestry search".
import { type Command, InvalidArgumentError } from 'commander';
import { treeOption, wholeNumber } from './text-options.ts';
import { example, later } from './words.ts';

const MOST = 200;

const limitOption = (text: string): number => {
  const limit = wholeNumber(text);
  if (limit > MOST) throw new InvalidArgumentError(`At most ${MOST} packs are shown.`);
  return limit;
};

export const addSearch = (program: Command): void => {
  const command = program
    .command('search')
    .argument('[words...]', 'words of names, descriptions and keywords; default: all packs')
    .description('find packs by words, kind, namespace or the ids that they give')
    .helpGroup('Hosts:')
    .option(
      '--kind <kind>',
      'node, artifact-type, connection, workflow-chain, prompt, card, form-content, or connector',
    )
    .option('--namespace <namespace>', 'a scope or a namespace, as in vendor.acme')
    .option('--type-id <id>', 'an id that the pack gives')
    .option('--tree <tree>', 'look in this tree only, v1 or v2', treeOption)
    .option('--limit <number>', 'how many packs to show', limitOption, 20);
  example(command, 'attestry search send mail --kind node').action(
    later(() => import('../search.ts'), 'search'),
  );
};
