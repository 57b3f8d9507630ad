// The command line: what it does with its words, and what an exit code means.
import { CommanderError } from 'commander';
import { buildProgram } from './program.ts';

const USAGE = 2;

/** Asked of the words themselves: what commander cannot read, it does not hand over. */
const asksForJson = process.argv.includes('--json');

const NO_COMMAND = 'Name a command; --help lists them.';

/** Commander has shown its sentence already; what is left is the exit code. */
const exitCodeOf = (error: CommanderError): number => (error.exitCode === 0 ? 0 : USAGE);

const sentenceOf = ({ code, message }: CommanderError): string =>
  code === 'commander.help' ? NO_COMMAND : message.replace(/^error: /, '');

/** Loaded late, since most commands end without it. */
const showError = async (error: unknown): Promise<void> => {
  const [{ showFailure }, { explain, UsageError }] = await Promise.all([
    import('./command.ts'),
    import('./failure.ts'),
  ]);
  const misused = error instanceof CommanderError;
  showFailure(explain(misused ? new UsageError(sentenceOf(error)) : error), asksForJson);
};

/** What is not installed is found when a command loads its work; the launcher says what to do. */
const isNotInstalled = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';

/** Whoever reads what we print may stop reading, as `head` does: that is no failure of ours. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') process.stderr.write(`Could not print: ${error.message}\n`);
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

try {
  await buildProgram(asksForJson).parseAsync();
} catch (error) {
  if (isNotInstalled(error)) throw error;
  if (error instanceof CommanderError && !(asksForJson && exitCodeOf(error) === USAGE))
    process.exitCode = exitCodeOf(error);
  else await showError(error);
}
