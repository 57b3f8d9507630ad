// attestry log verify: reads every entry of the log, makes its tree anew, and compares every fact with what is served.
import { type AuditReport, auditRegistry } from '../client/audit/audit.ts';
import type { AuditFinding } from '../client/audit/findings.ts';
import { registryBase } from '../client/network/http-url.ts';
import { acting } from './command.ts';
import type { TrustOptions } from './commands/trust-options.ts';
import { printProgress } from './terminal.ts';
import { registryOptions } from './trust-policy.ts';

interface VerifyOptions extends TrustOptions {
  readonly tarballs?: boolean;
}

const PROGRESS_EVERY_MS = 1_000;
const WORDS = { entries: 'entries read', packs: 'packs compared' } as const;

const grouped = (count: number): string => count.toLocaleString('en');

/** Tells how far it is, now and then. */
export const progressTeller = () => {
  let last = performance.now();
  return (step: keyof typeof WORDS, done: number, of: number): void => {
    if (performance.now() - last < PROGRESS_EVERY_MS) return;
    last = performance.now();
    printProgress(`${grouped(done)} of ${grouped(of)} ${WORDS[step]}`);
  };
};

const findingLine = ({ code, subject, position, message, evidence }: AuditFinding): string => {
  const place = position === null ? '' : `, entry ${position}`;
  const shown = Object.keys(evidence).length === 0 ? '' : ` ${JSON.stringify(evidence)}`;
  return `  ✗ ${subject}${place}: ${message} (${code})${shown}`;
};

/** Nothing is said where there is none. */
const disbelieved = (count: number): readonly string[] =>
  count === 0 ? [] : [`${grouped(count)} versions under a key that is revoked from before them`];

const summary = ({ counts, durationMs }: AuditReport): string =>
  [
    `${grouped(counts.versions)} versions of ${grouped(counts.packs)} packs, ${grouped(counts.yanked)} yanked, ${grouped(counts.deprecated)} deprecated, ${grouped(counts.unpublished)} unpublished`,
    ...disbelieved(counts.revokedVersions),
    `${grouped(counts.keys)} keys, ${grouped(counts.revoked)} revoked`,
    `${grouped(counts.roots)} roots`,
    `${grouped(counts.namespaces)} namespaces`,
    `${grouped(counts.sealed)} sealed entries`,
    `${(durationMs / 1_000).toFixed(1)} s`,
  ].join(' · ');

/** What agrees with the log, and no more than was looked at. */
const agreement = ({ tarballs, counts }: AuditReport): readonly string[] =>
  tarballs
    ? [
        'Every entry was hashed; indexes, manifests, signatures, keys, roots and namespaces agree with the log,',
        `and every tarball was fetched and passed all that a host asks before it installs one${
          counts.revokedVersions === 0 ? '.' : ', but for those whose key the log revokes.'
        }`,
      ]
    : [
        'Every entry was hashed; the digest, key, signature and standing that are served of each version agree with the',
        'log, as do keys, roots and namespaces. No tarball was fetched, and no manifest held against its tarball:',
        'attestry log verify --tarballs',
      ];

const verdict = (report: AuditReport): readonly string[] => {
  const { findings, leftOut, compared } = report;
  if (findings.length + leftOut === 0) return agreement(report);
  const more = leftOut === 0 ? [] : [`  … and ${grouped(leftOut)} more`];
  const rest = compared ? [] : ['The log cannot be read to its end, so nothing served was compared with it.'];
  return [`${grouped(findings.length + leftOut)} findings:`, ...findings.map(findingLine), ...more, ...rest];
};

const auditLines = (report: AuditReport): readonly string[] => [
  `${report.origin}: ${grouped(report.size)} entries, root ${report.root}`,
  summary(report),
  ...verdict(report),
];

export const verify = acting<VerifyOptions>(async (settings, options) => {
  const opening = await registryOptions(settings, options);
  printProgress(`Asking ${registryBase(settings.url)}`);
  const report = await auditRegistry({
    ...opening,
    tarballs: options.tarballs,
    onProgress: progressTeller(),
  });
  const ok = report.findings.length + report.leftOut === 0;
  if (!ok) process.exitCode = 1;
  return { lines: auditLines(report), json: { ok, ...report } };
});
