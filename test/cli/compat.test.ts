// What is told at the command line of packs and a host, before anything is installed.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { newShell } from '../world/cli.ts';
import { makePack } from '../world/packs.ts';
import { createPublisher } from '../world/publisher.ts';
import { emptyRegistry, plainRegistry, type StaticRegistry } from '../world/static-registry.ts';

const WELL_KNOWN = '/.well-known/openwop';
const V1 = { protocolVersion: '1.0', supportedEnvelopes: [], schemaVersions: {}, limits: {} };
const V2 = { protocolVersions: ['1.0', '2.0'], preferredVersion: '2.0' };
const record = { status: 'stable', since: '2.0', witness: 'claims-check' };

let registry: StaticRegistry;
beforeAll(async () => {
  const publisher = createPublisher();
  const bare = {
    '/agents': undefined,
    '/connector': undefined,
    '/nodes': [{ typeId: 'vendor.acme.node', version: '1.0.0', category: 'data', role: 'pure' }],
    '/peerDependenciesMeta': undefined,
    '/runtime/requires': undefined,
  };
  const tools = await makePack(publisher, {
    tree: 'v2',
    edits: {
      ...bare,
      '/dependencies': { 'vendor.acme.base': '^1.0.0' },
      '/peerDependencies': { sql: 'required' },
    },
  });
  const base = await makePack(publisher, {
    name: 'vendor.acme.base',
    edits: {
      ...bare,
      '/dependencies': undefined,
      '/engines/openwop': '>=1.0.0 <3.0.0',
      '/peerDependencies': { fs: 'supported' },
      '/peerDependenciesMeta': { fs: { optional: true } },
      '/runtime/requires': ['clock'],
    },
  });
  const helper = await makePack(publisher, {
    name: 'vendor.acme.helper',
    edits: {
      ...bare,
      '/agents': [
        {
          agentId: 'vendor.acme.helper.one',
          persona: 'Helper',
          modelClass: 'general',
          systemPrompt: 'Help.',
          toolAllowlist: ['openwop:vendor.acme.node'],
        },
      ],
      '/nodes': undefined,
      '/dependencies': undefined,
      '/engines/openwop': '>=1.0.0 <3.0.0',
      '/peerDependencies': undefined,
    },
  });
  registry = await plainRegistry([{ publisher }], [tools, base, helper]);
});
afterAll(() => registry.close());

interface Asked {
  readonly path: string | undefined;
  readonly version: string | undefined;
  readonly authorization: string | undefined;
}

/** A host that answers `document` to whoever asks for v2, and `v1` to the others; undefined is 406. */
const hostWith = async (document: object | undefined, v1: object | undefined = undefined) => {
  const host = await emptyRegistry();
  onTestFinished(() => host.close());
  const asked: Asked[] = [];
  host.lieAbout(/./, (response, _honest, { headers, url: path }) => {
    const version = headers['openwop-version'] as string | undefined;
    asked.push({ path, version, authorization: headers.authorization });
    const answer = version === undefined ? v1 : document;
    response.writeHead(answer === undefined ? 406 : 200).end(JSON.stringify(answer ?? {}));
  });
  return { url: host.url, asked };
};

const PACK = 'vendor.acme.tools@^1.0.0';
const shellFor = () => newShell({ ATTESTRY_URL: registry.url, ATTESTRY_TOKEN: 'secret' });

describe('attestry compat', { timeout: 60_000 }, () => {
  it('tells all that is in the way, and who brings it in, and ends with 1', async () => {
    const { url, asked } = await hostWith(V2);
    const { code, stdout } = await (await shellFor()).run(
      'compat',
      PACK,
      '--host',
      url,
      '--grants',
      'net.dns',
    );
    expect(code).toBe(1);
    expect(stdout).toContain('Not compatible: 2 needs not met by a host that speaks 1.0, 2.0 (v2 document)');
    expect(stdout).toContain('✗ vendor.acme.tools@1.0.0 needs sql; the host does not name sql');
    expect(stdout).toContain('pack_peer_dependency_missing (400) at /peerDependencies/sql\n');
    expect(stdout).toContain('✗ vendor.acme.base@1.0.0 needs clock; the host grants net.dns');
    expect(stdout).toContain('at /runtime/requires/0, brought in by vendor.acme.tools@1.0.0');
    expect(stdout).toContain('– vendor.acme.base@1.0.0 needs fs');
    expect(stdout).toContain('? vendor.acme.tools@1.0.0: runtime javascript');
    expect(asked).toEqual([{ path: WELL_KNOWN, version: '2.0', authorization: undefined }]);
  });

  it('ends with 0 where nothing is, as one document for machines', async () => {
    const { url } = await hostWith({ ...V2, sql: record });
    const { code, document } = await (await shellFor()).json(
      'compat',
      PACK,
      '--host',
      `${url}/`,
      '--grants',
      'clock',
    );
    expect(code).toBe(0);
    expect(document).toMatchObject({
      ok: true,
      compatible: true,
      host: { document: 'v2', versions: ['1.0', '2.0'] },
      packs: [
        { pack: 'vendor.acme.tools@1.0.0', tree: 'v2', broughtBy: [] },
        { pack: 'vendor.acme.base@1.0.0', tree: 'v1', broughtBy: ['vendor.acme.tools@1.0.0'] },
      ],
      unmet: [],
      degraded: [{ needs: 'fs' }],
    });
  });

  it('asks a host that does not speak v2 for its document of v1', async () => {
    const { url, asked } = await hostWith(undefined, V1);
    const { document } = await (await shellFor()).json('compat', 'vendor.acme.base', '--host', url);
    expect(document).toMatchObject({
      ok: true,
      host: { document: 'v1' },
      notChecked: [{}, { needs: 'clock' }],
    });
    expect(asked.map(({ version }) => version)).toEqual(['2.0', undefined]);
  });

  it('reads the document from a file, strictly, and names the registry by an option of its own', async () => {
    const shell = await newShell();
    const file = join(shell.folder, 'host.json');
    const args = ['compat', PACK, '--host', file, '--registry', registry.url] as const;
    await writeFile(file, JSON.stringify({ ...V2, sql: record }));
    expect((await shell.run(...args)).stdout).toContain('Compatible: 2 packs for');
    for (const text of [
      '{"protocolVersions":["2.0"],"sql":{},"sql":{}}',
      '[]',
      '{}',
      '['.repeat(99_999),
      '{"__proto__":1}',
    ]) {
      await writeFile(file, text);
      const { code, document } = await shell.json(...args);
      expect([code, document.error]).toEqual([1, 'host_unreadable']);
    }
  });

  it('names the cure where a pack, a host or a word is wrong', async () => {
    const shell = await shellFor();
    const { url } = await hostWith(undefined);
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await shell.run('compat', ...args);
      return [code, stdout + stderr] as const;
    };
    expect(await run(PACK, '--host', url)).toEqual([1, expect.stringContaining('the host answered 406')]);
    expect(await run(PACK, '--host', 'http://127.0.0.1:9/')).toEqual([1, expect.stringContaining('--host')]);
    expect(await run(PACK, '--host', 'http://a:b@c/')).toEqual([2, expect.stringContaining('--host')]);
    expect(await run('Vendor', '--host', url)).toEqual([2, expect.stringContaining('scope.org.name')]);
    expect(await run(PACK, '--host', url, '--grants', 'A b')).toEqual([
      2,
      expect.stringContaining('net.outbound'),
    ]);
    const known = await hostWith(V2);
    expect(await run('vendor.acme.gone', '--host', known.url)).toEqual([
      1,
      expect.stringContaining('pack_version_not_found (404)'),
    ]);
  });

  it('counts the tools of what is installed', async () => {
    const [{ url }, shell] = [await hostWith(V2), await shellFor()];
    const installed = await shell.run('install', 'vendor.acme.base', '--dir', 'packs');
    expect(installed).toMatchObject({ code: 0 });
    const args = ['compat', 'vendor.acme.helper', '--host', url] as const;
    const alone = (await shell.json(...args)).document;
    expect(alone.unmet).toMatchObject([{ code: 'capability_required', needs: 'openwop:vendor.acme.node' }]);
    expect((await shell.json(...args, '--dir', 'packs')).document).toMatchObject({ ok: true, unmet: [] });
  });

  it('does not believe an archive that breaks the rules', async () => {
    const { url } = await hostWith(V2);
    const lying = await emptyRegistry();
    onTestFinished(() => lying.close());
    for (const [path, bytes] of registry.files) lying.files.set(path, bytes);
    lying.files.set('/v2/packs/vendor.acme.tools/-/1.0.0.tgz', Buffer.from('no archive'));
    const { code, document } = await (await shellFor()).json(
      'compat',
      PACK,
      '--host',
      url,
      '--registry',
      lying.url,
    );
    expect([code, document.error]).toEqual([1, 'archive_invalid']);
  });
});
