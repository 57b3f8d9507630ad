// The words that nobody takes for a namespace but from the operator, and whether a name passes for one of them. Pure.
import { passFor, skeletonOf } from './look-alikes.ts';

/** Names of the protocol and of this registry: also as one part of a longer name, as in `openwop-tools`. */
const BRANDS = ['openwop', 'attestry'];

/** What speaks for a registry or for a whole scope. */
const WORDS = [
  ...['admin', 'administrator', 'operator', 'moderator', 'registry', 'registrar', 'official', 'verified'],
  ...[
    'security',
    'advisories',
    'support',
    'helpdesk',
    'staff',
    'abuse',
    'trust',
    'trusted',
    'root',
    'system',
  ],
  ...['core', 'vendor', 'community', 'private', 'local', 'internal', 'public', 'packs', 'keys'],
  ...['transparency', 'well-known', 'wop', 'owp', 'protocol'],
];

/** Shorter words are too near to others that mean something else: `core` and `care`. */
const NEAR_FROM = 6;

const isLike = (skeleton: string, word: string): boolean => {
  const reserved = skeletonOf(word);
  return reserved.length < NEAR_FROM ? skeleton === reserved : passFor(skeleton, reserved);
};

const isPartOf = (org: string, brand: string): boolean =>
  org.split(/[-_]/).some((part) => skeletonOf(part) === skeletonOf(brand));

/** The reserved word that a name is, passes for, or carries. */
export const reservedWordIn = (org: string): string | undefined => {
  const skeleton = skeletonOf(org);
  return (
    BRANDS.find((brand) => isPartOf(org, brand)) ??
    [...BRANDS, ...WORDS].find((word) => isLike(skeleton, word))
  );
};
