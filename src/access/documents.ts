// The documents that make keys believable, ready to serve.
import { formatPublicKeyPem } from '../../keys/key.ts';
import type { Sql } from '../database/connect.ts';
import { type Document, KINDS, makeDocument } from '../http/document.ts';
import type { DocumentCache } from '../http/document-cache.ts';
import { fault } from '../protocol/faults.ts';
import { delegationOf, rootAt } from './delegation-store.ts';
import { statementOf } from './delegations.ts';
import { type IssuedTable, latestIssued } from './issued-store.ts';

export interface TrustReadDeps {
  readonly sql: Sql;
  readonly cache: DocumentCache;
}

/** Whatever lists keys or claims changes with each of them. */
export const KEYS_TOPIC = 'keys';

/** The topics that a committed event touches, by its subject. */
export const trustTopicsOf = (subject: string): readonly string[] =>
  /^(key|root|namespace):/.test(subject) ? [KEYS_TOPIC] : [];

const envelopeDocument = (envelope: string | undefined): Document => {
  if (envelope === undefined) throw fault('not_found');
  return makeDocument(Buffer.from(envelope), KINDS.json);
};

export const readRoot =
  (the: TrustReadDeps) =>
  (version: number | 'latest'): Promise<Document> => {
    const path = version === 'latest' ? '/trust/root.json' : `/trust/${version}.root.json`;
    return the.cache.load(path, [KEYS_TOPIC], async () => envelopeDocument(await rootAt(the.sql, version)));
  };

/** Asked for each time: it is reissued without an event, and an old one would freeze its readers. */
export const readIssued = (the: TrustReadDeps, table: IssuedTable) => async (): Promise<Document> =>
  envelopeDocument((await latestIssued(the.sql, table))?.envelope);

export const readKey =
  (the: TrustReadDeps) =>
  (keyId: string): Promise<Document> =>
    the.cache.load(`/keys/${keyId}.pub`, [KEYS_TOPIC], async () => {
      const row = await delegationOf(the.sql, keyId);
      if (row === undefined) throw fault('not_found', { keyId });
      return makeDocument(Buffer.from(formatPublicKeyPem(statementOf(row).publicKey)), KINDS.key);
    });
