// A pack that the registry refuses: every violation on a line of its own, and what to do about those that are known.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newShell } from '../world/cli.ts';
import { createPublisher } from '../world/publisher.ts';
import { emptyRegistry } from '../world/static-registry.ts';

const NAME = 'vendor.acme.tools';
const FILE = `${NAME}-1.0.0.tgz`;

const refusedWith = async (status: number, error: string, message: string, details: object) => {
  const registry = await emptyRegistry();
  onTestFinished(() => registry.close());
  registry.lieAbout(/./, (response, _honest, request) => {
    request.resume();
    response.writeHead(status).end(JSON.stringify({ error, message, details }));
  });
  const shell = await newShell({ ATTESTRY_URL: registry.url, ATTESTRY_TOKEN: 'att_test' });
  await writeFile(join(shell.folder, FILE), await createPublisher().pack({ name: NAME, seed: null }));
  return shell.run('publish', FILE);
};

describe('publish of a refused pack', { timeout: 60_000 }, () => {
  it('prints every violation, then the cure of each known code once', async () => {
    const violations = [
      { code: 'schema_ref_missing', where: '/nodes/0/inputSchemaRef', message: 'a.json is not there' },
      { code: 'schema_ref_missing', where: '/nodes/1/inputSchemaRef', message: 'b.json is not there' },
      { code: 'invalid_manifest', where: '/license', message: 'must be a text' },
    ];
    const { code, stdout, stderr } = await refusedWith(400, 'pack_validation_failed', 'a.json is not there', {
      violations,
      reason: 'schema_ref_missing',
      correlationId: 'r1',
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toEqual([
      'a.json is not there (pack_validation_failed, 400)',
      '  /nodes/0/inputSchemaRef: a.json is not there (schema_ref_missing)',
      '  /nodes/1/inputSchemaRef: b.json is not there (schema_ref_missing)',
      '  /license: must be a text (invalid_manifest)',
      '  reason: schema_ref_missing',
      '  Add the file, or correct the reference to it in pack.json.',
      '  request: r1',
    ]);
  });

  it.each([
    [409, 'version_conflict', {}, 'raise "version" in pack.json'],
    [409, 'conflict', {}, 'raise "version" in pack.json'],
    [400, 'pack_signature_invalid', { reason: 'signature_required' }, 'attestry pack FOLDER --key'],
    [400, 'signature_invalid', {}, 'attestry keys list'],
    [403, 'forbidden', { reason: 'pack_namespace_unauthorized' }, 'attestry namespace claim'],
    [400, 'signature_invalid', { rotatedTo: 'acme-2' }, 'the one in rotatedTo'],
    [400, 'pack_signature_invalid', { rotatedTo: 'acme-2' }, 'the one in rotatedTo'],
    [
      403,
      'forbidden',
      { reason: 'pack_namespace_unauthorized', tokenNamespaces: ['a.*'] },
      'another token of the account',
    ],
    [403, 'pack_namespace_unauthorized', { tokenNamespaces: ['a.*'] }, 'another token of the account'],
    [403, 'forbidden', {}, 'Ask the operator'],
  ])('%i %s %o names the cure', async (status, error, details, cure) => {
    expect((await refusedWith(status, error, 'No.', details)).stderr).toContain(cure);
  });

  it('shows violations of no known form as they are', async () => {
    const { code, stderr } = await refusedWith(400, 'invalid_manifest', 'No.', {
      violations: ['a text', null, { message: 'without a code' }, { where: 7 }],
    });
    expect(code).toBe(1);
    expect(stderr).toContain('"a text"');
    expect(stderr).toContain('without a code');
    expect(stderr).toContain('{"where":7}');
    expect((await refusedWith(400, 'invalid_manifest', 'No.', { violations: 'many' })).stderr).toContain(
      'violations: many',
    );
  });
});
