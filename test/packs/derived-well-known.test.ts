// What crawlers and those who found a hole look for: robots.txt, and security.txt where somebody is to be told.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let open: TestRegistry;
let silent: TestRegistry;
const NOW = new Date('2026-03-01T12:34:56Z');
const CONTACT = 'mailto:security@acme.example';

beforeAll(async () => {
  const named = startRegistry({ securityContact: CONTACT }, { now: () => NOW });
  [open, silent] = await Promise.all([named, startRegistry()]);
});
afterAll(() => Promise.all([open.stop(), silent.stop()]));

const get = ({ call }: TestRegistry, path: string) => call('GET', path, { token: null });

it('robots.txt keeps crawlers from documents for machines', async () => {
  const answer = await get(open, '/robots.txt');
  expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  const lines = answer.bytes.toString().split('\n');
  expect(lines).toEqual(
    expect.arrayContaining(['User-agent: *', 'Disallow: /v1/', 'Disallow: /v2/', 'Allow: /$']),
  );
  expect(lines).toContain(`Sitemap: ${open.url}/`);
  const allowed = lines.flatMap((line) => /^Allow: ([^$]+)/.exec(line)?.[1] ?? []);
  expect(allowed).toEqual(['/', '/docs']);
  for (const path of allowed) expect((await get(open, path)).status).toBe(200);
});

it('security.txt names whom to tell, until when that is good, and where it belongs (RFC 9116 §2.5)', async () => {
  const answer = await get(open, '/.well-known/security.txt');
  expect(answer.status).toBe(200);
  expect(answer.bytes.toString()).toBe(
    `Contact: ${CONTACT}\nExpires: 2026-05-30T00:00:00Z\nCanonical: ${open.url}/.well-known/security.txt\n`,
  );
  const { security } = (await get(open, '/.well-known/openwop-registry')).json;
  expect(security).toMatchObject({ contact: CONTACT, securityTxt: '/.well-known/security.txt' });
});

it('there is none where nobody is named, and nothing says that there is', async () => {
  expect((await get(silent, '/.well-known/security.txt')).status).toBe(404);
  const { security, schemaMirror } = (await get(silent, '/.well-known/openwop-registry')).json;
  expect(security).toEqual({
    advisories: '/security/advisories.json',
    advisory: '/security/advisories/{id}.json',
    osv: '/security/osv/{id}.json',
    osvAll: '/security/osv.json',
  });
  expect(schemaMirror).toBe('/{name}/{version}/{file}.json');
});

it.each(['security@acme.example', 'http://acme.example', 'mailto:a b', 'mailto:x\nExpires: never'])(
  'the setting is refused as %j',
  (contact) => {
    expect(() => readConfig({ ATTESTRY_SECURITY_CONTACT: contact })).toThrow('ATTESTRY_SECURITY_CONTACT');
  },
);
