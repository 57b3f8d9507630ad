// Runs commands one after the other in a process that has loaded the command line once: to load it costs more than most commands.
import { ROOT } from './source.ts';

export interface Order {
  readonly args: readonly string[];
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Ends what the command has printed, on either stream. */
  readonly mark: string;
}

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).href;

let count = 0;

const enter = ({ args, folder, env }: Order): void => {
  process.chdir(folder);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  process.argv.splice(2, process.argv.length, ...args);
  process.exitCode = undefined;
};

const leave = (mark: string): void => {
  process.stdout.removeAllListeners('error');
  process.stdout.write(mark);
  process.stderr.write(mark);
  process.send?.(process.exitCode ?? 0);
  process.exitCode = undefined;
  process.chdir(ROOT);
};

process.on('message', async (order: Order) => {
  enter(order);
  count += 1;
  // The file acts when it is imported; under a new address it is a new module, whose own imports are there already.
  await import(`${MAIN}?${count}.ts`);
  leave(order.mark);
});

// Whoever gave the orders is gone, whatever a command has left open here.
process.on('disconnect', () => process.exit());
