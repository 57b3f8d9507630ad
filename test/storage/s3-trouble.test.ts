// How the S3 store bears a server that refuses, conflicts, hangs or hangs up.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesSource } from '../../storage/blob-store.ts';
import { digestOf } from '../../storage/digest.ts';
import { blobKey } from '../../storage/object-keys.ts';
import { openS3Store } from '../../storage/s3-store.ts';
import { collectBytes } from '../../storage/verify-bytes.ts';
import { brokenSource, someBytes } from './sources.ts';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

type Reply = (request: IncomingMessage, response: ServerResponse) => void;

/** What the server does with each request in turn; the last one stands for all that follow. */
let script: Reply[] = [];
let seen: { method: string; headers: IncomingMessage['headers']; closed: Promise<void>; bytes: number }[] =
  [];
let server: Server;

const takeBody = async (request: IncomingMessage, note: { bytes: number }): Promise<void> => {
  try {
    for await (const chunk of request) note.bytes += chunk.length;
  } catch {
    // The client hung up: what came is counted.
  }
};

beforeEach(async () => {
  seen = [];
  server = createServer(async (request, response) => {
    const closed = new Promise<void>((resolve) => response.on('close', resolve));
    const note = { method: request.method ?? '', headers: request.headers, closed, bytes: 0 };
    seen.push(note);
    const reply = script[Math.min(seen.length, script.length) - 1];
    await takeBody(request, note);
    reply?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const answer =
  (status: number, code = ''): Reply =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(code && `<Error><Code>${code}</Code><Message>said the server</Message></Error>`);
  };
const hangUp: Reply = (request) => void request.socket.destroy();
const hang: Reply = () => {};

const open = () =>
  openS3Store({
    bucket: 'bucket',
    prefix: '',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: undefined,
    credentials: { accessKeyId: 'someone', secretAccessKey: 'a secret' },
    idleMs: 250,
  });

const small = bytesSource(someBytes('small', 1000));
const large = brokenSource(someBytes('large', 1_500_000));
const key = blobKey(small.digest);

describe.each([
  ['from memory', small],
  ['as a stream', large],
])('a put %s', (_, source) => {
  const put = () => open().put(blobKey(source.digest), source);

  it('is create-only, plain, of announced length, and names its checksum', async () => {
    script = [answer(200)];
    expect(await put()).toBe('created');
    expect(seen).toHaveLength(1);
    expect(seen[0]?.bytes).toBe(source.size);
    expect(seen[0]?.headers).toMatchObject({
      'if-none-match': '*',
      'content-length': String(source.size),
      'x-amz-sdk-checksum-algorithm': 'SHA256',
      'x-amz-checksum-sha256': Buffer.from(source.digest, 'hex').toString('base64'),
    });
    expect(seen[0]?.headers).not.toHaveProperty('transfer-encoding');
    expect(seen[0]?.headers).not.toHaveProperty('content-encoding');
  });

  it('takes 412 for "somebody created it"', async () => {
    script = [answer(412, 'PreconditionFailed')];
    expect(await put()).toBe('exists');
    expect(seen).toHaveLength(1);
  });

  it('is sent again after a conflict, which does not prove that the object exists', async () => {
    script = [
      answer(409, 'ConditionalRequestConflict'),
      answer(409, 'ConditionalRequestConflict'),
      answer(200),
    ];
    expect(await put()).toBe('created');
    expect(seen.map((each) => each.bytes)).toEqual([source.size, source.size, source.size]);
  });

  it('gives up when the conflict does not end', async () => {
    script = [answer(409, 'ConditionalRequestConflict')];
    await expect(put()).rejects.toMatchObject({ code: 'store_unavailable', details: { status: 409 } });
    expect(seen).toHaveLength(4);
  });

  it('is sent again when the server stumbles or hangs up', async () => {
    script = [answer(503, 'SlowDown'), hangUp, answer(200)];
    expect(await put()).toBe('created');
    expect(seen.at(-1)?.bytes).toBe(source.size);
  });

  it('done but unreported is told as "exists" when sent again', async () => {
    script = [hangUp, answer(412, 'PreconditionFailed')];
    expect(await put()).toBe('exists');
  });

  it('gives up a server that never answers', async () => {
    script = [hang];
    await expect(put()).rejects.toMatchObject({ code: 'store_unavailable', details: { operation: 'put' } });
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.length).toBeLessThan(5);
  });

  it('is not sent again when it was refused', async () => {
    script = [answer(403, 'AccessDenied')];
    await expect(put()).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('credentials'),
    });
    expect(seen).toHaveLength(1);
  });
});

it('never sends the last bytes of a source that lies or fails', async () => {
  script = [answer(200)];
  const lies = { ...large, digest: small.digest };
  await expect(open().put(key, lies)).rejects.toMatchObject({ code: 'source_mismatch' });
  const fails = brokenSource(someBytes('large', 1_500_000), new Error('dead'));
  await expect(open().put(key, fails)).rejects.toThrow('dead');
  await Promise.all(seen.map((each) => each.closed));
  for (const each of seen) expect(each.bytes).toBeLessThan(large.size);
});

it('sends nothing at all of a small source that lies', async () => {
  script = [answer(200)];
  await expect(open().put(key, { ...small, digest: large.digest })).rejects.toMatchObject({
    code: 'source_mismatch',
  });
  expect(seen).toEqual([]);
});

it('refuses more than one put can carry before sending anything', async () => {
  const size = 5 * 1024 ** 3 + 1;
  await expect(open().put(key, { ...large, size })).rejects.toMatchObject({
    code: 'too_large',
    details: { size },
  });
  expect(seen).toEqual([]);
});

describe('a get', () => {
  const bytes = someBytes('body', 500_000);
  const whole: Reply = (_, response) => {
    response.writeHead(200, { 'content-length': bytes.length });
    response.end(bytes);
  };

  it('fails while reading when the connection breaks, instead of ending early', async () => {
    script = [
      (_, response) => {
        response.writeHead(200, { 'content-length': bytes.length });
        response.write(bytes.subarray(0, 100_000), () => response.destroy());
      },
    ];
    const found = await open().get(key);
    expect(found?.size).toBe(bytes.length);
    const read = collectBytes(found?.body ?? small.read());
    await expect(read).rejects.toMatchObject({
      code: 'store_unavailable',
      details: { operation: 'read', key },
    });
  });

  it('lets go of the connection of a reader that never began', async () => {
    script = [
      (_, response) => {
        response.writeHead(200, { 'content-length': bytes.length });
        response.write(bytes.subarray(0, 10));
      },
    ];
    const found = await open().get(key);
    await found?.body[Symbol.asyncIterator]().return?.();
    expect(seen).toHaveLength(1);
    await seen[0]?.closed;
  });

  it('is repeated when the server stumbles', async () => {
    script = [answer(500, 'InternalError'), whole];
    const found = await open().get(key);
    expect(digestOf(await collectBytes(found?.body ?? small.read()))).toBe(digestOf(bytes));
  });

  it('tells a missing object from a missing bucket', async () => {
    script = [answer(404, 'NoSuchKey'), answer(404, 'NoSuchBucket')];
    const store = open();
    expect(await store.get(key)).toBeUndefined();
    await expect(store.get(key)).rejects.toMatchObject({ message: expect.stringContaining('create it') });
  });
});

it('names the wrong region as the cure', async () => {
  script = [answer(301, 'PermanentRedirect')];
  await expect(open().get(key)).rejects.toMatchObject({ message: expect.stringContaining('region') });
});
