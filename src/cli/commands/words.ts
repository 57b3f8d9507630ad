// What the words of all commands share: the global options, an example at the end, and work that is loaded late.
import { type Command, Option } from 'commander';
import { harmless } from '../terminal.ts';
import { yesOrNo } from './text-options.ts';

/** What commander calls: with the arguments, the options and the command itself. */
type Action = (...given: unknown[]) => Promise<void>;

/**
 * The action `name` of a file, which is loaded when the command runs. Every start loads the words of all commands,
 * since help shows them all, and must not pay for their work: so whatever does something stands in a file beside this
 * folder, and the files in it name that work in this way only.
 */
export const later =
  <Name extends string>(load: () => Promise<Readonly<Record<NoInfer<Name>, Action>>>, name: Name): Action =>
  async (...given) =>
    (await load())[name](...given);

/** Every command's help ends with one line that can be copied. */
export const example = (command: Command, line: string): Command =>
  command.addHelpText('after', `\nExample:\n  ${line}`);

/** For whoever writes pack.json. */
export const NEEDS = `
What a pack needs of others stands in its pack.json, each with a range of versions:
  "dependencies": { "vendor.acme.base": "^1.2.0" }
Whoever installs the pack gets those as well.`;

/** Commander switches a flag on whenever its variable is set, so this one's is read by an option with a value. */
const privateAddressesSetting = (): Option =>
  new Option('--private-addresses <yes-or-no>')
    .env('ATTESTRY_ALLOW_PRIVATE_ADDRESSES')
    .argParser(yesOrNo)
    .hideHelp();

const escaped = (text: string): string => text.split('\n').map(harmless).join('\n');

export const addGlobalOptions = (program: Command): void => {
  program
    .configureOutput({ outputError: (text, write) => write(escaped(text)) })
    .addOption(
      new Option('--url <url>', 'address of the registry')
        .env('ATTESTRY_URL')
        .default('http://127.0.0.1:8480'),
    )
    .addOption(
      new Option('--token <token>', 'token to act with (others can see it in the process list)').env(
        'ATTESTRY_TOKEN',
      ),
    )
    .option('--token-file <file>', 'file that holds the token')
    .option('--json', 'print one JSON document instead of text')
    .option(
      '--allow-private-addresses',
      'follow redirects into the local network (env: ATTESTRY_ALLOW_PRIVATE_ADDRESSES=1)',
    )
    .addOption(privateAddressesSetting());
};
