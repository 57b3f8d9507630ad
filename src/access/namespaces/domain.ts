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

/**
 * Under which names countries themselves give out domains, as in `acme.co.uk`. Elsewhere such a name belongs to
 * somebody (`co.de` does), who could show whatever is asked below it for anybody.
 */
const SECOND_LEVELS: Readonly<Record<string, string>> = {
  ar: 'com edu gob net org',
  at: 'ac co gv or',
  au: 'com edu gov net org',
  br: 'com edu gov net org',
  cn: 'ac com edu gov net org',
  co: 'com edu gov net org',
  cr: 'ac co go or',
  hk: 'com edu gov net org',
  id: 'ac co go or',
  il: 'ac co gov net org',
  in: 'ac co edu gov net org',
  jp: 'ac co go ne or',
  ke: 'ac co go ne or',
  kr: 'ac co go ne or',
  mx: 'com edu gob net org',
  my: 'com edu gov net org',
  ng: 'com edu gov net org',
  nz: 'ac co govt net org',
  pe: 'com edu gob net org',
  ph: 'com edu gov net org',
  pk: 'com edu gov net org',
  pl: 'com edu gov net org',
  sg: 'com edu gov net org',
  th: 'ac co go net or',
  tr: 'com edu gov net org',
  tw: 'com edu gov net org',
  tz: 'ac co go ne or',
  ua: 'com edu gov net org',
  ug: 'ac co go ne or',
  uk: 'ac co gov net org',
  vn: 'ac com edu gov net org',
  za: 'ac co gov net org',
};

const isGivenOut = (second: string, country: string): boolean =>
  Object.hasOwn(SECOND_LEVELS, country) && (SECOND_LEVELS[country]?.split(' ').includes(second) ?? false);

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
  return isGivenOut(second, country) ? label : undefined;
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
