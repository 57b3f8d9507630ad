// Whether a revision keeps to what its base's policy and data manifest say of every contribution. Pure.
import { fault } from '../../protocol/faults.ts';
import type { ContributionPolicy } from '../../protocol/knowledge/policy.ts';
import type { DataManifest } from '../bases/base.ts';
import type { Source } from './contribution.ts';
import type { ProposedRevision } from './contribution-body.ts';

/** What a policy speaks of. */
type Terms = Pick<ProposedRevision, 'changes' | 'sources' | 'signal'>;

interface Violation {
  readonly where: string;
  readonly message: string;
}

const takesMedia = (patterns: readonly string[], mediaType: string): boolean =>
  patterns.some((pattern) =>
    pattern.endsWith('/*') ? mediaType.startsWith(pattern.slice(0, -1)) : pattern === mediaType,
  );

const puts = ({ changes }: Terms) => changes.flatMap((change) => (change.op === 'put' ? [change] : []));

const sizeViolations = (policy: ContributionPolicy, revision: Terms): readonly Violation[] => {
  const bytes = puts(revision).reduce((total, { entry }) => total + entry.size, 0);
  return [
    ...(revision.changes.length > policy.max_changes
      ? [{ where: '/changes', message: `The policy takes at most ${policy.max_changes} changes at once.` }]
      : []),
    ...(bytes > policy.max_bytes
      ? [
          {
            where: '/changes',
            message: `The policy takes documents of at most ${policy.max_bytes} bytes together.`,
          },
        ]
      : []),
  ];
};

const mediaViolations = ({ media_types }: ContributionPolicy, revision: Terms): readonly Violation[] =>
  media_types === null
    ? []
    : puts(revision)
        .filter(({ entry }) => !takesMedia(media_types, entry.mediaType))
        .map(({ path, entry }) => ({ where: path, message: `The policy takes no ${entry.mediaType}.` }));

const isDeclared = ({ sources }: DataManifest, { uri }: Source): boolean =>
  sources.some((declared) => uri === declared.uri || uri.startsWith(`${declared.uri.replace(/\/$/, '')}/`));

const sourceViolations = (
  { declared_sources_only }: ContributionPolicy,
  manifest: DataManifest,
  { sources }: Terms,
): readonly Violation[] => {
  if (!declared_sources_only) return [];
  const undeclared = sources.filter((source) => !isDeclared(manifest, source));
  const none =
    sources.length === 0 ? [{ where: '/sources', message: 'The policy asks for a declared source.' }] : [];
  return [
    ...none,
    ...undeclared.map(({ uri }) => ({ where: uri, message: 'The data manifest declares no such source.' })),
  ];
};

const signalViolations = ({ external }: ContributionPolicy, { signal }: Terms): readonly Violation[] =>
  signal === null || external.includes(signal.workforce)
    ? []
    : [{ where: '/signal/workforce', message: 'The policy takes no signals of this workforce.' }];

const MOST_TOLD = 64;

/** All that a revision breaks, as far as it is told. */
export const brokenTerms = (
  policy: ContributionPolicy,
  manifest: DataManifest,
  revision: Terms,
): readonly Violation[] =>
  [
    ...sizeViolations(policy, revision),
    ...mediaViolations(policy, revision),
    ...sourceViolations(policy, manifest, revision),
    ...signalViolations(policy, revision),
  ].slice(0, MOST_TOLD);

/** @throws Fault contribution_invalid with every violation */
export const requireTerms = (policy: ContributionPolicy, manifest: DataManifest, revision: Terms): void => {
  const violations = brokenTerms(policy, manifest, revision);
  if (violations.length > 0) throw fault('contribution_invalid', { violations });
};
