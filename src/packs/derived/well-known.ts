// What crawlers and people who found a hole look for first: robots.txt, and whom to tell (RFC 9116).
import { type Document, type DocumentKind, KINDS, makeDocument } from '../../http/document.ts';
import { fault } from '../../protocol/faults.ts';

export interface WellKnownDeps {
  readonly now: () => Date;
  readonly url: () => string;
  /** `mailto:`, `https:` or `tel:`; undefined where the operator named none. */
  readonly securityContact: string | undefined;
}

const TEXT: DocumentKind = { type: 'text/plain; charset=utf-8', cacheControl: KINDS.json.cacheControl };

/** Machines read documents by their index; crawlers would only fetch every version of every pack. */
const ROBOTS = (url: string): string =>
  [
    'User-agent: *',
    'Allow: /$',
    'Allow: /docs',
    'Disallow: /v1/',
    'Disallow: /v2/',
    'Disallow: /keys/',
    'Disallow: /.well-known/',
    '',
    `Sitemap: ${url}/`,
    '',
  ].join('\n');

export const readRobots = (the: Pick<WellKnownDeps, 'url'>) => (): Document =>
  makeDocument(Buffer.from(ROBOTS(the.url())), TEXT);

export const SECURITY_TXT = '/.well-known/security.txt';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** Less than a year, as RFC 9116 §2.5.5 recommends; by whole days, so that the document stands still for one. */
const DAYS_GOOD = 90;

const expiryFrom = (now: Date): string =>
  new Date((Math.floor(now.getTime() / DAY_MS) + DAYS_GOOD) * DAY_MS).toISOString().replace('.000Z', 'Z');

/** @throws Fault not_found where nobody is named */
export const readSecurityTxt = (the: WellKnownDeps) => (): Document => {
  if (the.securityContact === undefined) throw fault('not_found');
  const lines = [
    `Contact: ${the.securityContact}`,
    `Expires: ${expiryFrom(the.now())}`,
    `Canonical: ${the.url()}${SECURITY_TXT}`,
    '',
  ];
  return makeDocument(Buffer.from(lines.join('\n')), TEXT);
};
