// The help of a command as the program prints it, asked of the program itself: the same words, without a process.
import type { Command } from 'commander';
import { buildProgram } from '../../src/cli/program.ts';

/** @param words as they are typed, as in `root init`. */
export const helpOf = (words: string): string => {
  const command = words
    .split(' ')
    .reduce<Command | undefined>(
      (group, name) => group?.commands.find((each) => each.name() === name),
      buildProgram(false),
    );
  let help = '';
  command?.configureOutput({
    writeOut: (text) => {
      help += text;
    },
  });
  command?.outputHelp();
  return help;
};

export const lastLineOf = (help: string): string | undefined => help.trimEnd().split('\n').at(-1);
