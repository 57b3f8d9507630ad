// Advisories as the OSV format has them: everything that was said finds its place, and withdrawn ones say so.
import { expect, it } from 'vitest';
import type { AdvisoryContent } from '../../src/packs/advisories/advisory.ts';
import { osvOf, packsToList } from '../../src/packs/advisories/osv.ts';
import { groupedBy } from '../../src/protocol/lists.ts';
import type { PackName, PackVersion } from '../../src/protocol/pack-id.ts';

const CONTENT: AdvisoryContent = {
  severity: 'critical',
  summary: 'leaks',
  details: 'into logs',
  cvssV4Score: 9.3,
  cveIds: ['CVE-2026-12345'],
  advisoryUrl: 'https://acme.example/a/1',
  affected: [
    { packName: 'vendor.acme.Tools', versions: '<1.0.1 || ^2.0.0', fixedIn: '2.1.0', fixedInRef: 'acme/x#1' },
    { packName: 'vendor.acme.odd', versions: '<=1.0.9007199254740991' },
  ],
  credits: [{ name: 'A finder' }, { name: 'B', url: 'https://b.example', role: 'remediation-developer' }],
};
const SOURCE = {
  id: 'OPENWOP-2026-0001',
  publishedAt: new Date('2026-05-12T00:00:00Z'),
  changedAt: new Date('2026-05-13T10:00:00Z'),
  content: CONTENT,
  withdrawn: null,
};
const published = groupedBy(
  [
    'vendor.acme.tools@1.0.0',
    'vendor.acme.tools@1.0.1',
    'vendor.acme.tools@2.0.5',
    'vendor.acme.odd@1.0.0',
  ].map((text) => {
    const [name, version] = text.split('@');
    return { name: name as PackName, version: version as PackVersion };
  }),
  ({ name }) => name,
);

it('has a place for everything that was said', () => {
  expect(osvOf(SOURCE, published, 'https://packs.example')).toEqual({
    schema_version: '1.6.0',
    id: 'OPENWOP-2026-0001',
    modified: '2026-05-13T10:00:00.000Z',
    published: '2026-05-12T00:00:00.000Z',
    aliases: ['CVE-2026-12345'],
    summary: 'leaks',
    details: 'into logs',
    affected: [
      {
        package: { ecosystem: 'OpenWOP', name: 'vendor.acme.Tools', purl: 'pkg:openwop/vendor.acme.Tools' },
        ranges: [
          { type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.0.1' }] },
          { type: 'SEMVER', events: [{ introduced: '2.0.0' }, { fixed: '3.0.0-0' }] },
        ],
        database_specific: { range: '<1.0.1 || ^2.0.0', fixedIn: '2.1.0', fixedInRef: 'acme/x#1' },
      },
      {
        package: { ecosystem: 'OpenWOP', name: 'vendor.acme.odd', purl: 'pkg:openwop/vendor.acme.odd' },
        versions: ['1.0.0'],
        database_specific: { range: '<=1.0.9007199254740991' },
      },
    ],
    references: [
      { type: 'ADVISORY', url: 'https://acme.example/a/1' },
      { type: 'WEB', url: 'https://packs.example/security/advisories/OPENWOP-2026-0001.json' },
    ],
    credits: [
      { name: 'A finder', type: 'FINDER' },
      { name: 'B', contact: ['https://b.example'], type: 'REMEDIATION_DEVELOPER' },
    ],
    database_specific: { severity: 'CRITICAL', cvssV4Score: 9.3 },
  });
});

it('needs the versions of those packs only whose range cannot be told in events', () => {
  expect(packsToList(CONTENT)).toEqual(['vendor.acme.odd']);
});

it('says when and why it was withdrawn', () => {
  const withdrawn = { reason: 'no leak', withdrawnAt: '2026-06-01T00:00:00.000Z' };
  expect(osvOf({ ...SOURCE, withdrawn }, new Map(), 'https://packs.example')).toMatchObject({
    modified: withdrawn.withdrawnAt,
    withdrawn: withdrawn.withdrawnAt,
    database_specific: { severity: 'CRITICAL', withdrawnReason: 'no leak' },
  });
});
