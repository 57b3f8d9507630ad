// Starts the process that installs, or downloads without installing, and sends it its orders.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ROOT, TYPESCRIPT } from '../world/source.ts';
import type { Done, Order } from './installing.ts';

export interface Installer {
  readonly perform: (order: Order) => Promise<Done>;
  readonly stop: () => Promise<void>;
}

const perform = (child: ChildProcess, order: Order): Promise<Done> =>
  new Promise((resolve, reject) => {
    const died = () => reject(new Error('the installing process died'));
    child.once('exit', died).once('message', (done) => {
      child.off('exit', died);
      resolve(done as Done);
    });
    child.send(order);
  });

export const startInstaller = (): Installer => {
  const child = fork(fileURLToPath(new URL('./installing.ts', import.meta.url)), {
    execArgv: [...TYPESCRIPT],
    // As the launcher has it.
    env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
    cwd: ROOT,
  });
  const stop = async (): Promise<void> => {
    child.disconnect();
    await once(child, 'exit');
  };
  return { perform: (order) => perform(child, order), stop };
};
