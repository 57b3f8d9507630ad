// A policy file is closed, strict and of one version; whoever gets it wrong is told what, and on which line.
import { describe, expect, it } from 'vitest';
import { PolicyInvalid, parsePolicy } from '../../src/client/index.ts';
import { FILE, INTEGRITY, policyWith } from './policy-world.ts';

const problemsOf = (text: string | Uint8Array) => {
  try {
    parsePolicy(typeof text === 'string' ? Buffer.from(text) : text, FILE);
  } catch (error) {
    if (error instanceof PolicyInvalid) return error.problems;
    throw error;
  }
  throw new Error('this policy was taken');
};

const wrong = (members: object) =>
  problemsOf(JSON.stringify({ attestryPolicy: 1, mode: 'verified', ...members })).map(
    ({ where, message }) => `${where} ${message}`,
  );

describe('a policy file', () => {
  it('may say everything there is to say', () => {
    const policy = policyWith({
      mode: 'pinned',
      assurance: 'log+bytes',
      allow: {
        namespaces: ['vendor.acme.*', 'core.openwop.flow'],
        keys: ['acme-1', `SHA256:${'AB'.repeat(32)}`],
      },
      pins: [{ name: 'vendor.acme.tools', version: '1.0.0', integrity: INTEGRITY }],
      minimumAge: { age: '7d', except: ['vendor.acme.*'] },
      advisories: { refuse: 'high', required: true },
      yanks: 'refuse',
      deprecated: 'refuse',
      licenses: { allow: ['Apache-2.0', 'GPL-2.0-only WITH Classpath-exception-2.0'], missing: 'warn' },
      registries: [
        {
          url: 'https://Packs.Acme.example/',
          root: 'roots/acme.json',
          names: ['private.acme.*'],
          token: true,
        },
        { url: 'https://packs.example' },
      ],
    });
    expect(policy).toMatchObject({
      minimumAge: { ms: 7 * 86_400_000, text: '7d' },
      allow: { keys: ['acme-1', `SHA256:${'ab'.repeat(32)}`] },
      registries: [
        { url: 'https://packs.acme.example', token: true },
        { names: [], token: false },
      ],
    });
  });

  it('needs a version and a mode, and nothing else', () => {
    expect(policyWith({})).toMatchObject({ yanks: 'warn', deprecated: 'warn', registries: [], pins: [] });
    expect(problemsOf('{"attestryPolicy": 1}')).toMatchObject([{ where: '/mode', message: 'is missing' }]);
  });

  it.each(['{"attestryPolicy": 2, "mode": "open", "newer": 1}', '{"attestryPolicy": "1", "mode": "open"}'])(
    'of another version is not half understood: %s',
    (text) => expect(problemsOf(text)).toMatchObject([{ where: '/attestryPolicy' }]),
  );

  it('that names no version is told of that together with all else', () => {
    expect(problemsOf('{"requir": 1}').map(({ where }) => where)).toEqual([
      '/requir',
      '/attestryPolicy',
      '/mode',
    ]);
  });

  it('names each wrong member and the line on which it stands, all at once', () => {
    const text = [
      '{',
      '  "attestryPolicy": 1,',
      '  "mode": "verified",',
      '  "minimumage": "7d",',
      '  "allow": {',
      '    "namespaces": ["vendor.acme.*",',
      '      "*"]',
      '  },',
      '  "registries": [ {',
      '    "url": "ftp://packs.example"',
      '  } ]',
      '}',
    ].join('\n');
    expect(problemsOf(text)).toMatchObject([
      { line: 4, where: '/minimumage', message: expect.stringContaining('write "minimumAge"') },
      { line: 7, where: '/allow/namespaces/1' },
      { line: 10, where: '/registries/0/url' },
    ]);
  });

  it('puts what is missing on the line of what lacks it', () => {
    const text = '{\n"attestryPolicy": 1,\n"mode": "verified",\n"advisories": {\n"required": true }\n}';
    expect(problemsOf(text)).toMatchObject([{ line: 4, where: '/advisories/refuse', message: 'is missing' }]);
  });

  it.each([
    ['allowlist without a list', { mode: 'allowlist' }, '/allow '],
    ['pinned without pins', { mode: 'pinned' }, '/pins '],
    [
      'pins in another mode',
      { pins: [{ name: 'vendor.a.b', version: '1.0.0', integrity: INTEGRITY }] },
      '/pins ',
    ],
    ['an empty list', { allow: { namespaces: [] } }, '/allow/namespaces is empty'],
    ['an allowance of nothing', { allow: {} }, '/allow lists nothing'],
    ['an unknown mode', { mode: 'trusted' }, '/mode is one of'],
    ['an unknown assurance', { assurance: 'high' }, '/assurance is one of'],
    ['a severity that is none', { advisories: { refuse: 'severe' } }, '/advisories/refuse is one of'],
    [
      'a flag that is a text',
      { advisories: { refuse: 'low', required: 'yes' } },
      '/advisories/required is true',
    ],
    ['an age without a unit', { minimumAge: { age: '7' } }, '/minimumAge/age is a time'],
    ['an age of nothing', { minimumAge: { age: '0d' } }, '/minimumAge/age is a time'],
    ['an age beyond all measure', { minimumAge: { age: '99999w' } }, '/minimumAge/age is a time'],
    [
      'a licence that is an expression',
      { licenses: { allow: ['MIT OR X'] } },
      '/licenses/allow/0 is an SPDX id',
    ],
    ['a key that is none', { allow: { keys: ['SHA256:12'] } }, '/allow/keys/0 is a key id'],
    ['the pattern of a base', { allow: { namespaces: ['kb:acme:*'] } }, '/allow/namespaces/0 is a name'],
    [
      'a root outside',
      { registries: [{ url: 'https://a.example', root: '../../etc/passwd' }] },
      '/registries/0/root',
    ],
    [
      'a root with a whole path',
      { registries: [{ url: 'https://a.example', root: '/etc/passwd' }] },
      '/registries/0/root',
    ],
    ['an address with a password', { registries: [{ url: 'https://a:b@a.example' }] }, '/registries/0/url'],
  ])('is refused for %s', (_what, members, expected) => {
    expect(wrong(members).join('\n')).toContain(expected);
  });

  it('binds a prefix to one source, names a registry once, and gives the token to one', () => {
    const registry = (url: string, more: object = {}) => ({ url: `https://${url}.example`, ...more });
    const twice = { names: ['private.acme.*'] };
    expect(wrong({ registries: [registry('a', twice), registry('b', twice)] })).toEqual([
      '/registries binds private.acme.* to two sources: it may have one',
    ]);
    expect(wrong({ registries: [registry('a'), registry('A')] })[0]).toContain('twice');
    expect(
      wrong({ registries: [registry('a', { token: true }), registry('b', { token: true })] })[0],
    ).toContain('for one');
  });

  it('pins a version once', () => {
    const pin = { name: 'vendor.acme.tools', version: '1.0.0', integrity: INTEGRITY };
    expect(wrong({ mode: 'pinned', pins: [pin, pin] })).toEqual(['/pins pins vendor.acme.tools@1.0.0 twice']);
    expect(wrong({ mode: 'pinned', pins: [{ ...pin, integrity: 'sha256-short' }] })[0]).toContain(
      '/pins/0/integrity',
    );
  });
});

describe('a hostile policy file', () => {
  it.each([
    ['a key that stands twice', '{"attestryPolicy": 1, "mode": "verified",\n "mode": "open"}', 2],
    ['a comment', '{"attestryPolicy": 1, // open\n "mode": "open"}', 1],
    ['__proto__', '{"attestryPolicy": 1,\n\n"__proto__": {"mode": "open"}}', 3],
    ['a list', '[]', 1],
    ['nothing', '', 1],
    ['deep nesting', `{"attestryPolicy": 1, "allow": ${'['.repeat(5_000)}`, 1],
  ])('with %s is no policy', (_what, text, line) => {
    expect(problemsOf(text)).toMatchObject([{ line, where: '' }]);
  });

  it('with bytes that are no UTF-8 is no policy', () => {
    expect(problemsOf(Buffer.from([0x7b, 0xff, 0x7d]))[0]?.message).toContain('not UTF-8');
  });

  it('is read no further than it may be large', () => {
    expect(problemsOf(Buffer.alloc(2_000_000, 0x20))[0]?.message).toContain('larger than');
  });

  it('with names of prototypes as members is told that they are none', () => {
    expect(wrong({ constructor: 1, toString: 2 }).map((each) => each.split(' ')[0])).toEqual([
      '/constructor',
      '/toString',
    ]);
  });

  it('with thousands of mistakes is answered with some of them, and at once', () => {
    const members = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`m${at}`, at]));
    expect(wrong(members)).toHaveLength(50);
  });
});
