// The rules of connection packs: no secrets, and a bounded way for credentials to travel.
import { describe, expect, it } from 'vitest';
import { checkManifest } from '../../../src/protocol/manifest/index.ts';
import { manifestOf, TREES } from '../../world/manifests.ts';
import { found } from './find.ts';

const NAMES = [
  ...['clientSecret', 'client_secret', 'apiKey', 'api_key', 'token', 'accessToken', 'refreshToken'],
  ...['password', 'privateKey', 'secret'],
];

describe.each(TREES)('a connection pack in tree %s', (tree) => {
  const edited = (edits: Parameters<typeof manifestOf>[2]) =>
    found(manifestOf('connection', tree, edits), tree);

  it.each(NAMES)('is refused for a property called %s, at any depth and in any case', (name) => {
    for (const spelled of [name, name.toUpperCase(), name.toLowerCase()]) {
      const deep = { '/provider/auth/scopes/read/0': { a: [{ [spelled]: '' }] } };
      expect(edited(deep)).toEqual([
        `connection_pack_credential_material /provider/auth/scopes/read/0/a/0/${spelled}`,
      ]);
      expect(edited({ [`/${spelled}`]: null })).toEqual([`connection_pack_credential_material /${spelled}`]);
    }
  });

  it('may name its token endpoint, at that one place and in that spelling', () => {
    expect(edited({})).toEqual([]);
    expect(edited({ '/provider/auth/endpoints/Token': 'https://a.example' })).toHaveLength(1);
    expect(edited({ '/endpoints': { token: '' } })).toEqual([
      'connection_pack_credential_material /endpoints/token',
    ]);
    const nested = { '/provider/auth/endpoints/token': { token: '' } };
    expect(edited(nested)).toEqual([
      'connection_pack_credential_material /provider/auth/endpoints/token/token',
    ]);
    const other = { '/x': { provider: { auth: { endpoints: { token: '' } } } } };
    expect(edited(other)).toEqual(['connection_pack_credential_material /x/provider/auth/endpoints/token']);
  });

  it('hears of a secret before it hears of anything else', () => {
    const report = checkManifest(
      manifestOf('connection', tree, { '/provider': { apiKey: 1 }, '/version': 1 }),
      tree,
    );
    expect([report.stage, report.violations.map(({ code }) => code)]).toEqual([
      'credentials',
      ['connection_pack_credential_material'],
    ]);
  });

  it('may use such a word as a value', () => {
    expect(
      edited({ '/provider/auth/kind': 'api_key', '/description': 'Your password, your secret.' }),
    ).toEqual([]);
  });

  it('lists bare lower-case hosts', () => {
    for (const host of [
      'a.example',
      'graph.facebook.com',
      'a-b.c1.example',
      `${'a'.repeat(63)}.example`,
      'xn--bcher-kva.example',
    ])
      expect([host, edited({ '/provider/apiHosts': [host] })]).toEqual([host, []]);
    const bad = [
      'https://a.example',
      'a.example:443',
      'a.example/x',
      '*.a.example',
      '127.0.0.1',
      '[::1]',
      'localhost',
    ];
    for (const host of [
      ...bad,
      'A.example',
      'a.example.',
      '-a.example',
      'a-.example',
      'a..example',
      'a.1x',
      '',
    ])
      expect([host, edited({ '/provider/apiHosts': ['b.example', host] })]).toEqual([
        host,
        ['connection_pack_invalid_api_host /provider/apiHosts/1'],
      ]);
  });

  it('lists hosts no longer than names of the network may be', () => {
    const label = 'a'.repeat(63);
    const longest = `${label}.${label}.${label}.${'a'.repeat(61)}`;
    const refused = ['connection_pack_invalid_api_host /provider/apiHosts/0'];
    expect([longest.length, edited({ '/provider/apiHosts': [longest] })]).toEqual([253, []]);
    expect(edited({ '/provider/apiHosts': [`${longest}a`] })).toEqual(refused);
    expect(edited({ '/provider/apiHosts': [`a${label}.example`] })).toEqual(refused);
  });

  it('lists hosts at all when it is reached over REST', () => {
    expect(edited({ '/provider/apiHosts': undefined })).toEqual(['invalid_manifest /provider/apiHosts']);
    const mcp = { mcp: { server: { url: 'https://mcp.acme.example', transport: 'http' } } };
    expect(edited({ '/provider/apiHosts': undefined, '/provider/reach': mcp })).toEqual([]);
  });

  it('is reached in exactly one way', () => {
    expect(edited({ '/provider/reach': {} })).toEqual(['invalid_manifest /provider/reach']);
    expect(edited({ '/provider/reach/integration': { node: 'a' } })).toEqual([
      'invalid_manifest /provider/reach',
    ]);
  });

  it('speaks to endpoints over https only', () => {
    for (const name of ['authorize', 'token', 'revoke'])
      expect(edited({ [`/provider/auth/endpoints/${name}`]: 'http://a.example' })).toEqual([
        `invalid_manifest /provider/auth/endpoints/${name}`,
      ]);
  });
});

it('a secret in a pack of another kind is the schema’s affair', () => {
  expect(
    found(
      manifestOf('card', 'v1', { '/cards/0/prompt/placeholderMapping': { token: 'inputs.token' } }),
      'v1',
    ),
  ).toEqual([]);
});

it('a provider has a vendor in v2', () => {
  expect(found(manifestOf('connection', 'v2', { '/provider/vendor': 1 }), 'v2')).toEqual([
    'invalid_manifest /provider/vendor',
  ]);
  expect(found(manifestOf('connection', 'v1', { '/provider/vendor': 'Acme' }), 'v1')).toHaveLength(1);
});
