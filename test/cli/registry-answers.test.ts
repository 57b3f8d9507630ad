// What the registry answers to the commands of operators and publishers, as people and machines see it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newShell } from '../world/cli.ts';
import { emptyRegistry } from '../world/static-registry.ts';

interface Asked {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** A registry that answers everything alike, and remembers what it was asked. */
const answering = async (status: number, body: unknown) => {
  const registry = await emptyRegistry();
  onTestFinished(() => registry.close());
  const asked: Asked[] = [];
  registry.lieAbout(/./, async (response, _honest, { method, url, headers, ...request }) => {
    void request;
    asked.push({ method, path: url, authorization: headers.authorization, body: undefined });
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(status === 204 ? undefined : JSON.stringify(body));
  });
  return { url: registry.url, asked };
};

const fault = (error: string, message: string, details: object = {}) => ({ error, message, details });

describe('a token', { timeout: 30_000 }, () => {
  it('is taken from the option, the file or the environment, and the file wins', async () => {
    const { url, asked } = await answering(200, { accounts: [] });
    const shell = await newShell({ ATTESTRY_URL: url, ATTESTRY_TOKEN: 'from-environment' });
    await writeFile(join(shell.folder, 'token'), 'from-file\n');
    await shell.run('account', 'list');
    await shell.run('account', 'list', '--token', 'from-option');
    await shell.run('account', 'list', '--token-file', 'token');
    expect(asked.map(({ authorization }) => authorization)).toEqual([
      'Bearer from-environment',
      'Bearer from-option',
      'Bearer from-file',
    ]);
  });

  it('that is missing or bad is told apart from one that may not do this', async () => {
    const bad = await answering(401, fault('unauthenticated', 'A valid token is needed.'));
    const weak = await answering(
      403,
      fault('forbidden', 'This token does not permit that.', { scope: 'admin' }),
    );
    const shell = await newShell();
    const [first, second] = [
      await shell.run('account', 'list', '--url', bad.url),
      await shell.run('account', 'list', '--url', weak.url),
    ];
    expect([first.code, second.code]).toEqual([1, 1]);
    expect(first.stderr).toContain('--token-file FILE, or ATTESTRY_TOKEN');
    expect(second.stderr).toContain('scope: admin\n  Ask the operator');
    const { document } = await shell.json('account', 'list', '--url', weak.url);
    const cure = 'Ask the operator for a token with that scope and namespace.';
    expect(document).toMatchObject({ ok: false, error: 'forbidden', cure });
  });

  it('that was just made is shown once, alone on its line', async () => {
    const { url, asked } = await answering(201, { id: 'tok_1', token: 'att_secret' });
    const args = [
      'token',
      'create',
      '--account',
      'acme',
      '--scope',
      'packs:publish,packs:read',
      '--url',
      url,
    ];
    const { stdout } = await (await newShell()).run(...args);
    expect(stdout.split('\n')[0]).toBe('att_secret');
    expect(asked[0]).toMatchObject({ method: 'POST', path: '/access/tokens' });
  });
});

describe('commands', { timeout: 60_000 }, () => {
  it.each([
    [['account', 'create', 'acme'], 'POST /access/accounts'],
    [['account', 'list'], 'GET /access/accounts'],
    [['token', 'list'], 'GET /access/tokens'],
    [['token', 'revoke', 'tok_1'], 'DELETE /access/tokens/tok_1'],
    [['namespace', 'claim', 'vendor.acme'], 'POST /access/namespaces'],
    [['namespace', 'list'], 'GET /access/namespaces'],
    [['keys', 'list'], 'GET /access/keys'],
    [['keys', 'revoke', '--key-id', 'acme-1', '--reason', 'stolen'], 'POST /access/keys/acme-1/revoke'],
  ])('%s asks the registry at its address', async (args, request) => {
    const { url, asked } = await answering(200, {});
    const { code } = await (await newShell()).json(...args, '--url', `${url}/`);
    expect(code).toBe(0);
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([request]);
  });

  it('list what there is as a table for people, and as the registry said it for machines', async () => {
    const keys = [{ keyId: 'acme-1', account: 'acme', status: 'active', namespaces: ['vendor.acme.*'] }];
    const { url } = await answering(200, { keys });
    const shell = await newShell();
    expect((await shell.run('keys', 'list', '--url', url)).stdout).toMatch(
      /^KEY ID .+NOT AFTER .+\nacme-1 +acme +active/,
    );
    expect((await shell.json('keys', 'list', '--url', url)).document).toEqual({ ok: true, keys });
  });

  it('add a key under the name of its file, and say until when it may sign', async () => {
    const { url } = await answering(201, { keyId: 'acme-1', notAfter: '2028-01-01T00:00:00Z' });
    const shell = await newShell({ ATTESTRY_URL: url });
    await shell.run('keygen', '--key-id', 'acme-1');
    const add = ['keys', 'add', '--key', 'acme-1.pem'];
    const { stdout } = await shell.run(...add, '--namespaces', 'vendor.acme.*');
    expect(stdout).toBe('acme-1 now speaks for vendor.acme.*, until 2028-01-01T00:00:00Z.\n');
    const { code, stderr } = await shell.run(...add);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('--namespaces vendor.acme.*'),
    });
    const asPrivate = ['keys', 'add', '--key', 'acme-1.pub', '--namespaces', 'vendor.acme.*'];
    expect((await shell.run(...asPrivate)).stderr).toMatch(/^That is no private key(?![\s\S]*chmod)/);
  });

  it.each([
    ['that says so', { yanked: false, changed: false, receipt: { index: 3 } }],
    ['that has no receipt for it', { yanked: false, receipt: null }],
  ])('%s do not call a version offered again that never was yanked', async (_, answer) => {
    const { url } = await answering(200, answer);
    const { stdout } = await (await newShell()).run('unyank', 'vendor.acme.tools@1.0.0', '--url', url);
    expect(stdout).toContain('was not yanked: nothing changed');
  });

  it('name one cure for a version that is not there', async () => {
    const reason = { reason: 'pack_version_not_found' };
    const { url } = await answering(404, fault('pack_not_found', 'There is no such version.', reason));
    const yank = ['yank', 'vendor.acme.tools@9.0.0', '--reason', 'x', '--url', url];
    expect((await (await newShell()).run(...yank)).stderr.match(/Check the/g)).toHaveLength(1);
  });

  it('show every violation that the registry lists', async () => {
    const violations = [{ code: 'invalid_manifest', where: '/nodes/0', message: 'is wrong' }];
    const { url } = await answering(
      400,
      fault('invalid_manifest', 'It is wrong.', { violations, correlationId: 'r1' }),
    );
    const { stderr } = await (await newShell()).run('account', 'create', 'acme', '--url', url);
    expect(stderr).toContain('It is wrong. (invalid_manifest, 400)\n  /nodes/0: is wrong (invalid_manifest)');
    expect(stderr).toContain('request: r1');
  });

  it('say so when what answers is no registry', async () => {
    const { url } = await answering(502, '<html>');
    const { code, stderr } = await (await newShell()).run('account', 'list', '--url', url);
    expect(code).toBe(1);
    expect(stderr).toContain('answered 502, which is no answer of a registry');
  });
});
