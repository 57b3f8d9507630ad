// Which commands there are, in the order in which help shows them.
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addAccount } from './account.ts';
import { addBackup } from './backup.ts';
import { addBundle } from './bundle.ts';
import { addGlobalOptions } from './command.ts';
import { addFsck } from './fsck.ts';
import { addGc } from './gc.ts';
import { addInstall } from './install.ts';
import { addKeygen } from './keygen.ts';
import { addKeys } from './keys.ts';
import { addLog } from './log.ts';
import { addNamespace } from './namespace.ts';
import { addNew } from './new.ts';
import { addPack } from './pack.ts';
import { addPublish } from './publish.ts';
import { addRestore } from './restore.ts';
import { addRoot } from './root.ts';
import { addServe } from './serve.ts';
import { addToken } from './token.ts';
import { addUnyank } from './unyank.ts';
import { addVerify } from './verify.ts';
import { addYank } from './yank.ts';

const versionOf = (): string => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
};

const EXIT_CODES = `
Exit codes: 0 done, 1 refused or failed, 2 used wrongly.
Example:
  attestry verify vendor.acme.tools@1.0.0`;

/** Machines get one document and no sentence of commander's beside it. */
const SILENT = { outputError: () => undefined, writeErr: () => undefined };

/** @param asksForJson then nothing but that document is printed */
export const buildProgram = (asksForJson: boolean): Command => {
  const program = new Command('attestry')
    .description('The registry that proves itself: signed OpenWOP packs.')
    .version(versionOf())
    .exitOverride()
    .showHelpAfterError('(add --help for what is possible)')
    .addHelpText('after', EXIT_CODES);
  addGlobalOptions(program);
  if (asksForJson) program.configureOutput(SILENT);
  for (const add of [addNew, addKeygen, addPack, addPublish, addYank, addUnyank]) add(program);
  for (const add of [addNamespace, addKeys]) add(program);
  for (const add of [addVerify, addInstall, addBundle]) add(program);
  addLog(program);
  for (const add of [addServe, addRoot, addAccount, addToken]) add(program);
  for (const add of [addFsck, addGc, addBackup, addRestore]) add(program);
  return program;
};
