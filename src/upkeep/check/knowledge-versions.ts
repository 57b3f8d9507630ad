// Checks the versions of a base from the newest down: their line, manifests, signatures and events, and what they hold.
import { equalBytes } from '../../../keys/bytes.ts';
import { type Delegation, parseDelegation, permits } from '../../../keys/delegation.ts';
import { instantMs } from '../../../keys/document.ts';
import { type Envelope, openEnvelope, parseEnvelope } from '../../../keys/envelope.ts';
import { KeyError } from '../../../keys/errors.ts';
import { delegationOf } from '../../access/delegation-store.ts';
import type { Tx } from '../../database/connect.ts';
import { ContentError } from '../../protocol/content-errors.ts';
import {
  decodeVersion,
  VERSION_PAYLOAD_TYPE,
  type VersionManifest,
  versionCid,
} from '../../protocol/knowledge/version.ts';
import type { FindingCode } from '../findings.ts';
import { type CheckedBase, type CheckedVersion, checkedVersions, isImported } from '../knowledge-store.ts';
import { rowsBehind } from '../pages.ts';
import type { Report } from '../report.ts';
import { compareContent, type Held, startComparing } from './knowledge-content.ts';
import { difference, members, toldEvent, toldPayload } from './told.ts';

export interface KnowledgeVersionsDeps {
  readonly tx: Tx;
  readonly report: Report;
}

/** How a version is called in findings. */
export const versionName = ({ base, id }: Pick<CheckedVersion, 'base' | 'id'>): string => `${base}@${id}`;

type Flaw = (code: FindingCode, evidence?: object) => undefined;

/** Undefined where the bytes are no manifest, or that of another version. */
const manifestOf = ({ id, manifest }: CheckedVersion, flaw: Flaw): VersionManifest | undefined => {
  const found = versionCid(manifest);
  if (found !== id) return flaw('base_version_manifest', { expected: id, found });
  try {
    return decodeVersion(manifest);
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    return flaw('base_version_manifest', { found: error.code });
  }
};

const checkColumns = (row: CheckedVersion, manifest: VersionManifest, flaw: Flaw): void => {
  const { kb, seq, parent, content, entries, bytes, contribution, proposer, createdAt } = manifest;
  const expected = { base: kb, seq, parent, content, entries, bytes, contribution, proposer };
  const evidence = difference(
    { ...expected, created_at: createdAt },
    { ...members({ ...row }, Object.keys(expected)), created_at: row.created_at.toISOString() },
  );
  if (evidence !== undefined) flaw('base_version_differs', evidence);
};

const checkEvent = (row: CheckedVersion, flaw: Flaw): undefined => {
  if (row.event_kind !== 'KnowledgeBaseVersionCreated')
    return flaw('base_version_without_event', { expected: row.event_id });
  const found = {
    knowledge_base_id: row.base,
    knowledge_base_version: row.id,
    version_seq: row.seq,
    parent_version: row.parent,
    content: row.content,
    entry_count: row.entries,
    total_bytes: row.bytes,
    contribution_id: row.contribution,
    created_by: row.proposer,
  };
  const evidence = difference(members(toldPayload(row), Object.keys(found)), found);
  if (evidence !== undefined) flaw('base_version_differs', evidence);
};

const delegated = async (tx: Tx, keyId: string): Promise<Delegation | undefined> => {
  const row = await delegationOf(tx, keyId);
  try {
    return row && parseDelegation(parseEnvelope(row.envelope).payload);
  } catch (error) {
    if (error instanceof KeyError) return undefined;
    throw error;
  }
};

/** What came from elsewhere was signed before it came: it counts when it was taken in. */
const takenInAt = (row: CheckedVersion): number =>
  Date.parse(String(toldEvent(row)['at'] ?? row.created_at.toISOString()));

const isInForce = ({ notBefore, notAfter }: Delegation, at: number): boolean =>
  at >= instantMs(notBefore) && at < instantMs(notAfter);

const opens = (envelope: Envelope, key: Delegation): boolean => {
  try {
    openEnvelope(envelope, { payloadType: VERSION_PAYLOAD_TYPE, keys: [key], threshold: 1 });
    return true;
  } catch (error) {
    if (error instanceof KeyError) return false;
    throw error;
  }
};

const isSigned = async (tx: Tx, row: CheckedVersion): Promise<boolean> => {
  const envelope = parseEnvelope(row.signature);
  if (!equalBytes(envelope.payload, row.manifest)) return false;
  for (const { keyid = '' } of envelope.signatures) {
    const key = await delegated(tx, keyid);
    if (key !== undefined && permits(key, row.base) && isInForce(key, takenInAt(row)) && opens(envelope, key))
      return true;
  }
  return false;
};

const checkSignature = async (
  { tx }: KnowledgeVersionsDeps,
  row: CheckedVersion,
  flaw: Flaw,
): Promise<void> => {
  const signed = await isSigned(tx, row).catch((error: unknown) => {
    if (error instanceof KeyError) return false;
    throw error;
  });
  if (!signed) flaw('base_version_signature');
};

/** What the version has to hold: as its manifest says, or the row where that is none. */
const checkVersion = async (the: KnowledgeVersionsDeps, row: CheckedVersion): Promise<Held> => {
  const flaw: Flaw = (code, evidence) => the.report.add(code, versionName(row), evidence);
  const manifest = manifestOf(row, flaw);
  checkEvent(row, flaw);
  if (manifest !== undefined) {
    checkColumns(row, manifest, flaw);
    await checkSignature(the, row, flaw);
  }
  const { content, entries, bytes } = manifest ?? row;
  return { name: versionName(row), base: row.base, seq: row.seq, content, entries, bytes };
};

/** Of many that are missing, the first ones are named. */
const MOST_MISSED = 100;

const missNumbers = (
  { report }: KnowledgeVersionsDeps,
  base: CheckedBase,
  first: number,
  last: number,
): void => {
  for (let seq = last; seq >= first && last - seq < MOST_MISSED; seq -= 1)
    report.add('base_version_missing', `${base.id} version ${seq}`);
};

/** The line begins with 1, or with the version that came from elsewhere. */
const checkBeginning = async (
  the: KnowledgeVersionsDeps,
  base: CheckedBase,
  lowest: CheckedVersion | undefined,
): Promise<void> => {
  const first = lowest?.seq ?? base.last_seq + 1;
  if (first === 1 || (lowest !== undefined && (await isImported(the.tx, base.id, lowest.id)))) return;
  missNumbers(the, base, 1, first - 1);
};

export const checkLine = async (the: KnowledgeVersionsDeps, base: CheckedBase): Promise<void> => {
  const comparing = startComparing(the);
  const top = Math.max(base.last_seq, base.newest_seq) + 1;
  let lowest: CheckedVersion | undefined;
  const page = (below: number) => checkedVersions(the.tx, base.id, below);
  for await (const row of rowsBehind(top, page, ({ seq }) => seq)) {
    missNumbers(the, base, row.seq + 1, (lowest?.seq ?? top) - 1);
    await compareContent(comparing, await checkVersion(the, row));
    lowest = row;
  }
  await checkBeginning(the, base, lowest);
};
