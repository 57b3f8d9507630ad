// Which domain may stand for which vendor, and where it has to say so. Pure.
import { fault } from '../../protocol/faults.ts';
import type { NamespaceName } from './names.ts';

export const PROOF_METHODS = ['well-known', 'dns'] as const;
export type ProofMethod = (typeof PROOF_METHODS)[number];

export const WELL_KNOWN_PATH = '/.well-known/attestry-namespace.txt';
export const DNS_LABEL = '_attestry';

/** @throws Fault validation_error */
export const readMethod = (text: string): ProofMethod => {
  const method = PROOF_METHODS.find((each) => each === text);
  if (method !== undefined) return method;
  throw fault('validation_error', { field: 'method' }, `method is one of ${PROOF_METHODS.join(', ')}.`);
};

const MAX_DOMAIN = 253;
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const DOMAIN = new RegExp(`^(${LABEL})\\.(?:${LABEL}\\.)?[a-z]{2,63}$`);

/** Under these, two-letter countries give out domains: `acme.co.uk`. */
const SECOND_LEVELS = ['co', 'com', 'net', 'org', 'ac', 'edu', 'gov', 'ne', 'or', 'go'];

const folded = (text: string): string => text.replace(/[-_]/g, '');

/**
 * The label that somebody registered: the first of `acme.example` and of `acme.co.uk`; undefined for what lies below or
 * above a registered domain. Labels in other scripts (`xn--`) look like no organisation's name.
 */
const registeredLabel = (domain: string): string | undefined => {
  const label = DOMAIN.exec(domain)?.[1];
  const [, second = '', country] = domain.split('.');
  if (label === undefined || label.startsWith('xn--')) return undefined;
  if (country === undefined) return label;
  return country.length === 2 && SECOND_LEVELS.includes(second) ? label : undefined;
};

/**
 * A domain stands for `vendor.<org>` where the label somebody registered is that org; hyphens and underscores do not count.
 * @throws Fault validation_error with the rule
 */
export const readDomain = (text: string, { name, scope, org }: NamespaceName): string => {
  if (scope !== 'vendor')
    throw fault('validation_error', { namespace: name }, 'Only a vendor is proved by a domain.');
  const domain = text.toLowerCase().replace(/\.$/, '');
  const label = domain.length > MAX_DOMAIN ? undefined : registeredLabel(domain);
  if (label !== undefined && folded(label) === folded(org)) return domain;
  const message = `${name} is proved by a registered domain whose name is ${org}, such as ${org.replaceAll('_', '-')}.com.`;
  throw fault('validation_error', { field: 'domain', namespace: name }, message);
};

/** Where a domain has to show the text. */
export const placeOf = (domain: string, method: ProofMethod): string =>
  method === 'dns' ? `${DNS_LABEL}.${domain} (DNS TXT)` : `https://${domain}${WELL_KNOWN_PATH}`;
