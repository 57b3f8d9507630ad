// A contribution policy is read strictly: every broken rule at once, whatever was sent in its place.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SENSITIVITIES, type Sensitivity } from '../../../src/knowledge/bases/base.ts';
import { readPolicy } from '../../../src/knowledge/bases/policy.ts';
import { Fault, type Violation } from '../../../src/protocol/faults.ts';
import { DEFAULT_POLICY, MODES } from '../../../src/protocol/knowledge/policy.ts';
import { role } from '../world/situations.ts';

const refusal = (body: unknown, sensitivity: Sensitivity = 'internal'): Fault => {
  try {
    readPolicy(body, sensitivity);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('it was taken');
};

const broken = (body: unknown, sensitivity?: Sensitivity): readonly string[] =>
  (refusal(body, sensitivity).details['violations'] as readonly Violation[]).map(({ where }) => where);

describe('a policy', () => {
  it('is the default one where nothing is said', () => {
    expect(readPolicy({}, 'restricted')).toEqual(DEFAULT_POLICY);
  });

  it('is as it was sent where everything is said', () => {
    const full = {
      mode: 'verified',
      reviewer_roles: [role('editor')],
      required_approvals: 2,
      rejection: 'quorum',
      path_rules: [
        { pattern: 'legal/**', required_approvals: 3, reviewer_roles: [role('lawyer')] },
        { pattern: '**/*.json', required_approvals: 1, reviewer_roles: [] },
      ],
      allow_self_review: true,
      verifier_gating: true,
      confidence_floor: 0.8,
      required_evals: ['wording/v2'],
      max_revisions: 0,
      proposal_ttl_days: 7,
      max_changes: 10,
      max_bytes: 1_024,
      media_types: ['text/*', 'application/json'],
      auto_rebase: true,
      signed_decisions: true,
      declared_sources_only: true,
      external: ['workforce:acme.example:legal'],
    };
    expect(readPolicy(full, 'internal')).toEqual(full);
  });

  it('fills in what a path rule leaves out', () => {
    const { path_rules } = readPolicy({ path_rules: [{ pattern: 'legal/**' }] }, 'internal');
    expect(path_rules).toEqual([{ pattern: 'legal/**', required_approvals: 1, reviewer_roles: [] }]);
  });

  it('is refused with everything that is wrong with it at once, and each where it is', () => {
    const body = {
      mode: 'open',
      required_approvals: 0,
      rejection: 'never',
      path_rules: [
        { pattern: '/legal', reviewer_roles: ['lawyer'] },
        { required_approvals: 1, note: '' },
      ],
      confidence_floor: 0.4,
      max_bytes: 1.5,
      media_types: [],
      auto_rebase: 'yes',
      quorum: 2,
    };
    expect([...broken(body)].sort()).toEqual([
      '/auto_rebase',
      '/confidence_floor',
      '/max_bytes',
      '/media_types',
      '/mode',
      '/path_rules/0/pattern',
      '/path_rules/0/reviewer_roles/0',
      '/path_rules/1/note',
      '/path_rules/1/pattern',
      '/quorum',
      '/rejection',
      '/required_approvals',
    ]);
    expect(refusal(body).code).toBe('policy_invalid');
  });

  it.each([null, undefined, [], [[]], 'reviewed', 7, Number.NaN, true])('is no %j', (body) => {
    expect(broken(body)).toEqual(['']);
  });
});

describe('M4: a floor of confidence', () => {
  it.each([0.5, 0.51, 0.8, 1])('may be %d', (confidence_floor) => {
    expect(readPolicy({ confidence_floor }, 'internal').confidence_floor).toBe(confidence_floor);
  });

  it.each([0.49, 0, -1, 1.01, Number.NaN, Number.POSITIVE_INFINITY])(
    'may not be %d, and that has a code of its own',
    (confidence_floor) => {
      expect(refusal({ confidence_floor }).code).toBe('confidence_floor_too_low');
      expect(broken({ confidence_floor })).toEqual(['/confidence_floor']);
    },
  );

  it('gives the code only where nothing else is wrong, and is named in any case', () => {
    const fault = refusal({ confidence_floor: 0.2, max_bytes: 0 });
    expect(fault.code).toBe('policy_invalid');
    expect(JSON.stringify(fault.details)).toContain('confidence_floor_too_low');
  });
});

describe('G7: sensitivity caps the mode', () => {
  const cases = SENSITIVITIES.flatMap((sensitivity) => MODES.map((mode) => ({ sensitivity, mode })));
  const isAllowed = ({ sensitivity, mode }: (typeof cases)[number]): boolean =>
    ['public', 'internal'].includes(sensitivity) || ['closed', 'reviewed'].includes(mode);

  it.each(cases.filter(isAllowed))('$sensitivity content may be $mode', ({ sensitivity, mode }) => {
    expect(readPolicy({ mode }, sensitivity).mode).toBe(mode);
  });

  it.each(cases.filter((each) => !isAllowed(each)))('$sensitivity content may not be $mode', (each) => {
    expect(broken({ mode: each.mode }, each.sensitivity)).toEqual(['/mode']);
  });
});

describe('what would undo itself', () => {
  it('is refused: a base that verifiers accept for, whose verdicts do not gate', () => {
    expect(broken({ mode: 'verified', verifier_gating: false })).toEqual(['/verifier_gating']);
    expect(readPolicy({ mode: 'reviewed', verifier_gating: false }, 'internal').verifier_gating).toBe(false);
  });

  it.each(['**.md', 'legal/a**', '', '/legal', 'legal/', 'a//b', './x', '../x', 'a\\b', 'a\0b', 'e\u0301/*'])(
    'is refused: a pattern that fits no path, or fewer than it seems to (%j)',
    (pattern) => {
      expect(broken({ path_rules: [{ pattern }] })).toEqual(['/path_rules/0/pattern']);
    },
  );

  it.each(['*', '**', 'legal/**', '**/x', 'a*b*c/**/d', 'ü/*'])('is not: the pattern %j', (pattern) => {
    expect(readPolicy({ path_rules: [{ pattern }] }, 'internal').path_rules[0]?.pattern).toBe(pattern);
  });

  it('is refused: a name that is given twice', () => {
    expect(broken({ required_evals: ['wording', 'wording'] })).toEqual(['/required_evals']);
  });
});

describe('sizes', () => {
  const times = <T>(count: number, make: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, at) => make(at));

  it('of lists end at 64', () => {
    const suites = (count: number) => ({ required_evals: times(count, (at) => `suite-${at}`) });
    expect(readPolicy(suites(64), 'internal').required_evals).toHaveLength(64);
    expect(broken(suites(65))).toEqual(['/required_evals']);
  });

  it('of patterns end at 512 bytes', () => {
    expect(readPolicy({ path_rules: [{ pattern: 'a'.repeat(512) }] }, 'internal').path_rules).toHaveLength(1);
    expect(broken({ path_rules: [{ pattern: 'a'.repeat(513) }] })).toEqual(['/path_rules/0/pattern']);
    expect(broken({ path_rules: [{ pattern: 'ü'.repeat(257) }] })).toEqual(['/path_rules/0/pattern']);
  });

  it('of patterns end at 16 segments', () => {
    const deep = (segments: number) => ({ path_rules: [{ pattern: times(segments, () => '*').join('/') }] });
    expect(readPolicy(deep(16), 'internal').path_rules).toHaveLength(1);
    expect(broken(deep(17))).toEqual(['/path_rules/0/pattern']);
  });

  it.each([
    ['required_approvals', 1, 16],
    ['max_revisions', 0, 100],
    ['proposal_ttl_days', 1, 365],
    ['max_changes', 1, 2_000],
    ['max_bytes', 1, 16 * 1024 ** 3],
  ])('of %s run from %d to %d', (name, least, most) => {
    expect(readPolicy({ [name]: least }, 'internal')).toMatchObject({ [name]: least });
    expect(readPolicy({ [name]: most }, 'internal')).toMatchObject({ [name]: most });
    for (const wrong of [least - 1, most + 1, least + 0.5, Number.NaN, '1', null, [1]])
      expect(broken({ [name]: wrong })).toEqual([`/${name}`]);
  });

  it('of a refusal are bounded, however much is wrong', () => {
    const wrong = times(64, () => ({ pattern: '', reviewer_roles: times(64, String) }));
    expect(broken({ path_rules: wrong })).toHaveLength(256);
    expect(refusal({ ['x'.repeat(100_000)]: 1 }).details).toMatchObject({
      violations: [{ where: `/${'x'.repeat(64)}` }],
    });
  });
});

describe('whatever is sent', () => {
  it('says nothing by its prototype, and `__proto__` is a member like any other', () => {
    const inherits = Object.create({ mode: 'direct', unknown: true });
    expect(readPolicy(inherits, 'internal')).toEqual(DEFAULT_POLICY);
    expect(readPolicy(Object.create(null), 'internal')).toEqual(DEFAULT_POLICY);
    expect(broken(JSON.parse('{"__proto__":{"mode":"direct"}}'))).toEqual(['/__proto__']);
    expect(broken({ constructor: 1, toString: 1 })).toEqual(['/constructor', '/toString']);
  });

  it('is looked at whole: a list with holes is none of good items', () => {
    expect(broken({ required_evals: new Array(3) })).not.toEqual([]);
  });

  const member = fc.oneof(
    fc.jsonValue(),
    fc.anything({ withBigInt: true, withDate: true, withSparseArray: true, withTypedArray: true }),
  );
  const policyLike = fc.record(
    Object.fromEntries(Object.keys(DEFAULT_POLICY).map((name) => [name, member])),
    { requiredKeys: [] },
  );

  it('is taken, or refused with reasons; nothing else ever happens', () => {
    fc.assert(
      fc.property(fc.oneof(member, policyLike), fc.constantFrom(...SENSITIVITIES), (body, sensitivity) => {
        try {
          const policy = readPolicy(body, sensitivity);
          expect(Object.keys(policy).sort()).toEqual(Object.keys(DEFAULT_POLICY).sort());
          expect(readPolicy(JSON.parse(JSON.stringify(policy)), sensitivity)).toEqual(policy);
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          expect(error.details['violations']).not.toEqual([]);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
