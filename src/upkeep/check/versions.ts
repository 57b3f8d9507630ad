// Checks every version: its blob, its signature, its event, how it stands, and that it can be served.
import { decodeBase64, encodeBase64, utf8 } from '../../../keys/bytes.ts';
import { canonicalText } from '../../../keys/canonical.ts';
import { type Delegation, parseDelegation, permits } from '../../../keys/delegation.ts';
import { instantMs } from '../../../keys/document.ts';
import { verify } from '../../../keys/ed25519.ts';
import { parseEnvelope } from '../../../keys/envelope.ts';
import { KeyError } from '../../../keys/errors.ts';
import type { KeyId, NamedKey, PublicKey } from '../../../keys/key.ts';
import { inLanes } from '../../../storage/in-lanes.ts';
import type { Tx } from '../../database/connect.ts';
import { isMirrored } from '../../packs/policy.ts';
import { packIndex, packMap, versionManifest } from '../../packs/read/shapes.ts';
import type { StoredVersion } from '../../packs/version-record.ts';
import { Fault } from '../../protocol/faults.ts';
import { nameKey } from '../../protocol/pack-id.ts';
import { describeRelease, requireAgreement } from '../../protocol/release.ts';
import { parseStatementEnvelope, verifyReleaseStatement } from '../../protocol/statement-envelope.ts';
import { StatementError } from '../../protocol/statement-errors.ts';
import type { FindingCode } from '../findings.ts';
import { rowsBehind } from '../pages.ts';
import {
  countVersions,
  publishedWithoutVersion,
  someVersions,
  type VersionRow,
  versionsAfter,
} from '../upkeep-store.ts';
import { type ArchiveDeps, checkArchive, checkBlob, digestOfRow, nameOf } from './archive.ts';
import { actorOfEvent, dataOf, eventOf } from './event.ts';
import { checkStanding, strayChanges } from './standing.ts';

export interface VersionsDeps extends ArchiveDeps {
  readonly tx: Tx;
  /** How many tarballs are read to the end; of the others only size and place are looked at. */
  readonly sample: number | 'all';
  readonly progress: (done: number, total: number) => void;
}

const TARBALLS_AT_ONCE = 4;

type Flaw = (
  code: FindingCode,
  evidence?: { readonly expected?: unknown; readonly found?: unknown },
) => undefined;

const delegationIn = (envelope: string): Delegation | undefined => {
  try {
    return parseDelegation(parseEnvelope(envelope).payload);
  } catch (error) {
    if (error instanceof KeyError) return undefined;
    throw error;
  }
};

const publishedBy = (row: VersionRow) => ({ leaf: row.event_leaf, sealed: row.event_sealed });

const checkStatement = (row: VersionRow, key: NamedKey, flaw: Flaw): void => {
  if (row.statement === null) return;
  try {
    const stated = verifyReleaseStatement(parseStatementEnvelope(row.statement), key);
    requireAgreement(stated, describeRelease(digestOfRow(row), row.manifest));
  } catch (error) {
    if (!(error instanceof StatementError) && !(error instanceof Fault)) throw error;
    flaw('statement_invalid', { found: error.message });
  }
};

/** Upstream's key stands in the event; what is signed as a whole is held to the digest, which names the same bytes. */
const checkMirrored = (row: VersionRow, flaw: Flaw): undefined => {
  const { publicKey, covers } = dataOf(publishedBy(row));
  const key = decodeBase64(String(publicKey));
  if (key?.length !== 32 || row.signature === null) return flaw('key_unknown', { found: row.key_id });
  checkStatement(row, { keyId: row.key_id as KeyId, publicKey: key as PublicKey }, flaw);
  if (covers === 'tarball') return undefined;
  const signed = { publicKey: key as PublicKey, message: row.manifest, signature: row.signature };
  if (!verify(signed)) flaw('signature_invalid', { found: row.key_id });
};

const checkSignature = (row: VersionRow, flaw: Flaw): undefined => {
  if (isMirrored(row.publisher)) return checkMirrored(row, flaw);
  if (row.key_id === null) return row.signature === null ? undefined : flaw('signature_invalid');
  const key = row.delegation === null ? undefined : delegationIn(row.delegation);
  if (key === undefined) return flaw('key_unknown', { found: row.key_id });
  const { publicKey, notBefore, notAfter } = key;
  const signature = row.signature ?? new Uint8Array();
  if (!verify({ publicKey, message: row.manifest, signature }))
    flaw('signature_invalid', { found: row.key_id });
  const at = Date.parse(String(eventOf(publishedBy(row))?.['at'] ?? row.published_at.toISOString()));
  if (at < instantMs(notBefore) || at >= instantMs(notAfter) || !permits(key, row.name))
    flaw('key_not_in_force', { found: row.key_id });
  checkStatement(row, key, flaw);
};

const toldOf = (row: VersionRow) => ({
  name: row.name,
  version: row.version,
  tree: row.tree,
  sha256: digestOfRow(row),
  size: row.size,
  keyId: row.key_id,
  signature: row.signature === null ? null : encodeBase64(row.signature),
});

const checkEvent = (row: VersionRow, flaw: Flaw): undefined => {
  const mirrored = isMirrored(row.publisher);
  const kind = mirrored ? 'mirror.ingested' : 'pack.published';
  if (row.event_kind !== kind) return flaw('version_without_event', { expected: row.event_id });
  const { upstream: _upstream, publicKey: _key, covers: _covers, ...data } = dataOf(publishedBy(row));
  const told = { ...data, actor: actorOfEvent(publishedBy(row)) };
  const stored = { ...toldOf(row), actor: mirrored ? row.publisher : `account:${row.publisher}` };
  if (canonicalText(told) !== canonicalText(stored))
    flaw('version_differs', { expected: told, found: stored });
};

/** Served documents are made from nothing but the row. */
const checkDocuments = (row: VersionRow, flaw: Flaw): undefined => {
  const version = {
    ...row,
    digest: digestOfRow(row),
    keyId: row.key_id,
    eventId: row.event_id,
    publishedAt: row.published_at,
    signed: row.signature !== null,
  } as unknown as StoredVersion;
  try {
    for (const shape of [versionManifest(version), packIndex([version]), packMap([version])])
      utf8(JSON.stringify(shape));
  } catch (error) {
    flaw('document_unmade', { found: error instanceof Error ? error.message : String(error) });
  }
};

const checkVersion = async (the: VersionsDeps, row: VersionRow, reads: boolean): Promise<void> => {
  const flaw: Flaw = (code, evidence) => the.report.add(code, nameOf(row), evidence);
  if (row.name_key !== nameKey(row.name))
    flaw('version_name', { expected: nameKey(row.name), found: row.name_key });
  if (!row.publisher_known && !isMirrored(row.publisher)) flaw('publisher_unknown', { found: row.publisher });
  checkEvent(row, flaw);
  checkSignature(row, flaw);
  checkStanding(row, flaw);
  checkDocuments(row, flaw);
  // Nobody holds the bytes of an unpublished version: whether a sweep has taken them tells nothing.
  if (row.unpublished === null && (await checkBlob(the, row)) && reads) await checkArchive(the, row);
};

const allVersions = (tx: Tx): AsyncIterable<VersionRow> =>
  rowsBehind<VersionRow, Pick<VersionRow, 'name_key' | 'version'>>(
    { name_key: '', version: '' },
    (after) => versionsAfter(tx, after),
    (row) => row,
  );

const strays = async ({ tx, report }: VersionsDeps): Promise<void> => {
  for (const { id, subject } of await publishedWithoutVersion(tx))
    report.add('event_without_version', subject.replace(/^pack:/, ''), { found: id });
  await strayChanges(tx, report);
};

export const checkVersions = async (the: VersionsDeps): Promise<void> => {
  const chosen = the.sample === 'all' ? undefined : await someVersions(the.tx, the.sample);
  const total = await countVersions(the.tx);
  let done = 0;
  await inLanes(allVersions(the.tx), TARBALLS_AT_ONCE, async (row) => {
    await checkVersion(the, row, chosen?.has(`${row.name_key}@${row.version}`) ?? true);
    done += 1;
    the.progress(done, total);
  });
  await strays(the);
};
