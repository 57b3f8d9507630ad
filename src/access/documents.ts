// The documents that make keys believable, ready to serve.
import { formatPublicKeyPem } from '../../keys/key.ts';
import type { Sql } from '../database/connect.ts';
import { type Document, KINDS, makeDocument } from '../http/document.ts';
import type { DocumentCache } from '../http/document-cache.ts';
import { fault } from '../protocol/faults.ts';
import { delegationOf, rootAt } from './delegation-store.ts';
import { type IssuedTable, latestIssued, newestIssued } from './issued-store.ts';
import { statementOf } from './listed-key.ts';

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

interface HeldList {
  readonly version: number;
  readonly document: Document;
}

const loadList = async (sql: Sql, table: IssuedTable): Promise<HeldList> => {
  const row = await latestIssued(sql, table);
  return { version: row?.version ?? 0, document: envelopeDocument(row?.envelope) };
};

/**
 * Which is the newest is asked each time: it is reissued without an event, and an old one would freeze its readers. Its
 * bytes are there once for all of them, however many and slow they are.
 */
export const readIssued = ({ sql }: Pick<TrustReadDeps, 'sql'>, table: IssuedTable) => {
  let held: HeldList | undefined;
  let loading: { readonly version: number; readonly done: Promise<HeldList> } | undefined;
  const load = (version: number): Promise<HeldList> => {
    if (loading?.version === version) return loading.done;
    const attempt = { version, done: loadList(sql, table) };
    loading = attempt;
    const settle = (found?: HeldList): void => {
      if (found !== undefined && found.version >= (held?.version ?? 0)) held = found;
      if (loading === attempt) loading = undefined;
    };
    attempt.done.then(settle, () => settle());
    return attempt.done;
  };
  return async (): Promise<Document> => {
    const version = (await newestIssued(sql, table))?.version ?? 0;
    return held?.version === version ? held.document : (await load(version)).document;
  };
};

export const readKey =
  (
    the: TrustReadDeps & {
      /** A key that is believed elsewhere, as it is served there. */
      readonly mirroredKey: (keyId: string) => Promise<Uint8Array | undefined>;
    },
  ) =>
  (keyId: string): Promise<Document> =>
    the.cache.load(`/keys/${keyId}.pub`, [KEYS_TOPIC], async () => {
      const row = await delegationOf(the.sql, keyId);
      const mirrored = row === undefined ? await the.mirroredKey(keyId) : undefined;
      if (mirrored !== undefined) return makeDocument(mirrored, KINDS.key);
      if (row === undefined) throw fault('not_found', { keyId });
      return makeDocument(Buffer.from(formatPublicKeyPem(statementOf(row).publicKey)), KINDS.key);
    });
