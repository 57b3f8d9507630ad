// What the README tells a newcomer to type works line by line, against the real program in a folder of its own.
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OwnDatabase, ownDatabase } from '../world/database.ts';
import { ROOT } from '../world/source.ts';

const run = promisify(execFile);
const LAUNCHER = join(ROOT, 'src/cli/attestry.cjs');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The lines of a shell block under a heading: the first, or that many after it. */
const block = (heading: string, at = 0): string[] => {
  const section = readme.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/```sh\n([\s\S]*?)```/g)][at]?.[1]?.trim().split('\n') ?? [];
};

const hasTools = ['curl', 'openssl', 'tar'].every(
  (tool) => spawnSync(tool, ['--version']).error === undefined,
);

let folder: string;
let database: OwnDatabase;
let server: ChildProcess;
let greeting = '';
let url = '';

const serve = async (settings: Readonly<Record<string, string>>): Promise<void> => {
  server = spawn(process.execPath, [LAUNCHER, 'serve'], {
    cwd: folder,
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const chunk of server.stdout ?? []) {
    greeting += String(chunk);
    if (greeting.includes('install ')) break;
  }
  url = /listening on (\S+)/.exec(greeting)?.[1] ?? '';
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attestry-readme-'));
  await chmod(folder, 0o755);
  database = await ownDatabase();
  await serve({ ATTESTRY_PORT: '0', DATABASE_URL: database.url });
});
afterAll(async () => {
  server.kill('SIGTERM');
  if (server.exitCode === null) await once(server, 'exit');
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Types lines into one shell, as a newcomer does. */
const type = (lines: readonly string[], home: string) => {
  const script = ['set -e', `npx() { shift; node '${LAUNCHER}' "$@"; }`, ...lines].join('\n');
  return run('bash', ['-c', script], {
    cwd: folder,
    env: { ...process.env, DATABASE_URL: database.url, ATTESTRY_URL: url, HOME: home },
  });
};

describe('the README', () => {
  it('goes from a key to an installed pack, line by line', async () => {
    const lines = block('Publish, verify, install').map((line) => line.replace('http://127.0.0.1:8480', url));
    expect(lines.length).toBeGreaterThanOrEqual(8);
    const { stdout } = await type(lines, folder);
    expect(stdout).toContain('Published community.demo.hello@1.0.0');
    expect(existsSync(join(folder, 'packs/community.demo.hello/pack.json'))).toBe(true);
  });

  it('audits the log, yanks, and takes that back', async () => {
    const { stdout } = await type(
      ['export ATTESTRY_TOKEN=$(cat .data/admin-token)', ...block('The log')],
      folder,
    );
    expect(stdout).toMatch(/leaves|entries/);
  });

  it('keeps a knowledge base: proposed, reviewed, read with proof, taken out', async () => {
    const lines = block('Knowledge bases');
    expect(lines.length).toBeGreaterThanOrEqual(8);
    const { stdout, stderr } = await type(
      ['export ATTESTRY_TOKEN=$(cat .data/admin-token)', ...lines],
      folder,
    );
    expect(stdout).toContain('\nRefunds within 30 days.\n');
    expect(stderr).toContain('Assurance: log+signed');
    expect(existsSync(join(folder, 'wording.car'))).toBe(true);
  });

  it('lets an agent propose and somebody else decide, signed where the policy asks for it', async () => {
    const lines = block('Knowledge bases', 1);
    expect(lines.length).toBeGreaterThanOrEqual(8);
    const operator = 'export ATTESTRY_TOKEN=$(cat .data/admin-token)';
    const { stdout } = await type([operator, ...lines], folder);
    const [scribe, rita] = stdout.match(/att_[0-9A-Za-z]{49}/g) ?? [];
    const base = 'kb:acme.example:claims:policy-wording';
    const decided = await type(
      [
        operator,
        `npx attestry kb policy ${base} --set signed_decisions=true`,
        `export ATTESTRY_TOKEN=${scribe}`,
        "echo 'Refunds within 14 days.' > wording/claims/refunds.md",
        `npx attestry kb put ${base} wording --summary 'A shorter time'`,
        `export ATTESTRY_TOKEN=${rita}`,
        'npx attestry keygen --key-id rita-1',
        'npx attestry workforce key human:acme.example:rita rita-1.pub',
        `npx attestry kb accept ${base} --key rita-1.pem`,
        `npx attestry kb get ${base} claims/refunds.md`,
      ],
      folder,
    );
    expect(decided.stdout).toContain('\nRefunds within 14 days.\n');
  });

  it('keeps it for long: checks it, names its garbage, backs it up', async () => {
    await type(block('Running it for long'), folder);
    expect(existsSync(join(folder, 'backup'))).toBe(true);
  });

  it.skipIf(!hasTools)(
    `shows how to check a signature by hand${hasTools ? '' : ' (skipped: no curl or openssl here)'}`,
    async () => {
      expect((await type(block('The wire'), folder)).stdout).toContain('Signature Verified Successfully');
    },
  );

  it('makes an account and a token for a publisher', async () => {
    const { stdout } = await type(
      ['export ATTESTRY_TOKEN=$(cat .data/admin-token)', ...block('People and tokens')],
      folder,
    );
    expect(stdout).toMatch(/att_[0-9A-Za-z]{49}/);
  });

  it('lets that publisher claim, list a key, publish and take nothing that is not his', async () => {
    const token = /att_[0-9A-Za-z]{49}/.exec(
      (
        await type(
          [
            'export ATTESTRY_TOKEN=$(cat .data/admin-token)',
            'npx attestry token create --account acme --scope packs:publish,keys:manage,namespaces:claim',
          ],
          folder,
        )
      ).stdout,
    )?.[0];
    const lines = [
      `export ATTESTRY_TOKEN=${token}`,
      'npx attestry namespace claim vendor.acme',
      'npx attestry keygen --key-id acme-1',
      "npx attestry keys add --key-id acme-1 --key acme-1.pem --namespaces 'vendor.acme.*'",
      'npx attestry new vendor.acme.tools',
      'npx attestry pack vendor.acme.tools --key acme-1.pem',
      'npx attestry publish vendor.acme.tools-1.0.0.tgz',
    ];
    expect((await type(lines, folder)).stdout).toContain('Published vendor.acme.tools@1.0.0');
    const others = [
      lines[0] ?? '',
      'npx attestry keys add --key-id acme-2 --public demo-1.pub --namespaces vendor.acme.x',
    ];
    await expect(type(others, folder)).rejects.toThrow('Prove that you hold the key');
  });

  it('names every setting there is, and no other', () => {
    const known = [
      ...readFileSync(join(ROOT, 'src/config.ts'), 'utf8').matchAll(/'(ATTESTRY_[A-Z_]+)',$/gm),
    ].map((found) => found[1]);
    const told = new Set(readme.match(/ATTESTRY_[A-Z]+(?:_[A-Z]+)*/g));
    expect([...told].sort()).toEqual([...new Set(known)].sort());
  });
});

describe('the greeting', () => {
  it('prints the address and commands that run as they stand', async () => {
    const lines = greeting.split('\n').filter((line) => line.startsWith('  '));
    await rm(join(folder, 'packs'), { recursive: true, force: true });
    const fresh = lines.map((line) =>
      line
        .trim()
        .replaceAll('community.demo.hello', 'community.demo.greeting')
        .replaceAll('demo-1', 'demo-2')
        .replaceAll("'community.demo.*'", "'community.demo.greeting'"),
    );
    await type(fresh, folder);
    expect(existsSync(join(folder, 'packs/community.demo.greeting/pack.json'))).toBe(true);
  });
});
