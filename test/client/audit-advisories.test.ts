// Advisories in an audit: the feed says what the log says, and what an advisory names is yanked.
import { describe, expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../keys/canonical.ts';
import type { AuditReport } from '../../src/client/audit/audit.ts';
import { AUDIT_FINDINGS } from '../../src/client/audit/findings.ts';
import { type AuditedRegistry, audit, found as codesOf, openlyAudited, packNamed } from './audited.ts';

const shown = new Set<string>();

const found = (report: AuditReport): readonly string[] => {
  for (const { code } of report.findings) if (code.startsWith('advisory_')) shown.add(code);
  return codesOf(report);
};

const ID = 'OPENWOP-2026-0001';
const FEED = '/security/advisories.json';

const advisoryOn = (versions: string, more: JsonObject = {}): JsonObject => ({
  id: ID,
  publishedAt: '2026-05-12',
  severity: 'high',
  summary: 'leaks',
  affected: [{ packName: 'vendor.acme.tools', versions }],
  ...more,
});

/** A registry with one version, and an advisory on it in its log. */
const warned = async (versions = '<1.0.0') => {
  const pack = await packNamed('vendor.acme.tools');
  const registry = await openlyAudited(pack);
  onTestFinished(() => registry.close());
  const advisory = advisoryOn(versions);
  const position = registry.record('advisory.published', `advisory:${ID}`, { advisory });
  return { registry, pack, advisory, position };
};

const serve = async (registry: AuditedRegistry, ...advisories: readonly JsonObject[]) => {
  await registry.serve();
  registry.setJson(FEED, { advisories });
};

describe('an audit', () => {
  it('finds nothing where feed, log and yanks are at one', async () => {
    const { registry, pack, advisory } = await warned('*');
    registry.yank(pack);
    await serve(registry, advisory);
    expect(found(await audit(registry))).toEqual([]);
  });

  it('finds an advisory in force that is not served, in a feed and without one', async () => {
    const { registry, position } = await warned();
    await registry.serve();
    expect(found(await audit(registry))).toEqual([`advisory_missing advisory:${ID} ${position}`]);
    await serve(registry);
    expect(found(await audit(registry))).toEqual([`advisory_missing advisory:${ID} ${position}`]);
  });

  it('finds an advisory that nobody logged, and one that was withdrawn', async () => {
    const { registry, advisory } = await warned();
    await serve(registry, advisory, advisoryOn('*', { id: 'OPENWOP-2026-6666' }));
    expect(found(await audit(registry))).toEqual(['advisory_unlogged advisory:OPENWOP-2026-6666 -']);
    registry.record('advisory.withdrawn', `advisory:${ID}`, { id: ID, reason: 'x' });
    await serve(registry, advisory);
    expect(found(await audit(registry))).toEqual([`advisory_unlogged advisory:${ID} -`]);
  });

  it('finds one that is served in other words than the log last had', async () => {
    const { registry, advisory } = await warned();
    const changed = advisoryOn('<1.0.0', { severity: 'critical', updatedAt: '2026-05-13' });
    const position = registry.record('advisory.changed', `advisory:${ID}`, { advisory: changed });
    await serve(registry, advisory);
    expect(found(await audit(registry))).toEqual([`advisory_mismatch advisory:${ID} ${position}`]);
    await serve(registry, changed);
    expect(found(await audit(registry))).toEqual([]);
  });

  it('finds a version that one names and that is not yanked', async () => {
    const { registry, advisory, position } = await warned('<=1.0.0');
    await serve(registry, advisory);
    expect(found(await audit(registry))).toEqual([
      `advisory_unenforced pack:vendor.acme.tools@1.0.0 ${position}`,
    ]);
  });

  it('finds entries that are about no advisory', async () => {
    const { registry, advisory } = await warned();
    registry.record('advisory.published', 'advisory:none', { advisory: 'none' });
    const other = registry.record('advisory.withdrawn', 'advisory:other', { id: 'other', reason: 'x' });
    await serve(registry, advisory);
    expect(found(await audit(registry))).toEqual([
      `leaf_malformed advisory:none ${other - 1}`,
      `leaf_malformed advisory:other ${other}`,
    ]);
  });
});

it('the ways in which a feed and its log can disagree are all shown above', () => {
  const about = Object.keys(AUDIT_FINDINGS).filter((code) => code.startsWith('advisory_'));
  expect([...shown].sort()).toEqual(about.sort());
});
