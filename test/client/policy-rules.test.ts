// Every rule of a policy, and its opposite: what is refused, by which rule, and what satisfies it.
import { describe, expect, it } from 'vitest';
import { advisoriesIn } from '../../src/client/policy/advisories.ts';
import { judge, sentenceOf } from '../../src/client/policy/judge.ts';
import { isLicensed } from '../../src/client/policy/licenses.ts';
import { notChecked, yes } from '../../src/client/refusal.ts';
import {
  FINGERPRINT,
  factsWith,
  INTEGRITY,
  OTHER_INTEGRITY,
  policyWith,
  REGISTRY,
  TODAY,
  verdictOf,
} from './policy-world.ts';

const at = (rule: string): string => `attestry.policy.json#${rule}`;
const NOTHING = { refused: [], warned: [] };

describe('mode verified (node-packs.md §Trust model)', () => {
  const policy = policyWith({});

  it('takes what is signed by a key that speaks for its name', () => {
    expect(verdictOf(policy, factsWith())).toEqual(NOTHING);
  });

  it('refuses what nobody signed', () => {
    const unsigned = factsWith(
      { keyId: undefined },
      { keyId: undefined, fingerprint: undefined, answers: [] },
    );
    expect(verdictOf(policy, unsigned).refused).toEqual([at('/mode')]);
  });

  it('refuses a signature by a key of which nobody says whose it is', () => {
    const answers = [yes('signature'), notChecked('delegation', 'this registry lists no keys')];
    expect(verdictOf(policy, factsWith({}, { answers })).refused).toEqual([at('/mode')]);
  });
});

describe('mode open', () => {
  it('takes what nobody signed, and never without a loud word', () => {
    const unsigned = factsWith(
      { keyId: undefined },
      { keyId: undefined, fingerprint: undefined, answers: [] },
    );
    const { warnings, refused } = judge([policyWith({ mode: 'open' })], unsigned, { now: TODAY });
    expect(refused).toEqual([]);
    expect(warnings.map((each) => each.message).join()).toContain('OPEN MODE');
  });

  it('does not silence the other rules', () => {
    const policy = policyWith({ mode: 'open', yanks: 'refuse' });
    expect(verdictOf(policy, factsWith({ yanked: true })).refused).toEqual([at('/yanks')]);
  });
});

describe('mode pinned', () => {
  const pin = { name: 'vendor.acme.tools', version: '1.2.0', integrity: INTEGRITY };
  const policy = policyWith({ mode: 'pinned', pins: [pin] });

  it('takes the very version with the very bytes, also unsigned', () => {
    expect(verdictOf(policy, factsWith())).toEqual(NOTHING);
    expect(verdictOf(policy, factsWith({ keyId: undefined }, { keyId: undefined, answers: [] }))).toEqual(
      NOTHING,
    );
  });

  it('refuses other bytes, other versions and other names', () => {
    expect(verdictOf(policy, factsWith({ integrity: OTHER_INTEGRITY })).refused).toEqual([at('/pins')]);
    expect(verdictOf(policy, factsWith({ version: '1.2.1' })).refused).toEqual([at('/pins')]);
    expect(verdictOf(policy, factsWith({ name: 'vendor.acme.other' })).refused).toContain(at('/pins'));
  });
});

describe('mode allowlist', () => {
  it('takes names that are listed, and refuses others', () => {
    const policy = policyWith({ mode: 'allowlist', allow: { namespaces: ['vendor.acme.*'] } });
    expect(verdictOf(policy, factsWith())).toEqual(NOTHING);
    expect(verdictOf(policy, factsWith({ name: 'vendor.acmes.tools' })).refused).toEqual([
      at('/allow/namespaces'),
    ]);
  });

  it('takes keys that are listed, by id or by fingerprint, and refuses others', () => {
    const byId = policyWith({ mode: 'allowlist', allow: { keys: ['acme-1'] } });
    const byMark = policyWith({ mode: 'allowlist', allow: { keys: [FINGERPRINT] } });
    expect(verdictOf([byId, byMark], factsWith())).toEqual(NOTHING);
    expect(verdictOf(byId, factsWith({}, { keyId: 'acme-2' })).refused).toEqual([at('/allow/keys')]);
    const sameId = factsWith({}, { fingerprint: `SHA256:${'cd'.repeat(32)}` });
    expect(verdictOf(byMark, sameId).refused).toEqual([at('/allow/keys')]);
  });

  it('does not take a key id for a fingerprint that is not known', () => {
    const byMark = policyWith({ allow: { keys: [FINGERPRINT] } });
    expect(verdictOf(byMark, factsWith({}, { fingerprint: undefined })).refused).toEqual([at('/allow/keys')]);
  });

  it('refuses what nobody signed, whatever it is called', () => {
    const policy = policyWith({ mode: 'allowlist', allow: { namespaces: ['vendor.acme.*'] } });
    expect(verdictOf(policy, factsWith({}, { keyId: undefined, answers: [] })).refused).toEqual([
      at('/mode'),
    ]);
  });
});

describe('the assurance', () => {
  it('is enough where it contains what is asked for, and too little otherwise', () => {
    expect(verdictOf(policyWith({ assurance: 'manifest' }), factsWith())).toEqual(NOTHING);
    expect(verdictOf(policyWith({ assurance: 'log+bytes' }), factsWith()).refused).toEqual([
      at('/assurance'),
    ]);
    expect(
      verdictOf(policyWith({ assurance: 'log' }), factsWith({}, { assurance: 'bytes' })).refused,
    ).toEqual([at('/assurance')]);
  });
});

describe('the minimum age', () => {
  const policy = policyWith({ minimumAge: { age: '7d', except: ['vendor.hasty.*'] } });
  const published = (text: string, by: 'log' | 'registry' = 'log') => ({
    published: { at: new Date(text), by },
  });

  it('is reached to the second', () => {
    expect(verdictOf(policy, factsWith(published('2026-05-25T00:00:00Z')))).toEqual(NOTHING);
    expect(verdictOf(policy, factsWith(published('2026-05-25T00:00:01Z'))).refused).toEqual([
      at('/minimumAge'),
    ]);
  });

  it('does not bind those that are named', () => {
    const young = { name: 'vendor.hasty.tools', ...published('2026-05-31T23:00:00Z') };
    expect(verdictOf(policy, factsWith(young))).toEqual(NOTHING);
  });

  it('is not reached by what comes from the future, nor by what nobody dates', () => {
    expect(verdictOf(policy, factsWith(published('2036-01-01T00:00:00Z'))).refused).toEqual([
      at('/minimumAge'),
    ]);
    expect(verdictOf(policy, factsWith({ published: undefined })).refused).toEqual([at('/minimumAge')]);
  });

  it('is believed of a log, and warned of where the registry alone says it', () => {
    expect(verdictOf(policy, factsWith(published('2026-05-01T00:00:00Z', 'registry'))).warned).toEqual([
      at('/minimumAge'),
    ]);
  });

  it('says when it will be reached', () => {
    const facts = factsWith(published('2026-05-30T00:00:00Z'));
    const [found] = judge([policy], facts, { now: TODAY }).refused;
    if (found === undefined) throw new Error('nothing was refused');
    expect(sentenceOf(found, facts)).toBe(
      'attestry.policy.json#/minimumAge: vendor.acme.tools@1.2.0: it is 2 days old, by its log, and must be 7d. It may be taken from 2026-06-06T00:00:00.000Z on; take an older version, or have vendor.acme.tools added to /minimumAge/except.',
    );
  });
});

describe('advisories', () => {
  const row = (severity: string, versions = '<1.3.0', packName = 'vendor.acme.tools') => ({
    id: 'OPENWOP-2026-0001',
    severity,
    summary: 'leaks its token',
    affected: [{ packName, versions, fixedIn: '1.3.0' }],
  });
  const listOf = (...advisories: unknown[]) => ({
    now: TODAY,
    advisories: advisoriesIn({ advisories } as never),
  });
  const policy = policyWith({ advisories: { refuse: 'high' } });
  const withdrawn = factsWith({}, { withdrawn: true });

  it.each([
    ['critical', [at('/advisories/refuse')], []],
    ['high', [at('/advisories/refuse')], []],
    ['medium', [], [at('/advisories/refuse')]],
    ['low', [], [at('/advisories/refuse')]],
    ['catastrophic', [at('/advisories/refuse')], []],
  ])('of severity %s refuse %j and warn %j', (severity, refused, warned) => {
    expect(verdictOf(policy, withdrawn, listOf(row(severity)))).toEqual({ refused, warned });
  });

  it('that name another pack or another version say nothing', () => {
    expect(
      verdictOf(policy, factsWith(), listOf(row('high', '<1.2.0'), row('high', '*', 'vendor.acme.x'))),
    ).toEqual(NOTHING);
  });

  it('whose range nobody can read name all versions, and names do not depend on case', () => {
    const refused = [at('/advisories/refuse')];
    expect(verdictOf(policy, withdrawn, listOf(row('high', 'what?'))).refused).toEqual(refused);
    expect(verdictOf(policy, withdrawn, listOf(row('high', '*', 'vendor.acme.Tools'))).refused).toEqual(
      refused,
    );
  });

  it('that cannot be had are said, and refused where they are required', () => {
    const none = { now: TODAY, advisories: { had: false, why: 'nobody is at home' } as const };
    expect(verdictOf(policy, factsWith(), none)).toEqual({ refused: [], warned: [at('/advisories')] });
    const required = policyWith({ advisories: { refuse: 'high', required: true } });
    expect(verdictOf(required, factsWith(), none).refused).toEqual([at('/advisories/required')]);
    expect(verdictOf(required, factsWith(), { now: TODAY }).refused).toEqual([at('/advisories/required')]);
    expect(verdictOf(required, factsWith(), listOf())).toEqual(NOTHING);
  });

  it('that a registry did not log are told from those that withdraw', () => {
    const unlogged = factsWith({}, { withdrawn: false });
    expect(verdictOf(policy, unlogged, listOf(row('low'))).warned).toContain(at('/advisories'));
    const required = policyWith({ advisories: { refuse: 'high', required: true } });
    expect(verdictOf(required, unlogged, listOf(row('low'))).refused).toEqual([at('/advisories/required')]);
  });

  it('that are held back show where the version is withdrawn all the same', () => {
    expect(verdictOf(policy, withdrawn, listOf()).warned).toEqual([at('/advisories')]);
  });

  it('of a registry without a log are its word alone, which is said', () => {
    const plain = factsWith({}, { withdrawn: undefined });
    expect(verdictOf(policy, plain, listOf()).warned).toEqual([at('/advisories')]);
  });

  const rows = (length: number) => Array.from({ length }, () => ({ packName: 'vendor.acme.tools' }));
  it.each([
    {},
    { advisories: 'none' },
    { advisories: Array.from({ length: 20_001 }, () => ({})) },
    { advisories: [{ affected: rows(1_001) }] },
    { advisories: [{ affected: rows(50_001) }] },
  ])('in a list of another form are not had', (feed) => expect(advisoriesIn(feed as never).had).toBe(false));
});

describe('yanks and deprecations', () => {
  it('are refused where the policy says so, and left to the usual warning otherwise', () => {
    const strict = policyWith({ yanks: 'refuse', deprecated: 'refuse' });
    expect(verdictOf(strict, factsWith({ yanked: true, deprecated: true })).refused).toEqual([
      at('/yanks'),
      at('/deprecated'),
    ]);
    expect(verdictOf(policyWith({}), factsWith({ yanked: true, deprecated: true }))).toEqual(NOTHING);
    expect(verdictOf(strict, factsWith())).toEqual(NOTHING);
  });
});

describe('licences', () => {
  const licensed = (missing?: string) =>
    policyWith({ licenses: { allow: ['Apache-2.0', 'MIT'], ...(missing ? { missing } : {}) } });

  it('that are listed are taken, others are refused', () => {
    expect(verdictOf(licensed(), factsWith())).toEqual(NOTHING);
    expect(verdictOf(licensed(), factsWith({ license: 'GPL-3.0-only' })).refused).toEqual([
      at('/licenses/allow'),
    ]);
  });

  it('that are missing have a rule of their own', () => {
    const none = factsWith({ license: undefined });
    expect(verdictOf(licensed(), none).refused).toEqual([at('/licenses/missing')]);
    expect(verdictOf(licensed('warn'), none)).toEqual({ refused: [], warned: [at('/licenses/missing')] });
    expect(verdictOf(licensed('allow'), none)).toEqual(NOTHING);
    expect(verdictOf(licensed(), factsWith({ license: '  ' })).refused).toEqual([at('/licenses/missing')]);
  });

  it.each([
    ['mit', true],
    ['MIT OR GPL-3.0-only', true],
    ['MIT AND GPL-3.0-only', false],
    ['MIT AND Apache-2.0', true],
    ['GPL-3.0-only OR MIT AND Apache-2.0', true],
    ['(GPL-3.0-only OR MIT) AND BSD-3-Clause', false],
    ['MIT WITH Classpath-exception-2.0', false],
    ['MIT OR', false],
    ['OR', false],
    ['(MIT', false],
    ['MIT)', false],
    ['UNLICENSED', false],
    ['('.repeat(400), false],
    [`MIT${' AND MIT'.repeat(1_000)}`, false],
  ])('read as SPDX: %s', (license, expected) => {
    expect(isLicensed(license, ['Apache-2.0', 'MIT'])).toBe(expected);
  });
});

describe('several policies', () => {
  it('hold together: each refuses for itself, by its own name', () => {
    const mine = policyWith({ yanks: 'refuse' }, 'mine.json');
    const theirs = policyWith({ deprecated: 'refuse' }, 'theirs.json');
    expect(verdictOf([mine, theirs], factsWith({ yanked: true, deprecated: true })).refused).toEqual([
      'mine.json#/yanks',
      'theirs.json#/deprecated',
    ]);
  });
});

describe('a source', () => {
  it('that the policy does not name is refused, also in a bundle or a mirror', () => {
    const policy = policyWith({ registries: [{ url: REGISTRY }] });
    expect(verdictOf(policy, factsWith())).toEqual(NOTHING);
    expect(verdictOf(policy, factsWith({ registry: 'https://evil.example' })).refused).toEqual([
      at('/registries'),
    ]);
  });
});
