// An archive on its way to a registry: whatever the registry answers is the answer, also before it has read everything.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Settings } from '../../src/cli/command.ts';
import { upload } from '../../src/cli/kb/streams.ts';

const CHUNK = new Uint8Array(64 * 1024);
const CHUNKS = 400;

/** As a large file is read: a chunk at a time, each a turn later. */
async function* archive(sent: { chunks: number }): AsyncGenerator<Uint8Array> {
  for (; sent.chunks < CHUNKS; sent.chunks += 1) {
    await new Promise(setImmediate);
    yield CHUNK;
  }
}

describe('an upload', () => {
  const server = createServer((request, response) => {
    request.once('data', () => {
      response.writeHead(400, { 'content-type': 'application/json', connection: 'close' });
      response.end(JSON.stringify({ error: 'signature_invalid', message: 'No such key.', details: {} }));
    });
  });
  let settings: Settings;
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    settings = { url: `http://127.0.0.1:${port}`, token: undefined, allowPrivateAddresses: true } as Settings;
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  it('ends with the refusal of a registry that did not read all of it, and sends no more', async () => {
    const sent = { chunks: 0 };
    const answer = upload(settings, {}, '/bases/x/import', 'application/octet-stream', archive(sent));
    await expect(answer).rejects.toMatchObject({ name: 'RegistryFault', code: 'signature_invalid' });
    const then = sent.chunks;
    expect(then).toBeLessThan(CHUNKS);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(sent.chunks).toBeLessThanOrEqual(then + 1);
  });
});
