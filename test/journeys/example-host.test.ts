// What a host sees that imports this package as npm packs it: how it is loaded, and the example host at work with it.
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeLock, memoryTrustStore, openSources } from '../../src/client/index.ts';
import { lockfileText } from '../../src/client/lock/lockfile.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { ROOT } from '../world/source.ts';

const run = promisify(execFile);
const [APP, LIB] = ['vendor.acme.app', 'vendor.acme.lib'];
const LOADER = ['--import', 'attestry/typescript'];
const HOST = [...LOADER, 'example-host.ts', 'pack-lock.json', 'root.json', 'packs'];

const hasTools = ['npm', 'tar'].every((tool) => spawnSync(tool, ['--version']).error === undefined);

let registry: TestRegistry;
let folder: string;
let app: string;

/** What npm would put into the package, with the dependencies of this checkout around it. */
const packInto = async (): Promise<void> => {
  const flags = ['--json', '--ignore-scripts', '--offline', '--pack-destination', folder];
  const { stdout } = await run('npm', ['pack', ...flags], {
    cwd: ROOT,
    env: { ...process.env, HOME: folder },
  });
  const [{ filename }] = JSON.parse(stdout) as [{ readonly filename: string }];
  const installed = join(app, 'node_modules/attestry');
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', join(folder, filename), '-C', installed, '--strip-components=1']);
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(app, 'package.json'), '{"type":"module"}');
  await copyFile(join(ROOT, 'test/journeys/example-host.ts'), join(app, 'example-host.ts'));
};

const lockPacks = async (): Promise<void> => {
  const acme = createPublisher();
  await delegate(registry.call, acme, ['vendor.acme.*']);
  const publish = async (name: string, dependencies = {}) => {
    const body = await acme.pack({ name, version: '1.0.0', edits: { '/dependencies': dependencies } });
    expect((await registry.call('PUT', addressOf(name, '1.0.0'), { body })).status).toBe(201);
  };
  await publish(LIB);
  await publish(APP, { [LIB]: '^1.0.0' });
  const sources = openSources({ sourcesOf: () => [{ url: registry.url, store: memoryTrustStore() }] });
  const { lock } = await makeLock({ sources, wishes: [APP], now: new Date() });
  await writeFile(join(app, 'pack-lock.json'), lockfileText(lock));
  const root = await (await fetch(`${registry.url}/trust/root.json`)).arrayBuffer();
  await writeFile(join(app, 'root.json'), new Uint8Array(root));
};

beforeAll(async () => {
  if (!hasTools) return;
  folder = await mkdtemp(join(tmpdir(), 'attestry-host-app-'));
  app = join(folder, 'app');
  await packInto();
  registry = await startRegistry();
  await lockPacks();
}, 120_000);
afterAll(async () => {
  if (!hasTools) return;
  await registry.stop();
  await rm(folder, { recursive: true, force: true });
});

const nodeEnv = () => ({ cwd: app, env: { ...process.env, HOME: folder, USERPROFILE: folder } });

describe.skipIf(!hasTools)('a host that imports "attestry/client"', { timeout: 120_000 }, () => {
  const script =
    "import { parseRequest } from 'attestry/client'; console.log(parseRequest('vendor.acme.a').name);";

  it('is loaded with --import attestry/typescript, and not without', async () => {
    await writeFile(join(app, 'ask.mjs'), script);
    const { stdout } = await run(process.execPath, [...LOADER, 'ask.mjs'], nodeEnv());
    expect(stdout).toBe('vendor.acme.a\n');
    const plain = await run(process.execPath, ['ask.mjs'], nodeEnv()).catch((error) => error);
    expect(plain.stderr).toMatch(/ERR_UNKNOWN_FILE_EXTENSION|ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING/);
  });

  it('reaches nothing else of the package', async () => {
    await writeFile(join(app, 'deep.mjs'), "await import('attestry/src/main.ts');");
    const deep = await run(process.execPath, [...LOADER, 'deep.mjs'], nodeEnv()).catch((error) => error);
    expect(deep.stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });
});

describe.skipIf(!hasTools)('the example host', { timeout: 120_000 }, () => {
  const start = () => {
    const host: ChildProcess = spawn(process.execPath, HOST, {
      ...nodeEnv(),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    if (host.stdout === null) throw new Error('there is no output to read');
    const lines = createInterface({ input: host.stdout })[Symbol.asyncIterator]();
    return {
      line: async (): Promise<string> => (await lines.next()).value ?? '',
      ask: (name: string) => host.stdin?.write(`${name}\n`),
      end: async (): Promise<number | null> => {
        host.stdin?.end();
        if (host.exitCode === null) await once(host, 'exit');
        return host.exitCode;
      },
    };
  };

  it('installs what is locked when it starts, and refuses what was changed on disk since', async () => {
    const host = start();
    expect(await host.line()).toMatch(/^Loaded vendor\.acme\.app@1\.0\.0: \d+ files, log\+manifest$/);
    expect(await host.line()).toContain(`Loaded ${LIB}@1.0.0`);
    const path = join(app, 'packs', LIB, 'pack.json');
    await writeFile(path, `${await readFile(path, 'utf8')} `);
    host.ask(LIB);
    const refused = await host.line();
    expect(refused).toContain(`Refused to load ${LIB}: An installed file was changed.`);
    expect(refused).toContain('pack.json');
    host.ask(APP);
    expect(await host.line()).toContain(`Loaded ${APP}@1.0.0`);
    expect(await host.end()).toBe(0);
    const again = start();
    await again.line();
    expect(await again.line()).toContain(`Loaded ${LIB}@1.0.0`);
    expect(await again.end()).toBe(0);
  });

  it('does not start with other bytes than the locked ones', async () => {
    const lock = join(app, 'pack-lock.json');
    const text = await readFile(lock, 'utf8');
    await writeFile(lock, text.replace(/sha256-[^"]+/g, `sha256-${'A'.repeat(43)}=`));
    const host = start();
    expect(await host.line()).toContain(
      'The host does not start: The lockfile names other bytes for vendor.acme.app@1.0.0',
    );
    expect(await host.end()).toBe(1);
    await writeFile(lock, text);
  });
});
