// Whoever reads what is printed may stop reading, and whoever starts the registry may die: both end quietly.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OwnDatabase, ownDatabase } from '../world/database.ts';
import { ROOT } from '../world/source.ts';

const run = promisify(execFile);
const LAUNCHER = join(ROOT, 'src/cli/attestry.cjs');
const posix = process.platform !== 'win32';

describe.skipIf(!posix)('a reader that stops reading (POSIX shells only)', () => {
  it.each(['--help', '--json --help', 'pack --help'])(
    'of attestry %s leaves no stack trace',
    async (words) => {
      const script = `{ node '${LAUNCHER}' ${words}; echo "ended $?" >&2; } | true`;
      for (let turn = 0; turn < 3; turn += 1) {
        const { stderr } = await run('bash', ['-c', script], { cwd: ROOT });
        expect(stderr.trim()).toBe('ended 0');
      }
    },
  );
});

describe.skipIf(!posix)('npm start (POSIX signals only)', () => {
  let database: OwnDatabase;
  let folder: string;
  beforeAll(async () => {
    database = await ownDatabase();
    folder = await mkdtemp(join(tmpdir(), 'attestry-npm-'));
    await chmod(folder, 0o755);
  });
  afterAll(async () => {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  it('takes the registry with it when npm is told to stop', async () => {
    const settings = {
      ATTESTRY_PORT: '0',
      ATTESTRY_DATA_DIR: folder,
      ATTESTRY_PUBLIC_URL: 'https://packs.example/base',
      DATABASE_URL: database.url,
    };
    const npm = spawn('npm', ['start'], {
      cwd: ROOT,
      env: { ...process.env, ...settings },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let [url, told] = ['', ''];
    for await (const chunk of npm.stdout) {
      [, url = '', told = ''] = /listening on ([^\s,]+)(.*)/.exec(String(chunk)) ?? [];
      if (url !== '') break;
    }
    // Others are told another address than the one at which it listens.
    expect(told).toBe(', public address https://packs.example/base');
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    npm.kill('SIGTERM');
    await once(npm, 'exit');
    const isUp = () =>
      fetch(`${url}/healthz`).then(
        () => true,
        () => false,
      );
    await expect.poll(isUp, { timeout: 15_000, interval: 200 }).toBe(false);
  });
});
