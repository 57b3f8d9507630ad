// What asks domains reaches public addresses only, the ones it checked, and takes nothing that is large, slow or elsewhere.
import { describe, expect, it } from 'vitest';
import { dnsTexts } from '../../src/access/namespaces/dns-prover.ts';
import { ProverError } from '../../src/access/namespaces/prover.ts';
import { wellKnownTexts } from '../../src/access/namespaces/well-known-prover.ts';
import type { Exchange, HttpReply } from '../../src/network/http-exchange.ts';
import { TransportError } from '../../src/network/transport-error.ts';

const PUBLIC = '93.184.216.34';

const asking = (reply: Partial<HttpReply> | Error, addresses: readonly string[] = [PUBLIC]) => {
  const made: Exchange[] = [];
  const texts = wellKnownTexts({
    lookup: async () => addresses,
    ask: async (request) => {
      made.push(request);
      if (reply instanceof Error) throw reply;
      return { status: 200, url: request.url.href, body: new Uint8Array(), location: undefined, ...reply };
    },
  });
  return { made, texts };
};

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no error',
    (error: unknown) => (error instanceof ProverError ? error.code : String(error)),
  );

describe('the well-known address of a domain', () => {
  it('is asked over TLS, at the addresses that were checked, bounded in bytes and time', async () => {
    const { made, texts } = asking({ body: Buffer.from('one\ntwo\r\n') });
    expect(await texts('acme.com')).toEqual(['one', 'two\r', '']);
    expect(made).toHaveLength(1);
    expect(made[0]?.url.href).toBe('https://acme.com/.well-known/attestry-namespace.txt');
    expect(made[0]).toMatchObject({ method: 'GET', addresses: [PUBLIC], maxBytes: 16 * 1024 });
    expect((made[0]?.deadline ?? 0) - Date.now()).toBeLessThanOrEqual(10_000);
  });

  it.each([
    ['loopback', ['127.0.0.1']],
    ['the cloud’s own metadata', ['169.254.169.254']],
    ['a private network', ['10.0.0.7']],
    ['carrier-grade NAT', ['100.64.0.1']],
    ['a unique local address', ['fd00::1']],
    ['a mapped loopback', ['::ffff:127.0.0.1']],
    ['link-local', ['fe80::1']],
    ['one public address, and one that is not', [PUBLIC, '192.168.0.1']],
  ])('is not asked where its name leads to %s', async (_name, addresses) => {
    const { made, texts } = asking({}, addresses);
    expect(await codeOf(texts('acme.com'))).toBe('address_refused');
    expect(made).toEqual([]);
  });

  it('is not asked where its name leads nowhere', async () => {
    const { made, texts } = asking({}, []);
    expect(await codeOf(texts('acme.com'))).toBe('unreachable');
    expect(made).toEqual([]);
  });

  it.each([
    ['a redirect', { status: 302, location: 'https://127.0.0.1/' }, 'redirected'],
    ['nothing', { status: 404 }, 'absent'],
    ['a failure', { status: 500 }, 'absent'],
    ['too much', new TransportError('too_large', {}), 'too_large'],
    ['silence', new TransportError('silent', {}), 'too_slow'],
    ['an answer without end', new TransportError('too_slow', {}), 'too_slow'],
    ['a certificate of somebody else', new TransportError('unreachable', {}), 'unreachable'],
  ])('that answers with %s shows nothing', async (_name, reply, code) => {
    expect(await codeOf(asking(reply as Partial<HttpReply>).texts('acme.com'))).toBe(code);
  });
});

describe('the DNS of a domain', () => {
  it('is asked for one label, and pieces of a record belong together', async () => {
    const names: string[] = [];
    const texts = dnsTexts(async (name) => {
      names.push(name);
      return [['attestry-', 'namespace=x'], ['v=spf1']];
    });
    expect(await texts('acme.com')).toEqual(['attestry-namespace=x', 'v=spf1']);
    expect(names).toEqual(['_attestry.acme.com']);
  });

  it.each([
    ['ENOTFOUND', 'absent'],
    ['ENODATA', 'absent'],
    ['ETIMEOUT', 'too_slow'],
    ['ESERVFAIL', 'unreachable'],
  ])('that fails with %s is %s', async (errno, code) => {
    const texts = dnsTexts(async () => Promise.reject(Object.assign(new Error(errno), { code: errno })));
    expect(await codeOf(texts('acme.com'))).toBe(code);
  });
});
