// What the commands about knowledge say of themselves: each shows an example that it would take.
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/program.ts';

const commandsBelow = (group: string): readonly Command[] =>
  buildProgram(false).commands.find((each) => each.name() === group)?.commands ?? [];

const exampleOf = (command: Command): string => {
  let help = '';
  command.configureOutput({
    writeOut: (text) => {
      help += text;
    },
  });
  command.outputHelp();
  return help.trimEnd().split('\n').at(-1)?.trim() ?? '';
};

/** The words of a line as a shell parts them, quotes included. */
const wordsOf = (line: string): readonly string[] => line.match(/"[^"]*"|\S+/g) ?? [];

describe.each(['kb', 'workforce'])('attestry %s', (group) => {
  const commands = commandsBelow(group);

  it('has commands', () => {
    expect(commands.length).toBeGreaterThan(7);
  });

  it.each(commands.map((command) => [command.name(), command] as const))(
    '%s shows an example that names what it needs, and nothing it does not know',
    (name, command) => {
      const [, , , ...words] = wordsOf(exampleOf(command));
      expect(exampleOf(command)).toMatch(new RegExp(`^attestry ${group} ${name}\\b`));
      const options = words.filter((word) => word.startsWith('--'));
      const known = command.options.map(({ long }) => long);
      expect(options.filter((option) => !known.includes(option))).toEqual([]);
      const needed = command.options.filter(({ mandatory }) => mandatory).map(({ long }) => long);
      expect(needed.filter((option) => !options.includes(option ?? ''))).toEqual([]);
      const args = words.filter((word, at) => !word.startsWith('--') && !words[at - 1]?.startsWith('--'));
      const least = command.registeredArguments.filter(({ required }) => required).length;
      expect(args.length).toBeGreaterThanOrEqual(least);
    },
  );

  it('has no way around verification', () => {
    const all = commands.flatMap(({ options }) => options.map(({ long }) => long));
    expect(all.filter((option) => option?.includes('verify'))).toEqual([]);
  });
});
