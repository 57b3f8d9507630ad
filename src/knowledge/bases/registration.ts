// Reads what an owner says of a base when it is registered, or says everything that is missing or wrong. Pure.
import { Fault, fault, type Violation } from '../../protocol/faults.ts';
import {
  type Findings,
  idAt,
  listAt,
  newFindings,
  objectAt,
  refuseRepeats,
  requireNothing,
  textAt,
  truthAt,
  wholeAt,
  wordAt,
} from '../../protocol/findings.ts';
import { isHuman, type PrincipalId, parsePrincipalId } from '../../protocol/knowledge/ids.ts';
import { type ContributionPolicy, MODES } from '../../protocol/knowledge/policy.ts';
import { type DataManifest, type Registration, type Retention, SENSITIVITIES } from './base.ts';
import { readPolicy } from './policy.ts';

const MEMBERS = [
  'knowledge_base_id',
  'title',
  'purpose',
  'steward',
  'data_manifest',
  'retention',
  'contribution_policy',
];
const MOST_SOURCES = 256;
const MOST_COUNTRIES = 64;
const MOST_DAYS = 36_500;
const MOST_VERSIONS = 1_000_000;
// RFC 3986 §3.1: a scheme, and something behind it.
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:\S+$/;
// ISO 3166-1 alpha-2.
const COUNTRY = /^[A-Z]{2}$/;

type Source = DataManifest['sources'][number];

const readUri = (the: Findings, value: unknown, where: string): string | undefined => {
  const uri = textAt(the, value, where, { most: 2_048 });
  return uri === undefined || URI.test(uri) ? uri : the.refuse(where, 'It must be a URI, with its scheme.');
};

const readSource = (the: Findings, value: unknown, where: string): Source | undefined => {
  const source = objectAt(the, value, where, ['uri', 'purpose']);
  if (source === undefined) return undefined;
  const uri = readUri(the, source['uri'], `${where}/uri`);
  const purpose = textAt(the, source['purpose'], `${where}/purpose`, { most: 512 });
  return uri === undefined || purpose === undefined ? undefined : { uri, purpose };
};

const readSources = (the: Findings, value: unknown, where: string): readonly Source[] => {
  const sources = listAt(the, value, where, { least: 1, most: MOST_SOURCES }, (each, at) =>
    readSource(the, each, at),
  );
  refuseRepeats(
    the,
    sources.map(({ uri }) => uri),
    where,
  );
  return sources;
};

const readResidency = (the: Findings, value: unknown, where: string): readonly string[] | null => {
  if (value === undefined || value === null) return null;
  const countries = listAt(the, value, where, { least: 1, most: MOST_COUNTRIES }, (each, at) =>
    idAt(the, each, at, 'as an ISO 3166 country code such as AU', (text) =>
      COUNTRY.test(text) ? text : undefined,
    ),
  );
  refuseRepeats(the, countries, where);
  return countries;
};

const readManifest = (the: Findings, value: unknown): DataManifest | undefined => {
  const where = '/data_manifest';
  const found = objectAt(the, value, where, ['sources', 'sensitivity', 'residency', 'approval_model']);
  if (found === undefined) return undefined;
  const sources = readSources(the, found['sources'], `${where}/sources`);
  const sensitivity = wordAt(the, found['sensitivity'], `${where}/sensitivity`, SENSITIVITIES);
  const residency = readResidency(the, found['residency'], `${where}/residency`);
  const approval_model = wordAt(the, found['approval_model'], `${where}/approval_model`, MODES);
  if (sensitivity === undefined || approval_model === undefined) return undefined;
  return { sources, sensitivity, residency, approval_model };
};

const readRetention = (the: Findings, value: unknown): Retention | undefined => {
  const where = '/retention';
  const found = objectAt(the, value, where, ['min_days', 'min_versions', 'legal_hold']);
  if (found === undefined) return undefined;
  const min_days = wholeAt(the, found['min_days'], `${where}/min_days`, { most: MOST_DAYS });
  const min_versions = wholeAt(the, found['min_versions'], `${where}/min_versions`, {
    least: 1,
    most: MOST_VERSIONS,
  });
  const legal_hold = truthAt(the, found['legal_hold'], `${where}/legal_hold`);
  if (min_days === undefined || min_versions === undefined || legal_hold === undefined) return undefined;
  return { min_days, min_versions, legal_hold };
};

const readSteward = (the: Findings, value: unknown): PrincipalId | undefined =>
  idAt(the, value, '/steward', 'human:<authority>:<name>', (text) => {
    const id = parsePrincipalId(text);
    return id !== undefined && isHuman(id) ? id : undefined;
  });

const isViolation = (each: unknown): each is Violation =>
  typeof each === 'object' && each !== null && 'where' in each && 'message' in each;

/** The policy's own violations, among all others and under its place in the body. */
const policyAt = (
  the: Findings,
  value: unknown,
  manifest: DataManifest | undefined,
): ContributionPolicy | undefined => {
  try {
    // Of what sensitivity nobody said, the policy is only looked at for itself.
    return readPolicy(value ?? {}, manifest?.sensitivity ?? 'public');
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const found: unknown = error.details['violations'];
    for (const each of Array.isArray(found) ? found.filter(isViolation) : [])
      the.refuse(`/contribution_policy${each.where}`, each.message, each.code);
    return undefined;
  }
};

const POLICY_CODES = ['policy_invalid', 'confidence_floor_too_low'] as const;

/** The code that all violations have, where that is one of the policy's. */
const codeOf = ({ violations }: Findings) =>
  POLICY_CODES.find((code) => violations.every((each) => each.code === code));

export interface ReadRegistration {
  readonly registration: Registration;
  readonly policy: ContributionPolicy;
}

/**
 * Data manifest and retention are no options: nobody governs what nobody described.
 * @throws Fault validation_error with every violation; policy_invalid, confidence_floor_too_low where those are all
 */
export const readRegistration = (body: unknown): ReadRegistration => {
  const the = newFindings();
  const found = objectAt(the, body, '', MEMBERS) ?? {};
  const title = textAt(the, found['title'], '/title', { most: 200 });
  const purpose = textAt(the, found['purpose'], '/purpose', { most: 2_000 });
  const steward = readSteward(the, found['steward']);
  const data_manifest = readManifest(the, found['data_manifest']);
  const retention = readRetention(the, found['retention']);
  const policy = policyAt(the, found['contribution_policy'], data_manifest);
  if (policy !== undefined && data_manifest !== undefined && data_manifest.approval_model !== policy.mode)
    the.refuse(
      '/data_manifest/approval_model',
      `It must be the mode of the policy, which is ${policy.mode}.`,
    );
  requireNothing(the, codeOf(the));
  if (!title || !purpose || !steward || !data_manifest || !retention || !policy)
    throw fault('validation_error');
  return { registration: { title, purpose, steward, data_manifest, retention }, policy };
};
