import fc from 'fast-check';
import { it } from 'vitest';
import { unmetGates } from '../../src/knowledge/gates.ts';
import { requirementsFor } from '../../src/knowledge/path-rules.ts';
import { strictest } from '../../src/knowledge/policy.ts';
import { policies, situations } from './arbitrary-situations.ts';
import { policyWith } from './situations.ts';

it('m', () => {
  const open: Record<string, number> = {};
  const codes: Record<string, number> = {};
  for (const s of fc.sample(situations, 5000)) {
    const g = unmetGates(s);
    if (g.length === 0)
      open[`${s.by.kind}/${s.policy.mode}`] = (open[`${s.by.kind}/${s.policy.mode}`] ?? 0) + 1;
    for (const { code } of g) codes[code] = (codes[code] ?? 0) + 1;
  }
  let acc = 0;
  const ss = fc.sample(situations, 3000),
    ps = fc.sample(fc.tuple(policies, policies, policies), 3000);
  ss.forEach((s, i) => {
    if (unmetGates({ ...s, policy: strictest(ps[i] as never) }).length === 0) acc++;
  });
  console.log(open, codes, acc);
  const paths = Array.from({ length: 10000 }, (_, i) => `dir${i % 50}/sub/file-${i}.md`);
  const rules = Array.from({ length: 64 }, (_, i) => ({
    pattern: ['legal/**', '**/*.json', `dir${i}/*/f*1.md`, '**/sub/**'][i % 4] ?? '',
    required_approvals: 1,
    reviewer_roles: [],
  }));
  for (let k = 0; k < 3; k++) {
    const t = performance.now();
    requirementsFor(policyWith({ path_rules: rules }), paths);
    console.log(performance.now() - t);
  }
  const hp = Array.from({ length: 1000 }, (_, i) => `${'aaaaaaa/'.repeat(60)}${i}`);
  const hr = Array.from({ length: 64 }, () => ({
    pattern: '**/*a*a/'.repeat(60) + 'x',
    required_approvals: 1,
    reviewer_roles: [],
  }));
  {
    const t = performance.now();
    requirementsFor(policyWith({ path_rules: hr }), hp);
    console.log('hostile', performance.now() - t);
  }
  const hp2 = Array.from({ length: 1000 }, (_, i) => `${'a/'.repeat(250)}${i}`);
  const hr2 = Array.from({ length: 64 }, () => ({
    pattern: '**/' + '*/'.repeat(120) + 'y/**/x',
    required_approvals: 1,
    reviewer_roles: [],
  }));
  {
    const t = performance.now();
    requirementsFor(policyWith({ path_rules: hr2 }), hp2);
    console.log('hostile2', performance.now() - t);
  }
  const hr3 = Array.from({ length: 64 }, () => ({
    pattern: '**/' + '*/'.repeat(28) + 'y/**',
    required_approvals: 1,
    reviewer_roles: [],
  }));
  {
    const t = performance.now();
    requirementsFor(policyWith({ path_rules: hr3 }), hp2);
    console.log('hostile3', performance.now() - t);
  }
}, 600000);
