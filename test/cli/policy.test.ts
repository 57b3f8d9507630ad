// The policy of a host on the command line: found where one works, read strictly, and loosened by no option.
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { governedBy } from '../../src/cli/governed.ts';
import { acme, registryWith, TOOLS, tempFolder } from '../client/host.ts';
import { newShell, type Shell } from '../world/cli.ts';
import { makePack } from '../world/packs.ts';
import type { PackOptions } from '../world/publisher.ts';
import type { StaticRegistry } from '../world/static-registry.ts';

const FILE = 'attestry.policy.json';

interface Host {
  readonly registry: StaticRegistry;
  readonly shell: Shell;
}

const write = (shell: Shell, members: object, file = FILE): Promise<void> =>
  writeFile(join(shell.folder, file), JSON.stringify({ attestryPolicy: 1, mode: 'verified', ...members }));

const hostWith = async (packs: readonly PackOptions[], env = true): Promise<Host> => {
  const registry = await registryWith(await Promise.all(packs.map((each) => makePack(acme, each))));
  return { registry, shell: await newShell(env ? { ATTESTRY_URL: registry.url } : {}) };
};

const UNSIGNED: readonly PackOptions[] = [{ seed: null }];

describe('a policy in the working directory', { timeout: 60_000 }, () => {
  it('decides without being asked, and its refusal names the rule and the cure', async () => {
    const { shell } = await hostWith(UNSIGNED);
    expect((await shell.run('verify', TOOLS, '--allow-unsigned')).code).toBe(0);
    await write(shell, {});
    const { code, stderr } = await shell.run('install', TOOLS, '--dir', 'packs');
    expect(code).toBe(1);
    expect(stderr).toContain(
      `${FILE}#/mode: ${TOOLS}: mode verified takes no unsigned pack. Take a signed version`,
    );
    expect(await readdir(shell.folder)).not.toContain('packs');
    const { document } = await shell.json('verify', TOOLS);
    expect(document).toMatchObject({
      ok: false,
      error: 'policy_refused',
      evidence: { rule: `${FILE}#/mode` },
    });
  });

  it.each(['--allow-unsigned', '--allow-rotated-keys'])('is not loosened by %s', async (option) => {
    const { shell, registry } = await hostWith(UNSIGNED);
    await write(shell, {});
    const { code, stderr } = await shell.run('verify', TOOLS, option);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`${option} would loosen ${FILE}#/mode`)]);
    expect(registry.requests).toEqual([]);
  });

  it('cannot be left out, nor replaced by one that is named', async () => {
    const { shell } = await hostWith(UNSIGNED);
    await write(shell, {});
    await write(shell, { mode: 'open' }, 'open.json');
    expect((await shell.run('verify', TOOLS, '--no-policy')).code).toBe(2);
    const { code, stderr } = await shell.run('verify', TOOLS, '--policy', 'open.json');
    expect([code, stderr]).toEqual([1, expect.stringContaining(`${FILE}#/mode`)]);
  });

  it('that cannot be read or used stops everything, with the line that is wrong', async () => {
    const { shell, registry } = await hostWith([{}]);
    await writeFile(
      join(shell.folder, FILE),
      '{\n"attestryPolicy": 1,\n"mode": "verified",\n"minimumage": "7d"\n}',
    );
    const { code, stderr } = await shell.run('verify', TOOLS);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`${FILE}:4: /minimumage is no member here`)]);
    const { shell: other } = await hostWith([{}]);
    await mkdir(join(other.folder, FILE));
    expect((await other.run('verify', TOOLS)).code).toBe(1);
    const { shell: dangling } = await hostWith([{}]);
    await symlink('gone.json', join(dangling.folder, FILE));
    expect((await dangling.run('verify', TOOLS)).code).toBe(1);
    expect(registry.requests).toEqual([]);
  });

  it('says what was passed over, and by which policies', async () => {
    const licensed = (version: string, license: string) => ({ version, edits: { '/license': license } });
    const { shell } = await hostWith([licensed('1.0.0', 'MIT'), licensed('1.1.0', 'GPL-3.0-only')]);
    await write(shell, { licenses: { allow: ['MIT'] } });
    const { stdout } = await shell.run('verify', 'vendor.acme.tools@^1');
    expect(stdout).toContain('Passed over 1.1.0: attestry.policy.json#/licenses/allow');
    const { document } = await shell.json('install', 'vendor.acme.tools@^1', '--dir', 'packs');
    expect(document).toMatchObject({
      policies: [{ file: FILE, mode: 'verified' }],
      packs: [{ version: '1.0.0', passed: [{ version: '1.1.0', rule: `${FILE}#/licenses/allow` }] }],
    });
  });

  it('in open mode says so first, and loudly', async () => {
    const { shell } = await hostWith(UNSIGNED);
    await write(shell, { mode: 'open' });
    const { code, stdout } = await shell.run('install', TOOLS, '--dir', 'packs');
    expect([code, stdout.split('\n')[0]]).toEqual([
      0,
      expect.stringContaining('WARNING: attestry.policy.json is in OPEN MODE'),
    ]);
  });

  it('says where packs come from, and takes them from nowhere else', async () => {
    const { shell, registry } = await hostWith([{}], false);
    await write(shell, { registries: [{ url: registry.url }] });
    expect((await shell.run('verify', TOOLS)).code).toBe(0);
    const { code, stderr } = await shell.run('verify', TOOLS, '--url', 'https://elsewhere.example');
    expect([code, stderr]).toEqual([2, expect.stringContaining('leave out --url')]);
  });
});

describe('a bundle under a policy', { timeout: 60_000 }, () => {
  it('is judged like anything else, and at no other time than now where that would help it', async () => {
    const { shell } = await hostWith([{ edits: { '/license': 'MIT' } }]);
    expect((await shell.run('bundle', TOOLS, '--out', 'tools.json')).code).toBe(0);
    await write(shell, { licenses: { allow: ['MIT'] } });
    expect((await shell.run('verify', '--bundle', 'tools.json')).code).toBe(0);
    await write(shell, { licenses: { allow: ['Apache-2.0'] } });
    const refused = await shell.json('verify', '--bundle', 'tools.json');
    expect(refused.document.evidence).toMatchObject({ rule: `${FILE}#/licenses/allow` });
    await write(shell, { minimumAge: { age: '7d' } });
    const { code, stderr } = await shell.run('verify', '--bundle', 'tools.json', '--at', '2099-01-01');
    expect([code, stderr]).toEqual([2, expect.stringContaining(`--at would loosen ${FILE}`)]);
  });
});

describe('attestry policy', { timeout: 60_000 }, () => {
  it('init writes a policy that check can explain, and overwrites nothing', async () => {
    const shell = await newShell();
    const { code, stdout } = await shell.run('policy', 'init', '--url', 'https://packs.example/');
    expect([code, stdout]).toEqual([0, expect.stringContaining('Mode verified: takes only what is signed')]);
    expect(JSON.parse(await readFile(join(shell.folder, FILE), 'utf8'))).toMatchObject({
      attestryPolicy: 1,
      registries: [{ url: 'https://packs.example' }],
    });
    const checked = await shell.run('policy', 'check');
    expect(checked.stdout).toContain('Takes only versions that are 3d old');
    expect((await shell.json('policy', 'init')).document).toMatchObject({ ok: false, error: 'file_exists' });
  });

  it('check, where there is no policy, says how to begin one', async () => {
    const { code, stderr } = await (await newShell()).run('policy', 'check');
    expect([code, stderr]).toEqual([1, expect.stringContaining('attestry policy init')]);
  });

  it('check names everything that is wrong with a file', async () => {
    const shell = await newShell();
    await write(shell, { yanks: 'ignore', registries: [] }, 'bad.json');
    const { code, document } = await shell.json('policy', 'check', 'bad.json');
    expect(code).toBe(1);
    expect(document).toMatchObject({
      error: 'policy_file_invalid',
      problems: [{ where: '/yanks' }, { where: '/registries' }],
    });
  });
});

describe('where several registries are in play', () => {
  const INSIDE = 'https://inside.example';
  const OUTSIDE = 'https://outside.example';
  const settings = { url: 'http://127.0.0.1:8480', token: 'secret', allowPrivateAddresses: false };

  const policyAt = async (...registries: readonly object[]) => {
    const folder = await tempFolder();
    const policy = join(folder, 'policy.json');
    await writeFile(policy, JSON.stringify({ attestryPolicy: 1, mode: 'verified', registries }));
    return { folder, policy };
  };

  const tokens = async (given: object, ...registries: readonly object[]) => {
    const { policy } = await policyAt(...registries);
    const { sourcesOf } = await governedBy({ ...settings, ...given }, { policy });
    return sourcesOf(TOOLS.split('@')[0] ?? '').map(({ url, token }) => [url, token]);
  };

  it('the token goes to the one that it is for, and to no other', async () => {
    const both = [{ url: INSIDE }, { url: OUTSIDE }];
    expect(await tokens({}, ...both)).toEqual([
      [INSIDE, undefined],
      [OUTSIDE, undefined],
    ]);
    expect(await tokens({}, { url: INSIDE, token: true }, { url: OUTSIDE })).toEqual([
      [INSIDE, 'secret'],
      [OUTSIDE, undefined],
    ]);
    expect(await tokens({ url: OUTSIDE, urlGiven: true }, ...both)).toEqual([[OUTSIDE, 'secret']]);
    expect(await tokens({}, { url: INSIDE })).toEqual([[INSIDE, 'secret']]);
  });

  it('each starts from the root that the policy pins for it, and no option names another', async () => {
    const { folder, policy } = await policyAt({ url: INSIDE, root: 'inside.json' }, { url: OUTSIDE });
    await writeFile(join(folder, 'inside.json'), 'one root');
    await writeFile(join(folder, 'other.json'), 'another root');
    const { sourcesOf } = await governedBy(settings, { policy });
    expect(
      sourcesOf('vendor.acme.tools').map(
        ({ pinnedRoot }) => pinnedRoot && Buffer.from(pinnedRoot).toString(),
      ),
    ).toEqual(['one root', undefined]);
    const inside = { ...settings, url: INSIDE, urlGiven: true };
    const named = (file: string) =>
      governedBy(inside, { policy, root: [{ url: undefined, file: join(folder, file) }] });
    expect((await named('inside.json')).sourcesOf('vendor.acme.tools')).toHaveLength(1);
    const other = await named('other.json');
    expect(() => other.sourcesOf('vendor.acme.tools')).toThrow('--root is another root than the policy pins');
  });

  it('a root or a memory that is named has to say of which', async () => {
    const { policy } = await policyAt({ url: INSIDE }, { url: OUTSIDE });
    const { sourcesOf } = await governedBy(settings, { policy, state: 'state.json' });
    expect(() => sourcesOf('vendor.acme.tools')).toThrow('--state is about one registry');
  });
});
