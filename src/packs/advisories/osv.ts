// Advisories as the Open Source Vulnerability format has them (OSV schema 1.6). Pure.
import type { JsonObject } from '../../../keys/canonical.ts';
import { nameKey } from '../../protocol/pack-id.ts';
import { compareVersions, parseAffected, type VersionInterval } from '../../protocol/semver-range.ts';
import type { PackAddress } from '../policy.ts';
import type { AdvisoryContent, AdvisoryIdentity, Affected, Credit } from './advisory.ts';

export interface OsvSource extends AdvisoryIdentity {
  readonly content: AdvisoryContent;
  readonly withdrawn: { readonly reason: string; readonly withdrawnAt: string } | null;
}

const ECOSYSTEM = 'OpenWOP';

/** "0" stands for before the first version. */
const rangeOf = ({ introduced, fixed }: VersionInterval): JsonObject => ({
  type: 'SEMVER',
  events: [{ introduced: introduced ?? '0' }, ...(fixed === undefined ? [] : [{ fixed }])],
});

/** Versions of packs by the keys of their names. */
export type Published = ReadonlyMap<string, readonly Pick<PackAddress, 'version'>[]>;

/** The keys of the packs of which versions have to be listed, since their range cannot be told in events. */
export const packsToList = ({ affected }: AdvisoryContent): readonly string[] =>
  affected
    .filter(({ versions }) => parseAffected(versions)?.intervals === undefined)
    .map(({ packName }) => nameKey(packName));

/** Events say it all where they can; else the versions that are there stand for the range. */
const extentOf = ({ packName, versions }: Affected, published: Published): JsonObject => {
  const range = parseAffected(versions);
  if (range?.intervals !== undefined && range.intervals.length > 0)
    return { ranges: range.intervals.map(rangeOf) };
  const there = (published.get(nameKey(packName)) ?? []).map(({ version }) => version);
  return { versions: there.filter((version) => range?.admits(version) === true).sort(compareVersions) };
};

const affectedJson = (row: Affected, published: Published): JsonObject => {
  const { packName, versions, fixedIn, fixedInRef } = row;
  return {
    package: { ecosystem: ECOSYSTEM, name: packName, purl: `pkg:openwop/${encodeURIComponent(packName)}` },
    ...extentOf(row, published),
    database_specific: {
      range: versions,
      ...(fixedIn === undefined ? {} : { fixedIn }),
      ...(fixedInRef === undefined ? {} : { fixedInRef }),
    },
  };
};

const creditJson = ({ name, url, role = 'finder' }: Credit): JsonObject => ({
  name,
  ...(url === undefined ? {} : { contact: [url] }),
  type: role.toUpperCase().replaceAll('-', '_'),
});

/** OSV has a place for CVSS vectors only, so that a word and a score stand where each database has its own. */
const severityOf = ({ severity, cvssV4Score }: AdvisoryContent): JsonObject => ({
  severity: severity.toUpperCase(),
  ...(cvssV4Score === undefined ? {} : { cvssV4Score }),
});

const modifiedAt = ({ publishedAt, changedAt, withdrawn }: OsvSource): string =>
  withdrawn?.withdrawnAt ?? (changedAt ?? publishedAt).toISOString();

/** @param published versions of its `packsToList`. @param registry where this registry is found. */
export const osvOf = (source: OsvSource, published: Published, registry: string): JsonObject => {
  const { id, content, withdrawn } = source;
  const { advisoryUrl, credits, cveIds } = content;
  return {
    schema_version: '1.6.0',
    id,
    modified: modifiedAt(source),
    published: source.publishedAt.toISOString(),
    ...(withdrawn === null ? {} : { withdrawn: withdrawn.withdrawnAt }),
    ...(cveIds === undefined ? {} : { aliases: [...cveIds] }),
    summary: content.summary,
    ...(content.details === undefined ? {} : { details: content.details }),
    affected: content.affected.map((row) => affectedJson(row, published)),
    references: [
      ...(advisoryUrl === undefined ? [] : [{ type: 'ADVISORY', url: advisoryUrl }]),
      { type: 'WEB', url: `${registry}/security/advisories/${id}.json` },
    ],
    ...(credits === undefined ? {} : { credits: credits.map(creditJson) }),
    database_specific: {
      ...severityOf(content),
      ...(withdrawn === null ? {} : { withdrawnReason: withdrawn.reason }),
    },
  };
};
