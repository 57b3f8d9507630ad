// The rules about the version itself: its assurance, age, licence, where it comes from, and how it stands. Pure.
import { patternCovers } from '../../protocol/pack-id.ts';
import { ASSURANCES, isAssured } from '../assurance.ts';
import { advisoryFindings } from './advisories.ts';
import { type Finding, type PackFacts, type PolicyContext, refuse, warn } from './facts.ts';
import { isLicensed } from './licenses.ts';
import { modeFindings } from './modes.ts';
import type { Policy } from './policy.ts';
import { sourcesIn } from './sources.ts';

const assuranceFindings = ({ assurance }: Policy, { proven }: PackFacts): readonly Finding[] => {
  if (assurance === undefined || proven === undefined || isAssured(proven.assurance, assurance)) return [];
  const { assurance: found } = proven;
  const cure = `Take a version with ${assurance}: ${ASSURANCES[assurance]}.`;
  return [refuse('/assurance', `it has the assurance ${found}: ${ASSURANCES[found]}`, cure)];
};

const HOUR_MS = 3_600_000;

const shownAge = (ms: number): string => {
  const hours = Math.floor(ms / HOUR_MS);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
};

const byWhom = ({ by }: NonNullable<PackFacts['published']>): string =>
  by === 'log' ? 'by its log' : 'by the word of its registry alone';

/** A time that is yet to come is no age. */
const ageFindings = (
  { minimumAge }: Policy,
  { name, published, proven }: PackFacts,
  now: Date,
): readonly Finding[] => {
  if (minimumAge === undefined || minimumAge.except.some((each) => patternCovers(each, name))) return [];
  const { ms, text } = minimumAge;
  const except = `or have ${name} added to /minimumAge/except`;
  // An index may leave the time out; the log, which is asked when the version is verified, never does.
  if (published === undefined && proven === undefined) return [];
  if (published === undefined)
    return [
      refuse(
        '/minimumAge',
        'nothing tells when it was published',
        `Take it from a registry that tells, ${except}.`,
      ),
    ];
  const age = now.getTime() - published.at.getTime();
  const from = new Date(published.at.getTime() + ms).toISOString();
  if (age >= ms) return proven !== undefined && published.by === 'registry' ? [unprovenAge(text)] : [];
  const found = age < 0 ? 'it was published in the future' : `it is ${shownAge(age)} old`;
  const message = `${found}, ${byWhom(published)}, and must be ${text}`;
  return [
    refuse('/minimumAge', message, `It may be taken from ${from} on; take an older version, ${except}.`),
  ];
};

const unprovenAge = (text: string): Finding =>
  warn('/minimumAge', `that it is ${text} old is the word of its registry alone: no log proves it`);

const licenseFindings = ({ licenses }: Policy, { license, proven }: PackFacts): readonly Finding[] => {
  if (licenses === undefined) return [];
  const { allow, missing } = licenses;
  const cure = `Allowed are ${allow.slice(0, 20).join(', ')}.`;
  if (license !== undefined && license.trim() !== '')
    return isLicensed(license, allow)
      ? []
      : [refuse('/licenses/allow', `its licence ${license.slice(0, 100)} is not allowed`, cure)];
  // Not every index says the licence; the manifest in the archive has the last word.
  if (missing === 'allow' || proven === undefined) return [];
  const say = missing === 'refuse' ? refuse : warn;
  return [say('/licenses/missing', 'it names no licence', `Take a version that names one. ${cure}`)];
};

const standingFindings = ({ yanks, deprecated }: Policy, facts: PackFacts): readonly Finding[] => [
  // That it is yanked or deprecated is warned of already, with the reason.
  ...(yanks === 'refuse' && facts.yanked
    ? [refuse('/yanks', 'it was yanked', 'Take a version that was not yanked.')]
    : []),
  ...(deprecated === 'refuse' && facts.deprecated
    ? [refuse('/deprecated', 'it is deprecated', 'Take a version that is not deprecated.')]
    : []),
];

const sourceFindings = (policy: Policy, { name, registry }: PackFacts): readonly Finding[] => {
  const sources = sourcesIn(policy, name);
  if (sources === undefined || sources.some((each) => each.url === registry)) return [];
  const cure =
    sources.length === 0
      ? `Have its prefix bound to one registry: "names" of /registries.`
      : `Take it from ${sources.map((each) => each.url).join(', ')}.`;
  return [refuse('/registries', `${name} may not come from ${registry}`, cure)];
};

/** All that one policy says about one version, in the order of the file. */
export const findingsOf = (policy: Policy, facts: PackFacts, context: PolicyContext): readonly Finding[] => [
  ...sourceFindings(policy, facts),
  ...modeFindings(policy, facts),
  ...assuranceFindings(policy, facts),
  ...ageFindings(policy, facts, context.now),
  ...advisoryFindings(policy, facts, context.advisories),
  ...standingFindings(policy, facts),
  ...licenseFindings(policy, facts),
];
