// The command line: what it does with its words, and what an exit code means.
import { CommanderError } from 'commander';
import { showFailure } from './command.ts';
import { explain, type Failure, UsageError } from './failure.ts';
import { buildProgram } from './program.ts';

const USAGE = 2;

/** Asked of the words themselves: what commander cannot read, it does not hand over. */
const asksForJson = process.argv.includes('--json');

const NO_COMMAND = 'Name a command; --help lists them.';

const misusedBy = ({ code, message }: CommanderError): Failure =>
  explain(new UsageError(code === 'commander.help' ? NO_COMMAND : message.replace(/^error: /, '')));

/** Commander has shown its sentence already; what is left is the exit code. */
const exitCodeOf = (error: CommanderError): number => (error.exitCode === 0 ? 0 : USAGE);

/** Whoever reads what we print may stop reading, as `head` does: that is no failure of ours. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') process.stderr.write(`Could not print: ${error.message}\n`);
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

try {
  await buildProgram(asksForJson).parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) showFailure(explain(error), asksForJson);
  else if (asksForJson && exitCodeOf(error) === USAGE) showFailure(misusedBy(error), true);
  else process.exitCode = exitCodeOf(error);
}
