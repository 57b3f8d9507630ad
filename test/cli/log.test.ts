// attestry log, against a whole registry: an honest one passes, a touched one does not, and a watch ends when it is told.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compose, type Registry } from '../../src/compose.ts';
import { type Json, newShell, type Shell } from '../world/cli.ts';
import { accountWith, addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry, testConfig } from '../world/registry.ts';
import { ROOT } from '../world/source.ts';

let registry: TestRegistry;

const publish = async (name: string, version: string, publisher = createPublisher('acme-1', SEED)) => {
  const body = await publisher.pack({ name, version });
  const answer = await registry.call('PUT', addressOf(name, version), { body });
  expect(answer.status, answer.bytes.toString('utf8')).toBe(201);
};
const SEED = new Uint8Array(32).fill(7);

beforeAll(async () => {
  registry = await startRegistry({ mode: 'private' });
  await delegate(registry.call, createPublisher('acme-1', SEED), ['vendor.acme.*']);
  await delegate(registry.call, createPublisher('old-1'), ['vendor.old.*']);
  await registry.call('POST', '/access/namespaces', { body: { namespace: 'vendor.acme' } });
  for (const version of ['1.0.0', '1.1.0', '2.0.0']) await publish('vendor.acme.tools', version);
  await publish('vendor.acme.cards', '1.0.0');
  const yanked = await registry.call('POST', '/v1/packs/vendor.acme.cards/-/1.0.0/yank', {
    body: { reason: 'broken' },
  });
  expect(yanked.status, yanked.bytes.toString('utf8')).toBeLessThan(300);
  const revoked = await registry.call('POST', '/access/keys/old-1/revoke', { body: { reason: 'lost' } });
  expect(revoked.status, revoked.bytes.toString('utf8')).toBeLessThan(300);
});
afterAll(() => registry.stop());

const shell = (): Promise<Shell> => newShell({ ATTESTRY_URL: registry.url });

describe('attestry log verify', { timeout: 60_000 }, () => {
  it('finds nothing in an honest registry, down to the bytes', async () => {
    const { code, document } = await (await shell()).json('log', 'verify', '--tarballs');
    expect(document.findings).toEqual([]);
    expect({ code, ok: document.ok, compared: document.compared }).toEqual({
      code: 0,
      ok: true,
      compared: true,
    });
    expect(document.counts).toMatchObject({
      packs: 2,
      versions: 4,
      yanked: 1,
      keys: 2,
      revoked: 1,
      roots: 1,
    });
  });

  it('says so in a few lines', async () => {
    const { code, stdout, stderr } = await (await shell()).run('log', 'verify');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('4 versions of 2 packs, 1 yanked');
    expect(stdout.trimEnd().split('\n')).toHaveLength(5);
    expect(stdout).toContain('No tarball was fetched');
    expect(stdout).toContain('attestry log verify --tarballs\n');
    const whole = await (await shell()).run('log', 'verify', '--tarballs');
    expect(whole.stdout).toContain('every tarball was fetched');
  });

  it('ends a watch of one look where nobody answers, with exit code 1', async () => {
    const where = ['--url', 'http://127.0.0.1:1'];
    const { code, stdout } = await (await newShell()).run('log', 'watch', '--once', ...where);
    expect(code).toBe(1);
    expect(stdout).toContain('(pack_registry_unreachable)\n');
    expect(stdout).not.toContain('asked again');
  });

  it('says where nobody answers', async () => {
    const { code, stderr } = await (await newShell()).run('log', 'verify', '--url', 'http://127.0.0.1:1');
    expect(code).toBe(1);
    expect(stderr).toContain('Refused');
  });
});

/** What nobody may do, done behind the back of the registry: published bytes and names change without an event. */
const tamper = async (): Promise<void> => {
  await publish('vendor.acme.late', '1.0.0');
  await registry.sql`update versions set digest = decode(repeat('ab', 32), 'hex') where name = 'vendor.acme.late'`;
  await registry.sql`update versions set name = 'vendor.acme.gone', name_key = 'vendor.acme.gone'
    where name = 'vendor.acme.tools' and version = '1.1.0'`;
  await registry.sql`insert into pack_latest (tree, name, name_key, version, rank, yanked, deprecated)
    select tree, 'vendor.acme.gone', 'vendor.acme.gone', '1.1.0', rank, false, false from pack_latest
    where name = 'vendor.acme.tools'`;
  await publish('vendor.acme.tools', '3.0.0');
};

const FOUND = [
  'pack_unlogged pack:vendor.acme.gone',
  'version_digest pack:vendor.acme.late@1.0.0',
  'version_missing pack:vendor.acme.tools@1.1.0',
  'version_unlogged pack:vendor.acme.gone@1.1.0',
];

describe('a registry that was tampered with', { timeout: 60_000 }, () => {
  let tampered: Registry;
  const shell = (): Promise<Shell> => newShell({ ATTESTRY_URL: tampered.url() });
  // In a process that starts afterwards, so that it remembers nothing of what was.
  beforeAll(async () => {
    await tamper();
    tampered = await compose(testConfig(registry.dataDir, registry.databaseUrl), pino({ level: 'silent' }));
    tampered.server.listen(0, '127.0.0.1');
    await once(tampered.server, 'listening');
  });
  afterAll(async () => {
    tampered.server.closeAllConnections();
    tampered.server.close();
    await tampered.close();
  });

  it('is told everything at once by "log verify", which ends with exit code 1', async () => {
    const run = await shell();
    const { code, document } = await run.json('log', 'verify');
    expect({ code, ok: document.ok }).toEqual({ code: 1, ok: false });
    const found = (document.findings as Json[]).map(({ code: what, subject }) => `${what} ${subject}`);
    expect(found.sort()).toEqual(FOUND);
    const { stdout } = await run.run('log', 'verify');
    expect(stdout).toMatch(/✗ pack:vendor\.acme\.late@1\.0\.0, entry \d+: .+ \(version_digest\)/);
  });

  it('makes "log watch" raise an alarm for each, with the evidence in a file', async () => {
    const run = await shell();
    const { code, stdout } = await run.run('log', 'watch', '--once', '--json');
    const seen = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Json);
    expect(code).toBe(1);
    expect(
      seen.map(({ kind, code: what, evidence }) => `${kind} ${what} ${evidence.subject}`).sort(),
    ).toEqual(FOUND.map((each) => `alarm ${each}`));
    const kept = await readdir(join(run.folder, '.attestry', 'trust'));
    expect(kept.filter((name) => name.includes('.alarm-'))).toHaveLength(FOUND.length);
  });

  it('takes nothing for a time that is none', async () => {
    const { code, stderr } = await (await shell()).run('log', 'watch', '--interval', 'soon');
    expect(code).toBe(2);
    expect(stderr).toContain('10s');
  });

  it('goes on, tells of what comes, and ends cleanly when it is told to', async () => {
    const { folder } = await shell();
    const env = { HOME: folder, PATH: '', ATTESTRY_URL: tampered.url() };
    const options = ['log', 'watch', '--json', '--keep-going', '--interval', '100ms'];
    const child = spawn(process.execPath, [join(ROOT, 'src/cli/attestry.cjs'), ...options], {
      env,
      cwd: folder,
    });
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += String(chunk);
    });
    await expect.poll(() => out, { timeout: 20_000 }).toContain('pack_unlogged');
    child.kill('SIGTERM');
    const [code, signal] = await once(child, 'exit');
    expect({ code, signal }).toEqual({ code: 1, signal: null });
  });
});

describe('the audit of a running registry', () => {
  it('answers whoever may read it, and nobody else', async () => {
    const path = '/v1/audit/verify?fromSeq=0&toSeq=1000000';
    const { status, json } = await registry.call('GET', path);
    expect(status).toBe(200);
    expect(json).toMatchObject({ fromSeq: 0, toSeq: 1_000_000, chainValid: true, anomalies: [] });
    expect((await registry.call('GET', path.replace('/v1', ''))).json).toEqual(json);
    expect((await registry.call('GET', path, { token: null })).status).toBe(401);
    const token = await accountWith(registry.call, 'nobody', ['packs:read']);
    expect((await registry.call('GET', path, { token })).status).toBe(403);
    for (const query of [
      '',
      '?fromSeq=1',
      '?fromSeq=-1&toSeq=2',
      '?fromSeq=3&toSeq=2',
      '?fromSeq=a&toSeq=b',
    ]) {
      const { status, json } = await registry.call('GET', `/v1/audit/verify${query}`);
      expect([status, json.message], query).toEqual([400, expect.stringContaining('?fromSeq=1&toSeq=')]);
    }
  });

  it('is advertised with the key that signs its checkpoints', async () => {
    const { json } = await registry.call('GET', '/.well-known/openwop-registry');
    expect(json.auth).toMatchObject({
      profiles: ['openwop-audit-log-integrity'],
      auditLogIntegrity: { hashChain: true, checkpointPublicKey: expect.stringMatching(/^MCowBQYDK2VwAyEA/) },
    });
  });

  it('shows no witnessed checkpoint while nobody is asked', async () => {
    expect((await registry.call('GET', '/transparency/checkpoint/witnessed')).status).toBe(404);
  });
});
