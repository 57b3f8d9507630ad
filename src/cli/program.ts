// Which commands there are, in the order in which help shows them.
import { readFileSync } from 'node:fs';
import { Command, Help, type Option } from 'commander';
import { addAccount } from './commands/account.ts';
import { addAdvisory } from './commands/advisory.ts';
import { addBackup } from './commands/backup.ts';
import { addBundle } from './commands/bundle.ts';
import { addCompat } from './commands/compat.ts';
import { addFsck } from './commands/fsck.ts';
import { addGc } from './commands/gc.ts';
import { addPolicy } from './commands/host-policy.ts';
import { addInstall } from './commands/install.ts';
import { addKb } from './commands/kb.ts';
import { addKeychain } from './commands/keychain.ts';
import { addKeygen } from './commands/keygen.ts';
import { addKeys } from './commands/keys.ts';
import { addLifecycle } from './commands/lifecycle.ts';
import { addLock } from './commands/lock.ts';
import { addLog } from './commands/log.ts';
import { addMirror } from './commands/mirror.ts';
import { addNamespace } from './commands/namespace.ts';
import { addNew } from './commands/new.ts';
import { addPack } from './commands/pack.ts';
import { addPublish } from './commands/publish.ts';
import { addRestore } from './commands/restore.ts';
import { addRoot } from './commands/root.ts';
import { addSearch } from './commands/search.ts';
import { addServe } from './commands/serve.ts';
import { addToken } from './commands/token.ts';
import { addUnyank } from './commands/unyank.ts';
import { addVerify } from './commands/verify.ts';
import { addGlobalOptions } from './commands/words.ts';
import { addWorkforce } from './commands/workforce.ts';
import { addYank } from './commands/yank.ts';

const versionOf = (): string => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
};

const EXIT_CODES = `
Exit codes: 0 done, 1 refused or failed, 2 used wrongly, 130 and 143 stopped (Ctrl-C, SIGTERM).
Example:
  attestry verify vendor.acme.tools@1.0.0`;

/** Says of each option whether it is needed, and leaves the lines of commands room beside their names. */
const HELP = {
  minWidthToWrap: 30,
  optionDescription(option: Option): string {
    const said = Help.prototype.optionDescription.call(this, option);
    return option.mandatory ? `${said} (required)` : said;
  },
  subcommandTerm: (command: Command): string =>
    [
      command.name(),
      ...command.registeredArguments.map((each) => {
        const name = each.name() + (each.variadic ? '...' : '');
        return each.required ? `<${name}>` : `[${name}]`;
      }),
    ].join(' '),
};

/** Machines get one document and no sentence of commander's beside it. */
const SILENT = { outputError: () => undefined, writeErr: () => undefined };

/** @param asksForJson then nothing but that document is printed */
export const buildProgram = (asksForJson: boolean): Command => {
  const program = new Command('attestry')
    .description('The registry that proves itself: signed OpenWOP packs, governed knowledge bases.')
    .version(versionOf())
    .configureHelp(HELP)
    .exitOverride()
    .showHelpAfterError('(add --help for what is possible)')
    .addHelpText('after', EXIT_CODES);
  addGlobalOptions(program);
  if (asksForJson) program.configureOutput(SILENT);
  for (const add of [addNew, addKeygen, addPack, addPublish, addYank, addUnyank, addLifecycle]) add(program);
  addAdvisory(program);
  for (const add of [addNamespace, addKeys, addKeychain]) add(program);
  for (const add of [addSearch, addVerify, addCompat, addLock, addInstall, addBundle]) add(program);
  addPolicy(program);
  for (const add of [addKb, addWorkforce]) add(program);
  addLog(program);
  for (const add of [addServe, addRoot, addAccount, addToken]) add(program);
  addMirror(program);
  for (const add of [addFsck, addGc, addBackup, addRestore]) add(program);
  return program;
};
