// What an advisory says: read from a request, matched against versions, written as the public feed writes it. Pure.
import { canonicalBytes, type JsonObject, type JsonValue } from '../../../keys/canonical.ts';
import { type Fault, fault, faultOf, type Violation } from '../../protocol/faults.ts';
import { checkSchema } from '../../protocol/manifest/schema.ts';
import {
  closed,
  list,
  number,
  pattern,
  type Schema,
  set,
  text,
  uri,
  word,
} from '../../protocol/manifest/shared.ts';
import { nameKey, parsePackName, parsePackVersion } from '../../protocol/pack-id.ts';
import { parseAffected } from '../../protocol/semver-range.ts';
import { isPrivate, type PackAddress } from '../policy.ts';

export interface Affected {
  readonly packName: string;
  /** A range in node-semver's grammar, by precedence alone: see `parseAffected`. */
  readonly versions: string;
  readonly fixedIn?: string;
  readonly fixedInRef?: string;
}

export interface Credit {
  readonly name: string;
  readonly url?: string;
  readonly role?: string;
}

/** What its author says; id and dates are the registry's. */
export interface AdvisoryContent {
  readonly severity: string;
  readonly cveIds?: readonly string[];
  readonly cvssV4Score?: number;
  readonly summary: string;
  readonly details?: string;
  readonly advisoryUrl?: string;
  readonly affected: readonly Affected[];
  readonly credits?: readonly Credit[];
}

export interface AdvisoryIdentity {
  readonly id: string;
  readonly publishedAt: Date;
  /** Null where it was never changed. */
  readonly changedAt: Date | null;
}

/** One line of visible text; half of a surrogate pair has no UTF-8. */
const line = (maxLength: number): Schema => pattern('^[^\\p{Cc}\\p{Surrogate}]+$', { maxLength });
const prose = (maxLength: number): Schema =>
  pattern('^(?:[^\\p{Cc}\\p{Surrogate}]|[\\n\\r\\t])*$', { maxLength });
const webAddress: Schema = { ...uri, pattern: '^https?://[!-~]+$', maxLength: 512 };

const affected = closed(
  { packName: text({ maxLength: 214 }), versions: pattern('^[ -~]+$', { maxLength: 256 }) },
  { fixedIn: text({ maxLength: 64 }), fixedInRef: line(256) },
);

const ROLES = ['finder', 'reporter', 'analyst', 'coordinator', 'remediation-developer'] as const;

/** security-advisory.schema.json, without what the registry adds, and with an end to every list and text. */
const SCHEMA = closed(
  {
    severity: word('critical', 'high', 'medium', 'low'),
    summary: line(200),
    affected: list(affected, { minItems: 1, maxItems: 64 }),
  },
  {
    cveIds: set(pattern('^CVE-[0-9]{4}-[0-9]{1,19}$'), { maxItems: 64 }),
    cvssV4Score: number(0, 10),
    details: prose(20_000),
    advisoryUrl: webAddress,
    credits: list(closed({ name: line(200) }, { url: webAddress, role: word(...ROLES) }), { maxItems: 64 }),
  },
);

/** Room for the names around it in an entry of the log, which has an end. */
const MAX_BYTES = 48 * 1024;

const broken = (where: string, message: string): Violation => ({ code: 'validation_error', where, message });

/** Whoever follows the advice would be told at once that it is affected. */
const checkFix = (
  { versions, fixedIn }: Affected,
  fix: ReturnType<typeof parsePackVersion> | undefined,
  where: string,
): readonly Violation[] => {
  if (fix === undefined) return [];
  if (!fix.ok) return [broken(fix.violation.where, fix.violation.message)];
  if (parseAffected(versions)?.admits(fix.value) !== true) return [];
  const message = `fixedIn ${fixedIn} is itself affected by "${versions}": end the range before it, as in "<${fixedIn}", or name the version that is fixed.`;
  return [broken(`${where}/fixedIn`, message)];
};

const checkAffected = (row: Affected, at: number): readonly Violation[] => {
  const { packName, versions, fixedIn } = row;
  const where = `/affected/${at}`;
  const name = parsePackName(packName, `${where}/packName`);
  const fix = fixedIn === undefined ? undefined : parsePackVersion(fixedIn, `${where}/fixedIn`);
  return [
    ...(name.ok ? [] : [broken(name.violation.where, name.violation.message)]),
    // Everybody reads advisories: the name alone would tell that there is such a pack.
    ...(name.ok && isPrivate(name.value)
      ? [broken(`${where}/packName`, 'A public advisory names no private pack.')]
      : []),
    ...(parseAffected(versions) === undefined
      ? [broken(`${where}/versions`, 'This is no range, as in "<1.0.1" or ">=1.0.0 <1.4.2".')]
      : []),
    ...checkFix(row, fix, where),
  ];
};

/** Whatever is said of a pack stands in one row, which a range of several parts can hold. */
const checkRepeated = ({ affected }: AdvisoryContent): readonly Violation[] => {
  const keys = affected.map(({ packName }) => nameKey(packName));
  return affected.flatMap(({ packName }, at) =>
    keys.indexOf(nameKey(packName)) === at
      ? []
      : [
          broken(
            `/affected/${at}/packName`,
            'The pack is named twice: give it one row, as in "<1.0.1 || >=2.0.0 <2.1.0".',
          ),
        ],
  );
};

const refuseAll = (found: readonly Violation[]): void => {
  const [first, ...others] = found.map((each) => broken(each.where, each.message));
  if (first !== undefined) throw faultOf([first, ...others]);
};

/** @throws Fault validation_error with everything that is wrong. */
export const readContent = (body: Readonly<Record<string, unknown>>): AdvisoryContent => {
  refuseAll(checkSchema(body as JsonObject, 'security-advisory', 'v1', () => SCHEMA));
  const content = body as unknown as AdvisoryContent;
  refuseAll([...content.affected.flatMap(checkAffected), ...checkRepeated(content)]);
  if (canonicalBytes(content).length > MAX_BYTES)
    throw fault('validation_error', { maxBytes: MAX_BYTES }, 'The advisory is longer than the log can hold.');
  return content;
};

const ID = /^OPENWOP-\d{4}-\d{4}$/;

export const isAdvisoryId = (value: string): boolean => ID.test(value);

const wrong = (field: string, rule: string): Fault =>
  fault('validation_error', { field }, `${field} ${rule}.`);

/** @throws Fault validation_error */
export const readId = (value: unknown): string => {
  if (typeof value === 'string' && isAdvisoryId(value)) return value;
  throw wrong('id', 'must read OPENWOP-YYYY-NNNN');
};

/** A day such as 2026-05-12. @throws Fault validation_error */
export const readDay = (value: unknown): Date => {
  const isDay = typeof value === 'string' && /^[1-9]\d{3}-\d{2}-\d{2}$/.test(value);
  const day = new Date(isDay ? `${value}T00:00:00Z` : Number.NaN);
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== value)
    throw wrong('publishedAt', 'must be a day such as 2026-05-12');
  return day;
};

const dayOf = (instant: Date): string => instant.toISOString().slice(0, 10);

const told = <T>(name: string, value: T | undefined): Readonly<Record<string, T>> =>
  value === undefined ? {} : { [name]: value };

const affectedJson = ({ packName, versions, fixedIn, fixedInRef }: Affected): JsonObject => ({
  packName,
  versions,
  ...told('fixedIn', fixedIn),
  ...told('fixedInRef', fixedInRef),
});

const creditJson = ({ name, url, role }: Credit): JsonObject => ({
  name,
  ...told('url', url),
  ...told('role', role),
});

/** The closed shape of the public feed (security-advisory.schema.json), its members in the order of that feed. */
export const advisoryJson = (of: AdvisoryIdentity, content: AdvisoryContent): JsonObject => ({
  id: of.id,
  publishedAt: dayOf(of.publishedAt),
  ...(of.changedAt === null ? {} : { updatedAt: dayOf(of.changedAt) }),
  severity: content.severity,
  ...told<JsonValue>('cveIds', content.cveIds),
  ...told('cvssV4Score', content.cvssV4Score),
  summary: content.summary,
  ...told('details', content.details),
  ...told('advisoryUrl', content.advisoryUrl),
  affected: content.affected.map(affectedJson),
  ...(content.credits === undefined ? {} : { credits: content.credits.map(creditJson) }),
});

/** The keys of all packs that it is about, each once, in order. */
export const packsIn = ({ affected }: AdvisoryContent): readonly string[] =>
  [...new Set(affected.map(({ packName }) => nameKey(packName)))].sort();

/** Tells of many versions whether they are affected; each range is read once. */
export const affects = ({ affected }: AdvisoryContent): ((address: PackAddress) => boolean) => {
  const ranges = affected.map(
    ({ packName, versions }) => [nameKey(packName), parseAffected(versions)] as const,
  );
  return ({ name, version }) =>
    ranges.some(([key, range]) => key === nameKey(name) && range?.admits(version) === true);
};

/** Those of its rows that name no version which is there. */
export const unmatched = (
  { affected }: AdvisoryContent,
  versions: readonly PackAddress[],
): readonly Affected[] =>
  affected.filter((row) => {
    const isHit = affects({ affected: [row] } as unknown as AdvisoryContent);
    return !versions.some(isHit);
  });
