// The root ceremony on the command line: from the holders' public keys to a registry that stands on their root.
import { once } from 'node:events';
import { chmod, copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { envelopeText, parseEnvelope, signEnvelope } from '../../keys/envelope.ts';
import { formatPublicKeyPem, parseKeyId } from '../../keys/key.ts';
import { verifyFirstRoot, verifyRootUpdate } from '../../keys/root.ts';
import type { Signer } from '../../keys/signer.ts';
import { createSeedFile, loadSeedSigner } from '../../keys/signers/seed.ts';
import { draftOf, firstRoot } from '../../src/cli/root-draft.ts';
import { compose } from '../../src/compose.ts';
import { roleOf } from '../access/root-world.ts';
import { newShell, type Shell } from '../world/cli.ts';
import { ownDatabase } from '../world/database.ts';
import { helpOf, lastLineOf } from '../world/help.ts';
import { testConfig } from '../world/registry.ts';

const ORIGIN = 'packs.acme.example';
const ONLINE = ['attestry-registrar', 'attestry-log'];

/** Keys as keygen writes them. */
const keygen = async (shell: Shell, ...names: readonly string[]): Promise<readonly Signer[]> => {
  const signers: Signer[] = [];
  for (const name of names) {
    const path = join(shell.folder, name);
    await writeFile(`${path}.pub`, formatPublicKeyPem(await createSeedFile(`${path}.pem`)));
    signers.push(await loadSeedSigner(`${path}.pem`, parseKeyId(name)));
  }
  return signers;
};

const initArgs = (threshold: number, holders: readonly string[], ...more: readonly string[]) => [
  ...['root', 'init', '--origin', ORIGIN, '--threshold', String(threshold)],
  ...holders.flatMap((name) => ['--key', `${name}=${name}.pub`]),
  ...['--registrar', 'attestry-registrar.pub', '--log', 'attestry-log.pub', '--out', 'root.json'],
  ...more,
];

/** A shell with the keys of three holders and of the registry, and their root, which the first so many have signed. */
const ceremony = async (signatures = 0): Promise<Shell> => {
  const shell = await newShell();
  const holders = await keygen(shell, 'alice', 'bob', 'carol');
  const [registrar, log] = (await keygen(shell, ...ONLINE)) as [Signer, Signer];
  const now = new Date();
  const root = firstRoot({
    origin: ORIGIN,
    ...roleOf(2, holders),
    registrar: roleOf(1, [registrar]),
    log: log.publicKey,
    now,
    expires: new Date(now.getTime() + 365 * 24 * 3600 * 1000),
  });
  const signed = await signEnvelope(draftOf(root), holders.slice(0, signatures));
  await writeFile(join(shell.folder, 'root.json'), envelopeText(signed));
  return shell;
};

const sign = (shell: Shell, file: string, name: string, ...more: readonly string[]) =>
  shell.run('root', 'sign', file, '--key', `${name}.pem`, ...more);

const envelopeIn = async (shell: Shell, file: string) =>
  parseEnvelope(await readFile(join(shell.folder, file)));

/** A registry over keys and root that the shell made. */
const registryOn = async (shell: Shell) => {
  const database = await ownDatabase();
  const dataDir = join(shell.folder, 'data');
  await mkdir(join(dataDir, 'keys'), { recursive: true });
  for (const name of ONLINE)
    await rename(join(shell.folder, `${name}.pem`), join(dataDir, 'keys', `${name}.pem`));
  await copyFile(join(shell.folder, 'root.json'), join(dataDir, 'keys', 'root.json'));
  const registry = await compose(testConfig(dataDir, database.url), pino({ level: 'silent' }));
  registry.server.listen(0, '127.0.0.1');
  await once(registry.server, 'listening');
  onTestFinished(async () => {
    registry.server.closeAllConnections();
    registry.server.close();
    await registry.close();
    await database.drop();
  });
  const token = join(dataDir, 'admin-token');
  return { dataDir, options: ['--url', registry.url(), '--token-file', token], url: registry.url() };
};

describe('root init', { timeout: 60_000 }, () => {
  it('writes a first root without a signature, from public keys alone, and never over a file', async () => {
    const shell = await newShell();
    await keygen(shell, 'alice', 'bob', 'carol', ...ONLINE);
    const { code, document } = await shell.json(...initArgs(2, ['alice', 'bob', 'carol']));
    expect(code).toBe(0);
    expect(document).toMatchObject({
      version: 1,
      registry: ORIGIN,
      threshold: 2,
      registrar: { threshold: 1, keys: [{ keyId: 'attestry-registrar' }] },
      log: { origin: ORIGIN },
      signatures: [{ signedBy: [], open: ['alice', 'bob', 'carol'], missing: 2 }],
      state: 'incomplete',
    });
    const years =
      (Date.parse(document.expires) - Date.parse(document.issuedAt)) / (365.25 * 24 * 3600 * 1000);
    expect(years).toBeCloseTo(5, 1);
    const before = await readFile(join(shell.folder, 'root.json'), 'utf8');
    expect((await shell.run(...initArgs(1, ['alice']))).stderr).toContain('nothing is overwritten');
    expect(await readFile(join(shell.folder, 'root.json'), 'utf8')).toBe(before);
  });

  it.each([
    [
      'more signatures than keys',
      (shell: Shell) => shell.run(...initArgs(4, ['alice', 'bob'])),
      '4 keys must sign, and there are 2 keys only: see --threshold.',
      2,
    ],
    [
      'one key under two names',
      (shell: Shell) => shell.run(...initArgs(2, ['alice'], '--key', 'bob=alice.pub')),
      'no item twice',
      1,
    ],
    [
      'a private key',
      (shell: Shell) => shell.run(...initArgs(1, ['alice'], '--key', 'bob=bob.pem')),
      'never leaves this machine',
      2,
    ],
    [
      'an end that is none',
      (shell: Shell) => shell.run(...initArgs(1, ['alice'], '--expires', 'soon')),
      'a time like 5y',
      2,
    ],
    [
      'an end that has passed',
      (shell: Shell) => shell.run(...initArgs(1, ['alice'], '--expires', '2020-01-01T00:00:00Z')),
      'later than issuedAt',
      1,
    ],
  ])('refuses %s, and writes nothing', async (_, run, says, exitCode) => {
    const shell = await newShell();
    await keygen(shell, 'alice', 'bob', ...ONLINE);
    const { code, stderr } = await run(shell);
    expect(stderr).toContain(says);
    expect(code).toBe(exitCode);
    await expect(readFile(join(shell.folder, 'root.json'))).rejects.toThrow('ENOENT');
  });
});

describe('root sign', { timeout: 60_000 }, () => {
  it('adds one signature after the other and says how many are missing', async () => {
    const shell = await ceremony();
    expect((await sign(shell, 'root.json', 'carol')).stdout).toContain(
      '1 more of the keys of root 1 must sign (threshold 2; open: alice, bob)',
    );
    expect((await shell.json('root', 'show', 'root.json')).document.state).toBe('incomplete');
    expect((await sign(shell, 'root.json', 'alice', '--key-id', 'alice')).stdout).toContain(
      'Enough keys of root 1 have signed.',
    );
    expect(verifyFirstRoot(await envelopeIn(shell, 'root.json')).registry).toBe(ORIGIN);
    const { stdout } = await shell.run('root', 'show', 'root.json');
    expect(stdout).toMatch(/✓ alice {2}SHA256:.+\n {4}– bob .+\n {4}✓ carol /);
  });

  it.each([
    ['a key that the root does not name', ['mallory'], 'neither in this root nor in the one before it'],
    ['an online key', ['attestry-registrar'], 'neither in this root'],
    ['a key under a name that is not its own', ['bob', '--key-id', 'carol'], 'neither in this root'],
    ['the same holder again', ['alice'], 'alice has signed this root already'],
  ])('refuses %s, and the file stays as it was', async (_, [name = '', ...more], says) => {
    const shell = await ceremony(1);
    await keygen(shell, 'mallory');
    const before = await readFile(join(shell.folder, 'root.json'), 'utf8');
    const { code, stderr } = await sign(shell, 'root.json', name, ...more);
    expect([code, stderr]).toEqual([1, expect.stringContaining(says)]);
    expect(await readFile(join(shell.folder, 'root.json'), 'utf8')).toBe(before);
  });

  it('refuses a key file that others can read', async () => {
    const shell = await ceremony();
    await chmod(join(shell.folder, 'alice.pem'), 0o644);
    expect((await sign(shell, 'root.json', 'alice')).stderr).toContain('chmod 600');
  });

  it.each([
    ['text', 'hello'],
    ['another document', '{"payload":"e30=","payloadType":"application/other","signatures":[]}'],
  ])('refuses %s', async (_, text) => {
    const shell = await ceremony();
    await writeFile(join(shell.folder, 'other.json'), text);
    expect((await sign(shell, 'other.json', 'alice')).code).toBe(1);
    expect(await readFile(join(shell.folder, 'other.json'), 'utf8')).toBe(text);
  });
});

describe('root rotate', { timeout: 60_000 }, () => {
  it('refuses to follow a root that too few have signed, and to remove a key that is not there', async () => {
    const shell = await ceremony(1);
    const rotate = (...more: readonly string[]) =>
      shell.run('root', 'rotate', '--from', 'root.json', '--out', '2.root.json', ...more);
    expect((await rotate()).stderr).toContain('not signed by enough of its own keys');
    await sign(shell, 'root.json', 'bob');
    expect((await rotate('--remove-key', 'dave')).stderr).toContain('no such key to remove');
    expect((await rotate('--remove-key', 'alice,bob')).stderr).toContain('see --threshold');
    await expect(readFile(join(shell.folder, '2.root.json'))).rejects.toThrow('ENOENT');
  });

  it('needs the holders of both roots, and knows who of them has signed', async () => {
    const shell = await ceremony(2);
    await keygen(shell, 'dora', 'eli');
    const change = ['--add-key', 'dora.pub', '--add-key', 'eli.pub', '--remove-key', 'alice,carol'];
    const from = ['--from', 'root.json', '--out', '2.root.json', '--threshold', '3'];
    expect((await shell.run('root', 'rotate', ...from, ...change)).code).toBe(0);
    for (const name of ['dora', 'eli']) await sign(shell, '2.root.json', name);
    const third = await sign(shell, '2.root.json', 'bob', '--previous', 'root.json');
    expect(third.stdout).toContain('Enough keys of root 2 have signed.');
    expect(third.stdout).toContain(
      '1 more of the keys of root 1 must sign (threshold 2; open: alice, carol)',
    );
    const unknown = await shell.json('root', 'show', '2.root.json');
    expect(unknown.document.state).toBe('unknown');
    expect((await sign(shell, '2.root.json', 'alice')).stderr).toContain('--previous FILE');
    await sign(shell, '2.root.json', 'alice', '--previous', 'root.json');
    const shown = await shell.json('root', 'show', '2.root.json', '--previous', 'root.json');
    expect(shown.document).toMatchObject({ version: 2, threshold: 3, state: 'complete' });
    const first = verifyFirstRoot(await envelopeIn(shell, 'root.json'));
    expect(verifyRootUpdate(first, await envelopeIn(shell, '2.root.json')).version).toBe(2);
    const wrong = await shell.run('root', 'show', 'root.json', '--previous', '2.root.json');
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('not newer')]);
  });
});

describe('root publish and show', { timeout: 120_000 }, () => {
  it('put a registry on the root of its operator, and then on the one that follows', async () => {
    const shell = await ceremony(2);
    const { dataDir, options, url } = await registryOn(shell);
    expect((await shell.run('root', 'show', url)).stdout).toContain(`Root 1 of ${ORIGIN}`);
    await keygen(shell, 'attestry-registrar-2', 'attestry-log-2');
    const keys = ['--registrar', 'attestry-registrar-2.pub', '--log', 'attestry-log-2.pub'];
    await shell.run('root', 'rotate', '--from', 'root.json', '--out', '2.root.json', ...keys);
    const publish = () => shell.run('root', 'publish', '2.root.json', ...options);
    expect((await publish()).stderr).toContain('not signed by enough of its own keys');
    for (const name of ['bob', 'carol']) await sign(shell, '2.root.json', name, '--previous', 'root.json');
    const early = await publish();
    expect(early.code).toBe(1);
    expect(early.stderr).toContain(`put them into ${join(dataDir, 'keys')} first`);
    expect(early.stderr).toContain('attestry-registrar-2 (SHA256:');
    for (const name of ['attestry-registrar-2', 'attestry-log-2'])
      await rename(join(shell.folder, `${name}.pem`), join(dataDir, 'keys', `${name}.pem`));
    expect(await publish()).toMatchObject({ code: 0, stdout: `Root 2 of ${ORIGIN} is published.\n` });
    expect((await publish()).stdout).toContain('was published before');
    for (const address of [url, `${url}/trust/root.json`, `${url}/trust/2.root.json`]) {
      const { document } = await shell.json('root', 'show', address);
      expect(document).toMatchObject({ version: 2, state: 'complete' });
    }
  });

  it.each([
    ['what is no registry', 'http://127.0.0.1:1', 'No answer from'],
    ['a file that is not there', 'nothing.json', 'no such file'],
  ])('says so of %s', async (_, place, says) => {
    const { code, stderr } = await (await newShell()).run('root', 'show', place);
    expect([code, stderr]).toEqual([1, expect.stringContaining(says)]);
  });

  it('have help that ends with an example', async () => {
    const { code, stdout } = await (await newShell()).run('root', 'publish', '--help');
    expect([code, lastLineOf(stdout)]).toEqual([0, expect.stringContaining('attestry root publish')]);
    for (const command of ['init', 'rotate', 'sign', 'show'])
      expect(lastLineOf(helpOf(`root ${command}`))).toContain(`attestry root ${command}`);
  });
});
