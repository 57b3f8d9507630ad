// attestry publish: hands a packed tarball to the registry.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { digestOf, integrityOf } from '../../storage/digest.ts';
import { registryOf } from './ask.ts';
import { acting, example } from './command.ts';
import { inspectFile } from './pack-rules.ts';

const publish = acting(async (settings, _options, file = '') => {
  const bytes = await readFile(file);
  const { name, version, tree } = await inspectFile(bytes);
  const integrity = integrityOf(digestOf(bytes));
  const path = `/${tree}/packs/${encodeURIComponent(name)}/-/${encodeURIComponent(version)}.tgz`;
  const check: Record<string, string> = tree === 'v1' ? { 'x-pack-sha256': integrity } : {};
  const headers = { 'content-type': 'application/gzip', ...check };
  const { status, body } = await registryOf(settings).put(path, bytes, headers);
  const created = status === 201;
  const what = created ? 'Published' : 'Already there, with the same bytes:';
  return {
    lines: [`${what} ${name}@${version} (${tree}).`, integrity],
    json: { ...body, name, version, tree, integrity, created },
  };
});

export const addPublish = (program: Command): void => {
  example(
    program
      .command('publish')
      .argument('<file>', 'tarball made by "attestry pack"')
      .description('publish a version; its bytes can never change afterwards')
      .helpGroup('Publishers:'),
    'attestry publish vendor.acme.tools-1.0.0.tgz --token-file token',
  ).action(publish);
};
