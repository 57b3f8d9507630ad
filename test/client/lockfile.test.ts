// The form of a lockfile: what is read of others, what is refused, and the one text in which it is written.
import { describe, expect, it } from 'vitest';
import { Refusal } from '../../src/client/index.ts';
import { companionText, parseCompanion } from '../../src/client/lock/companion.ts';
import { lockedBases, planFromLock } from '../../src/client/lock/frozen.ts';
import {
  type Lockfile,
  lockfileText,
  namesBeyondSchema,
  parseLockfile,
} from '../../src/client/lock/lockfile.ts';
import { companionPath } from '../../src/client/lock/names.ts';
import { wishesOfLock } from '../../src/client/lock/outdated.ts';
import { parseRequest } from '../../src/client/request.ts';

const INTEGRITY = `sha256-${'A'.repeat(43)}=`;
const TOOLS = { name: 'vendor.acme.tools', version: '1.0.0', integrity: INTEGRITY };
const BASE = { name: 'vendor.acme.base', version: '2.1.0', integrity: INTEGRITY };

const bytes = (document: unknown): Uint8Array => Buffer.from(JSON.stringify(document));
const documentWith = (more: Readonly<Record<string, unknown>> = {}) => ({
  lockfileVersion: 1,
  generatedAt: '2026-05-12T18:00:00Z',
  packs: [TOOLS],
  ...more,
});
const read = (more: Readonly<Record<string, unknown>> = {}): Lockfile =>
  parseLockfile(bytes(documentWith(more)));

const refusalOf = (work: () => unknown): Refusal => {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('it was not refused');
};

describe('a lockfile', () => {
  it('has one text: sorted, indented by two, one newline at its end (node-packs.md, Resolver determinism)', () => {
    const packs = [
      { ...TOOLS, dependencies: { 'vendor.acme.zoo': '1.0.0', 'vendor.acme.base': '2.1.0' } },
      BASE,
    ];
    const one = lockfileText(read({ packs }));
    expect(one).toBe(lockfileText(read({ packs: [...packs].reverse() })));
    expect(lockfileText(parseLockfile(Buffer.from(one)))).toBe(one);
    expect(one.endsWith('}\n')).toBe(true);
    expect(one.indexOf('vendor.acme.base"')).toBeLessThan(one.indexOf('vendor.acme.tools"'));
    expect(one).toMatch(/"vendor.acme.base": "2.1.0",\n +"vendor.acme.zoo"/);
  });

  it('of another tool keeps what only that tool knows (COMPATIBILITY.md §2.1)', () => {
    const lock = read({ peerOverrides: { 'host.fs': 'supported' } });
    expect(JSON.parse(lockfileText(lock))).toMatchObject({ peerOverrides: { 'host.fs': 'supported' } });
  });

  it('of ours holds nothing that the closed schema does not name', () => {
    const text = lockfileText(
      read({ registry: 'https://packs.example', overrides: { 'vendor.acme.base': '2.1.0' } }),
    );
    const known = ['lockfileVersion', 'generatedAt', 'registry', 'overrides', 'fallbackRegistries', 'packs'];
    expect(Object.keys(JSON.parse(text)).filter((member) => !known.includes(member))).toEqual([]);
  });

  it.each([
    ['another version of the form', { lockfileVersion: 2 }, '/lockfileVersion'],
    ['no time', { generatedAt: 'today' }, '/generatedAt'],
    ['packs that are no list', { packs: {} }, '/packs'],
    ['a name that leads elsewhere', { packs: [{ ...TOOLS, name: '../../etc' }] }, '/packs/0/name'],
    ['a range for a version', { packs: [{ ...TOOLS, version: '^1.0.0' }] }, '/packs/0/version'],
    ['another digest', { packs: [{ ...TOOLS, integrity: 'sha512-AAAA' }] }, '/packs/0/integrity'],
    ['a pack twice', { packs: [TOOLS, { ...TOOLS, version: '2.0.0' }] }, '/packs/1/name'],
    ['an override that is a range', { overrides: { a: '^1' } }, '/overrides/a'],
    ['a registry that is a file', { registry: 'file:///etc/passwd' }, '/registry'],
    [
      'a signature of another kind',
      { packs: [{ ...TOOLS, signature: { algorithm: 'rsa' } }] },
      '/packs/0/signature',
    ],
  ])('is refused with %s', (_name, change, where) => {
    const { code, evidence } = refusalOf(() => read(change));
    expect({ code, where: evidence['where'] }).toEqual({ code: 'pack_lockfile_invalid', where });
  });

  it('with more packs than any set has is refused at once', () => {
    const packs = Array.from({ length: 60_000 }, (_, at) => ({ ...TOOLS, name: `vendor.acme.p${at}` }));
    const started = process.cpuUsage();
    expect(refusalOf(() => read({ packs })).code).toBe('pack_lockfile_invalid');
    expect(read({ packs: packs.slice(0, 10_000) }).packs).toHaveLength(10_000);
    expect(process.cpuUsage(started).user).toBeLessThan(5_000_000);
  });

  it('is refused where it is no JSON, or holds a key twice', () => {
    for (const text of ['{', '{"packs":[],"packs":[]}', '[]'])
      expect(refusalOf(() => parseLockfile(Buffer.from(text))).code).toBe('pack_lockfile_invalid');
  });

  it('says which of its names the letter of the schema does not admit', () => {
    const lock = read({ packs: [TOOLS, { ...BASE, name: 'vendor.acme.two_words' }] });
    expect(namesBeyondSchema(lock)).toEqual(['vendor.acme.two_words']);
  });

  it('tells from which registry each pack is: beside it, in "resolved", or for all', () => {
    const lock = read({
      registry: 'https://first.example',
      fallbackRegistries: ['https://second.example/'],
      packs: [
        { ...TOOLS, resolved: 'https://other.example/below/v1/packs/vendor.acme.tools/-/1.0.0.tgz' },
        BASE,
      ],
    });
    expect(lockedBases(lock, undefined, TOOLS.name)).toEqual(['https://other.example/below']);
    expect(lockedBases(lock, undefined, BASE.name)).toEqual([
      'https://first.example',
      'https://second.example',
    ]);
    const companion = { wishes: [], logs: [], registries: { [BASE.name]: 'https://third.example' } };
    expect(lockedBases(lock, companion, BASE.name)).toEqual(['https://third.example']);
  });
});

describe('what is beside a lockfile', () => {
  it('is in a file of its own, since the lockfile’s form is closed', () => {
    expect(companionPath('some/pack-lock.json')).toBe('some/pack-lock.attestry.json');
    expect(companionPath('locked')).toBe('locked.attestry.json');
  });

  it('comes back as it was written, and is refused where it is something else', () => {
    const log = {
      registry: 'https://packs.example',
      origin: 'packs.example',
      vkey: 'v',
      size: 7,
      root: 'r',
      note: 'n',
    };
    const companion = {
      wishes: ['vendor.acme.tools@^1'],
      logs: [{ ...log, asOf: { size: 3, root: 's' } }],
      registries: { [TOOLS.name]: 'https://packs.example' },
    };
    expect(parseCompanion(Buffer.from(companionText(companion)))).toEqual(companion);
    for (const text of ['{}', '{"format":1,"logs":[{}]}', '{"format":1,"wishes":[7]}'])
      expect(refusalOf(() => parseCompanion(Buffer.from(text))).code).toBe('pack_lockfile_invalid');
  });
});

describe('a plan from a lockfile', () => {
  const lock = read({ packs: [{ ...TOOLS, dependencies: { [BASE.name]: BASE.version } }, BASE] });
  const names = (of: Lockfile, ...requests: readonly string[]) =>
    planFromLock(of, requests.map(parseRequest)).map(({ wanted }) => `${wanted.name}@${wanted.version}`);

  it('holds everything, or what was asked for and what that needs', () => {
    expect(names(lock)).toEqual(['vendor.acme.tools@1.0.0', 'vendor.acme.base@2.1.0']);
    expect(names(lock, 'vendor.acme.base')).toEqual(['vendor.acme.base@2.1.0']);
    expect(names(lock, 'vendor.acme.tools@^1')).toHaveLength(2);
  });

  it('knows what was asked for, whether or not it was written down beside it', () => {
    expect(wishesOfLock(lock, undefined)).toEqual([`${TOOLS.name}@*`]);
    const beside = { wishes: [`${BASE.name}@^2`], logs: [], registries: {} };
    expect(wishesOfLock(lock, beside)).toEqual([`${BASE.name}@^2`]);
    // Nobody locks nothing: what is beside it must not make all of it superfluous.
    expect(wishesOfLock(lock, { ...beside, wishes: [] })).toEqual([`${TOOLS.name}@*`]);
  });

  it('is refused where something is not in it, or not as it is asked for (node-packs.md, rule 5)', () => {
    for (const [of, request] of [
      [lock, 'vendor.acme.other'],
      [lock, 'vendor.acme.tools@^2'],
      [read({ packs: [{ ...TOOLS, dependencies: { [BASE.name]: '1.0.0' } }, BASE] }), TOOLS.name],
      [read({ packs: [{ ...TOOLS, dependencies: { [BASE.name]: '1.0.0' } }] }), TOOLS.name],
    ] as const)
      expect(refusalOf(() => names(of, request)).code).toBe('pack_lockfile_incomplete');
  });
});
