// Compares how a version is served to stand with what its log says: yanked, deprecated, or not there any more. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import { at, textOf } from '../../protocol/manifest/read.ts';
import { isYanked } from '../resolve.ts';
import type { Report } from './findings.ts';
import type { LoggedVersion } from './version-table.ts';

/** As events name a version. */
export const subjectOf = ({ name, version }: Pick<LoggedVersion, 'name' | 'version'>): string =>
  `pack:${name}@${version}`;

/** In the words of either tree; anything but a plain no counts. */
export const isDeprecated = (of: JsonValue | undefined): boolean =>
  ['deprecated', 'versionDeprecated'].some((member) => isYanked(at(of, member)));

/** Of a manifest, or of a row of an index. */
export const compareStanding = (
  logged: LoggedVersion,
  served: JsonValue,
  where: string,
  report: Report,
): void => {
  const { position, yanked, deprecated } = logged;
  const subject = subjectOf(logged);
  const found = { yanked: isYanked(at(served, 'yanked')), deprecated: isDeprecated(served) };
  if (found.yanked !== yanked)
    report('version_standing', subject, { where, expected: yanked, found: found.yanked }, position);
  if (found.deprecated !== deprecated)
    report(
      'version_deprecation',
      subject,
      { where, expected: deprecated, found: found.deprecated },
      position,
    );
};

/** Only manifests say what to take instead: nobody may lead the users of a version elsewhere. */
export const compareSuccessor = (
  logged: LoggedVersion,
  manifest: JsonValue,
  where: string,
  report: Report,
): void => {
  const [expected, found] = [logged.supersededBy, textOf(at(manifest, 'supersededBy'))];
  if (!logged.deprecated || expected === found) return;
  const evidence = { where, expected: expected ?? null, found: found?.slice(0, 300) ?? null };
  report('version_deprecation', subjectOf(logged), evidence, logged.position);
};
