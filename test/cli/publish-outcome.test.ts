// What publish says came of it: there now and in the log, there now and not yet in the log, or there before.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newShell } from '../world/cli.ts';
import { createPublisher } from '../world/publisher.ts';
import { emptyRegistry } from '../world/static-registry.ts';

const NAME = 'vendor.acme.tools';
const FILE = `${NAME}-1.0.0.tgz`;
const RECEIPT = '/transparency/receipts/e1';

const answered = async (status: number, receipt: object | null) => {
  const registry = await emptyRegistry();
  onTestFinished(() => registry.close());
  registry.lieAbout(/./, (response, _honest, request) => {
    request.resume();
    response.writeHead(status, { location: RECEIPT });
    response.end(JSON.stringify({ name: NAME, version: '1.0.0', receipt }));
  });
  const shell = await newShell({ ATTESTRY_URL: registry.url, ATTESTRY_TOKEN: 'att_test' });
  await writeFile(join(shell.folder, FILE), await createPublisher().pack({ name: NAME, seed: null }));
  const { document } = await shell.json('publish', FILE);
  return { text: await shell.run('publish', FILE), document, url: registry.url };
};

describe('publish', { timeout: 60_000 }, () => {
  it('names the place in the log', async () => {
    const { text, document } = await answered(201, { eventId: 'e1', index: 7, proof: '', url: RECEIPT });
    expect(text.stdout).toContain(`Published ${NAME}@1.0.0 (v1), leaf 7 of the log.`);
    expect(document).toMatchObject({ created: true, recorded: true });
  });

  it('says where to ask for the receipt while the log has not recorded it', async () => {
    const { text, document, url } = await answered(202, null);
    expect(text).toMatchObject({ code: 0, stderr: '' });
    const first = text.stdout.split('\n')[0];
    expect(first).toMatch(/^Accepted .+; the log has not recorded it yet: ask http/);
    expect(first).toContain(`${url}${RECEIPT}`);
    expect(document).toMatchObject({ created: null, recorded: false, receiptUrl: `${url}${RECEIPT}` });
  });

  it('says that the same bytes were there before', async () => {
    const { text, document } = await answered(200, { eventId: 'e1', index: 7, proof: '', url: RECEIPT });
    expect(text.stdout).toContain('Already there, with the same bytes');
    expect(document).toMatchObject({ created: false, recorded: true });
  });
});
