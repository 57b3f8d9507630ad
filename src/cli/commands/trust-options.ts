// The options of every command that believes a registry.
import { type Command, InvalidArgumentError } from 'commander';
import { ASSURANCES, type Assurance } from '../../client/assurance.ts';
import type { Tree } from '../../protocol/faults.ts';
import { treeOption, wholeNumber } from './text-options.ts';

/** `url`: the registry whose root it is; undefined for the only one there is. */
export interface RootOption {
  readonly url: string | undefined;
  readonly file: string;
}

export interface TrustOptions {
  readonly root?: readonly RootOption[];
  readonly state?: string;
  readonly tree?: Tree;
  readonly allowUnsigned?: boolean;
  readonly allowRotatedKeys?: boolean;
  readonly protocol?: number;
  readonly require?: Assurance;
  readonly requireStatement?: boolean;
}

/** With the policy beside: for commands that decide what a host takes. */
export interface PolicyOptions extends TrustOptions {
  readonly policy?: string;
}

const assuranceOption = (text: string): Assurance => {
  const found = (Object.keys(ASSURANCES) as Assurance[]).find((each) => each === text);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`It is one of ${Object.keys(ASSURANCES).join(', ')}.`);
};

const rootOption = (text: string, before: readonly RootOption[] = []): readonly RootOption[] => {
  const [, url, file = text] = /^(https?:\/\/[^=]+)=(.+)$/i.exec(text) ?? [];
  return [...before, { url, file }];
};

export const addTrustOptions = (command: Command): Command =>
  command
    .option(
      '--root <[url=]file>',
      'root document to start from; default: the one seen first; of several registries one for each, as in https://packs.example=root.json',
      rootOption,
    )
    .option('--state <file>', 'where to remember what was believed; default: below ~/.attestry/trust')
    .option('--tree <tree>', 'look in this tree only, v1 or v2', treeOption)
    .option('--protocol <major>', 'major protocol version of the host', wholeNumber)
    .option('--require <assurance>', 'take nothing that rests on less, as in log+bytes', assuranceOption)
    .option('--require-statement', 'take only what a release statement covers')
    .option('--allow-unsigned', 'take packs that nobody signed')
    .option('--allow-rotated-keys', 'take what keys signed that are no longer in force');

export const addPolicyOption = (command: Command): Command =>
  command.option(
    '--policy <file>',
    'policy that has to admit it, beside the attestry.policy.json of the working directory',
  );
