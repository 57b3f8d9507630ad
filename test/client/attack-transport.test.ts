// Registries that attack on the wire: endless, slow, encoded, leading elsewhere.
import { describe, expect, it } from 'vitest';
import { type HttpTransportOptions, httpTransport, TransportError } from '../../src/client/index.ts';
import { redirectTarget } from '../../src/client/network/http-transport.ts';
import {
  bodyOf,
  cutOff,
  drippingBody,
  encodedAs,
  endlessBody,
  neverAnswers,
  redirectTo,
  silentBody,
  statusOf,
} from '../world/lying-registry.ts';
import { makePack } from '../world/packs.ts';
import { DISCOVERY, type Lie } from '../world/static-registry.ts';
import { acme, newHost, registryWith, TOOLS } from './host.ts';

const DISCOVERY_PATH = /well-known/;
const TARBALL = /\.tgz$/;

/** The refusal of an install from a registry that lies about some paths. */
const refusedFor = async (path: RegExp, lie: Lie, options: Partial<HttpTransportOptions> = {}) => {
  const registry = await registryWith([await makePack(acme)]);
  registry.lieAbout(path, lie);
  const transport = httpTransport({ registry: registry.url, overallMs: 400, idleMs: 200, ...options });
  const { code, question, evidence } = await (await newHost()).refusal(registry, TOOLS, { transport });
  return { code, question, cause: evidence['cause'] };
};

describe('a registry that does not end', () => {
  it.each([
    ['an endless tarball', TARBALL, endlessBody, 'digest', 'too_large'],
    ['an endless discovery document', DISCOVERY_PATH, endlessBody, 'registry', 'too_large'],
    ['an endless version manifest', /1\.0\.0\.json$/, endlessBody, 'registry', 'too_large'],
    ['an endless key', /\.pub$/, endlessBody, 'signature', 'too_large'],
    ['an endless signature', /\.sig$/, endlessBody, 'signature', 'too_large'],
  ])('is refused: %s', async (_name, path, lie, question, cause) => {
    const options = { overallMs: 20_000, idleMs: 20_000 };
    expect(await refusedFor(path, lie, options)).toEqual({ code: 'reply_too_large', question, cause });
  });

  it.each([
    ['a tarball that drips for ever', TARBALL, drippingBody, 'digest', 'too_slow'],
    ['a tarball that falls silent', TARBALL, silentBody, 'digest', 'silent'],
    ['a discovery document that never comes', DISCOVERY_PATH, neverAnswers, 'registry', 'silent'],
  ])('is refused: %s', async (_name, path, lie, question, cause) => {
    expect(await refusedFor(path, lie)).toEqual({ code: 'reply_too_slow', question, cause });
  });

  it('is refused: a tarball that ends before it should', async () => {
    const expected = { code: 'pack_registry_unreachable', question: 'digest', cause: 'interrupted' };
    expect(await refusedFor(TARBALL, cutOff)).toEqual(expected);
  });

  it('is refused: a body that hides behind a small Content-Length', async () => {
    const lie: Lie = (response) => {
      response.socket?.write(`HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{}  ${' '.repeat(100_000)}`);
    };
    expect((await refusedFor(TARBALL, lie)).code).toBe('pack_registry_unreachable');
  });
});

describe('a document that is no document', () => {
  it.each([
    [
      'a huge discovery document',
      DISCOVERY_PATH,
      bodyOf(`{"a":"${'x'.repeat(17 * 1024 * 1024)}"}`),
      'reply_too_large',
    ],
    ['deeply nested JSON', DISCOVERY_PATH, bodyOf('['.repeat(100_000)), 'reply_malformed'],
    ['a key given twice', DISCOVERY_PATH, bodyOf('{"endpoints":{},"endpoints":{}}'), 'reply_malformed'],
    ['bytes that are no UTF-8', DISCOVERY_PATH, bodyOf(Buffer.from([0x7b, 0xff, 0x7d])), 'reply_malformed'],
    ['a list where an object belongs', /1\.0\.0\.json$/, bodyOf('[]'), 'reply_malformed'],
    ['a page for people', DISCOVERY_PATH, bodyOf('<html>'), 'reply_malformed'],
    ['a server that is broken', DISCOVERY_PATH, statusOf(500), 'pack_registry_unreachable'],
    ['a registry that wants a token', /1\.0\.0\.json$/, statusOf(401), 'registry_denied'],
  ])('is refused: %s', async (_name, path, lie, expected) => {
    const patient = { overallMs: 20_000, idleMs: 20_000 };
    expect((await refusedFor(path, lie, patient)).code).toBe(expected);
  });

  const escapes: readonly (readonly [string, string])[] = [
    ['to another host', '//evil.example/{name}/{version}.json'],
    ['to another URL', 'http://evil.example/{name}/{version}.json'],
    ['up and out', '/v1/../../{name}/{version}.json'],
    ['into a query', '/v1?x={name}&y={version}'],
    ['nowhere near a version', '/v1/{name}.json'],
    ['through a backslash', '/\\\\evil.example/{name}/{version}.json'],
    ['on without end', `/${'x'.repeat(600)}/{name}/{version}.json`],
  ];
  it.each(escapes)('is refused: a discovery document whose addresses lead %s', async (_name, template) => {
    const registry = await registryWith([await makePack(acme)]);
    const document = registry.json(DISCOVERY);
    const { v1, ...others } = document['endpoints'] as Readonly<Record<string, object>>;
    registry.setJson(DISCOVERY, {
      ...document,
      endpoints: { ...others, v1: { ...v1, versionManifest: template } },
    });
    const { code } = await (await newHost()).refusal(registry, TOOLS);
    expect(code).toBe('registry_endpoints_unresolvable');
  });
});

it('a tarball with a Content-Encoding is refused, since whoever decodes it has other bytes than the registry signed for', async () => {
  const refused = { code: 'reply_encoded', question: 'digest', cause: 'content_encoding' };
  expect(await refusedFor(TARBALL, encodedAs('gzip'))).toEqual(refused);
});

it('no request ever asks for an encoding', async () => {
  const registry = await registryWith([await makePack(acme)]);
  const asked: unknown[] = [];
  registry.lieAbout(/./, (response, honest, request) => {
    asked.push(request.headers['accept-encoding']);
    response.writeHead(honest.length === 0 ? 404 : 200).end(honest);
  });
  await (await newHost()).install(registry, TOOLS);
  expect(new Set(asked)).toEqual(new Set([undefined]));
});

describe('a redirect', () => {
  it.each([
    ['to a file', 'file:///etc/passwd', 'redirect_scheme'],
    ['to a private address', 'http://10.0.0.1/x', 'redirect_private'],
    ['to the cloud’s metadata', 'http://169.254.169.254/latest/', 'redirect_private'],
    ['to another port of this machine', 'http://127.0.0.1:1/x', 'redirect_private'],
    ['to this machine in a strange spelling', 'http://0x7f.1/x', 'redirect_private'],
    ['to this machine over IPv6', 'http://[::1]:1/x', 'redirect_private'],
    ['to this machine as a mapped address', 'http://[::ffff:127.0.0.1]/x', 'redirect_private'],
    ['to a name that resolves to a private address', 'http://packs.example/x', 'redirect_private'],
    ['to a name with one public and one private address', 'http://both.example/x', 'redirect_private'],
    ['in a circle', '/v1/packs/vendor.acme.tools/-/1.0.0.tgz', 'redirect_limit'],
    ['with credentials in it', 'http://me:secret@packs.example/', 'redirect_scheme'],
  ])('%s is refused', async (_name, location, cause) => {
    const names: Record<string, string[]> = {
      'packs.example': ['192.168.1.10'],
      'both.example': ['93.184.216.34', '10.1.2.3'],
    };
    const lookup = async (host: string) => names[host] ?? [];
    const found = await refusedFor(TARBALL, redirectTo(location), { lookup });
    expect(found).toEqual({ code: 'redirect_refused', question: 'digest', cause });
  });

  it('from https to http is refused', () => {
    const to = () => redirectTarget(new URL('https://packs.example/a'), 'http://packs.example/a');
    expect(to).toThrow(expect.objectContaining({ code: 'redirect_downgrade' }));
  });

  it('on the same registry is followed', async () => {
    const pack = await makePack(acme);
    const registry = await registryWith([pack]);
    registry.files.set('/elsewhere.tgz', pack.tarball);
    registry.lieAbout(/1\.0\.0\.tgz$/, redirectTo('/elsewhere.tgz'));
    expect(await (await newHost()).install(registry, TOOLS)).toMatchObject([{ installed: true }]);
  });

  it('to a private address is followed where the host allows it, and the token stays at home', async () => {
    const pack = await makePack(acme);
    const [registry, store] = [await registryWith([pack]), await registryWith([pack])];
    const seen: Record<string, unknown> = {};
    store.lieAbout(TARBALL, (response, honest, request) => {
      seen['store'] = request.headers.authorization;
      response.end(honest);
    });
    registry.lieAbout(TARBALL, (response, _honest, request) => {
      seen['registry'] = request.headers.authorization;
      response.writeHead(302, { location: store.url + request.url }).end();
    });
    const host = await newHost();
    await host.install(registry, TOOLS, { token: 'secret', allowPrivateRedirects: true });
    expect(seen).toEqual({ registry: 'Bearer secret', store: undefined });
  });

  it('of something that is sent is never followed', async () => {
    const registry = await registryWith([]);
    registry.lieAbout(/./, redirectTo('/elsewhere'));
    const { send } = httpTransport({ registry: registry.url, token: 'secret' });
    const sent = await send('PUT', `${registry.url}/x`, Buffer.from('x'), {}).catch(
      (error: unknown) => error,
    );
    expect(sent).toBeInstanceOf(TransportError);
    expect(sent).toMatchObject({ code: 'redirect_unexpected' });
    expect(registry.requests).toEqual(['/x']);
  });
});

describe('the registry’s own name', () => {
  const nameServer = (...answers: readonly (readonly string[])[]) => {
    const left = [...answers];
    const lookup = async () => left.shift() ?? [];
    return { lookup, left };
  };
  const under = (name: string, { url }: { readonly url: string }) => `http://${name}:${new URL(url).port}`;
  const aByte = { maxBytes: 100_000 };

  it('stands for one address as long as a transport lives, whatever it resolves to later', async () => {
    const registry = await registryWith([]);
    const home = under('registry.invalid', registry);
    const { lookup, left } = nameServer(['127.0.0.1'], ['169.254.169.254']);
    const transport = httpTransport({ registry: home, lookup });
    registry.lieAbout(/./, (response) => response.writeHead(404, { connection: 'close' }).end());
    for (const path of ['/a', '/b']) await transport.get(home + path, aByte);
    expect(registry.requests).toEqual(['/a', '/b']);
    expect(left).toHaveLength(1);
  });

  it('is asked for again after a lookup that failed', async () => {
    const registry = await registryWith([]);
    const home = under('registry.invalid', registry);
    const transport = httpTransport({ registry: home, lookup: nameServer([], ['127.0.0.1']).lookup });
    await expect(transport.get(home, aByte)).rejects.toMatchObject({ code: 'unreachable' });
    expect(await transport.get(home, aByte)).toMatchObject({ status: 404 });
  });

  it('never leads to this machine while it also leads outside', async () => {
    const registry = await registryWith([]);
    const home = under('registry.invalid', registry);
    const { lookup } = nameServer(['127.0.0.1', '2001:4860:4860::8888']);
    const transport = httpTransport({ registry: home, lookup, overallMs: 500 });
    await expect(transport.get(home, aByte)).rejects.toBeInstanceOf(TransportError);
    expect(registry.requests).toEqual([]);
  });

  it('is connected to by each transport over connections of its own', async () => {
    const registry = await registryWith([]);
    const ports: unknown[] = [];
    registry.lieAbout(/./, (response, _honest, request) => {
      ports.push(request.socket.remotePort);
      response.end();
    });
    const [one, other] = [
      httpTransport({ registry: registry.url }),
      httpTransport({ registry: registry.url }),
    ];
    for (const { get } of [one, one, other]) await get(registry.url, aByte);
    expect(ports[1]).toBe(ports[0]);
    expect(ports[2]).not.toBe(ports[0]);
  });
});

it('a name that never resolves does not hold anybody up', async () => {
  const lookup = () => new Promise<never>(() => {});
  const transport = httpTransport({ registry: 'http://registry.invalid', lookup, overallMs: 100 });
  const reply = transport.get('http://registry.invalid/', { maxBytes: 1 });
  await expect(reply).rejects.toMatchObject({ code: 'too_slow' });
});

it('a name is connected to at the address that was checked; nobody is asked for it a second time', async () => {
  const registry = await registryWith([await makePack(acme)]);
  const asked: string[] = [];
  const lookup = async (host: string) => {
    asked.push(host);
    return ['127.0.0.1'];
  };
  const url = `http://registry.invalid:${new URL(registry.url).port}`;
  const reply = await httpTransport({ registry: url, lookup }).get(url + DISCOVERY, { maxBytes: 100_000 });
  expect(reply.status).toBe(200);
  expect(asked).toEqual(['registry.invalid']);
});
