// Checks delegated keys and their revocations: rows, registrar's statements and events say the same.
import { encodeBase64, equalBytes } from '../../../keys/bytes.ts';
import { canonicalText } from '../../../keys/canonical.ts';
import { DELEGATION_PAYLOAD_TYPE, parseDelegation } from '../../../keys/delegation.ts';
import { instantMs } from '../../../keys/document.ts';
import { openEnvelope, parseEnvelope } from '../../../keys/envelope.ts';
import { KeyError } from '../../../keys/errors.ts';
import { publicKeyFromBytes } from '../../../keys/key.ts';
import { parseRevocation, REVOCATION_PAYLOAD_TYPE } from '../../../keys/revocation.ts';
import type { Root } from '../../../keys/root.ts';
import { provesRotation } from '../../../keys/rotation.ts';
import { OPERATOR } from '../../access/operator-token.ts';
import type { Tx } from '../../database/connect.ts';
import { type KeyRow, keyEventsWithoutRow, keysAfter } from '../account-store.ts';
import type { FindingCode } from '../findings.ts';
import { rowsBehind } from '../pages.ts';
import type { Report } from '../report.ts';
import { actorOfEvent, dataOf } from './event.ts';
import { type PlacedRoot, rootAtPlace } from './roots.ts';

export interface KeysDeps {
  readonly tx: Tx;
  readonly report: Report;
  readonly roots: readonly PlacedRoot[];
}

/** The payload, if one of these registrars signed it. */
const openedUnder = (
  roots: readonly Root[],
  envelope: string,
  payloadType: string,
): Uint8Array | undefined => {
  for (const { registrar } of roots) {
    try {
      return openEnvelope(parseEnvelope(envelope), { payloadType, ...registrar }).payload;
    } catch (error) {
      if (!(error instanceof KeyError)) throw error;
    }
  }
  return undefined;
};

const saysTheRow = (row: KeyRow, payload: Uint8Array): boolean => {
  const stated = parseDelegation(payload);
  return (
    stated.keyId === row.key_id &&
    equalBytes(stated.publicKey, row.public_key) &&
    canonicalText(stated.namespaces) === canonicalText(row.namespaces) &&
    instantMs(stated.notBefore) === row.not_before.getTime() &&
    instantMs(stated.notAfter) === row.not_after.getTime() &&
    instantMs(stated.issuedAt) === row.issued_at.getTime()
  );
};

/** What the registry delegates by itself, for the authority of a base, is listed under the operator's account. */
const mayTell = (actor: string | undefined, { account }: KeyRow): boolean =>
  actor === `account:${account}` || (actor === 'registry' && account === OPERATOR);

const checkDelegation = ({ report, roots }: KeysDeps, row: KeyRow): undefined => {
  const root = rootAtPlace(roots, row.position);
  const payload = openedUnder(root === undefined ? [] : [root], row.envelope, DELEGATION_PAYLOAD_TYPE);
  if (payload === undefined) return report.add('delegation_invalid', row.key_id);
  if (row.leaf === null) report.add('delegation_without_event', row.key_id);
  const told = row.leaf === null ? row.envelope : dataOf(row)['statement'];
  const actor = row.leaf === null ? `account:${row.account}` : actorOfEvent(row);
  if (told !== row.envelope || !mayTell(actor, row) || !saysTheRow(row, payload))
    report.add('delegation_differs', row.key_id);
};

/** The event tells of both keys, and the old one signed for the new one. */
const checkRotation = ({ report }: KeysDeps, row: KeyRow): undefined => {
  const { rotated_to: rotatedTo, followed_proof: proof, next_envelope: envelope } = row;
  if (rotatedTo === null || proof === null || envelope === null) return;
  const told = dataOf(row);
  const next = parseDelegation(parseEnvelope(envelope).payload);
  const agrees =
    row.turned_kind === 'key.rotated' &&
    row.turned_subject === `key:${row.key_id}` &&
    told['rotatedTo'] === rotatedTo &&
    told['rotationProof'] === encodeBase64(proof) &&
    provesRotation(publicKeyFromBytes(row.public_key), { ...next, validFrom: next.notBefore }, proof);
  if (!agrees) report.add('rotation_differs', row.key_id);
};

/** The statement may have been signed under any root since the key was taken back. */
const rootsSince = (roots: readonly PlacedRoot[], position: number | null): readonly Root[] => {
  const first = rootAtPlace(roots, position)?.version ?? 1;
  return roots.map(({ root }) => root).filter(({ version }) => version >= first);
};

const expectedPosition = (row: KeyRow): number | null => {
  if (row.revoked_from === 'ever') return null;
  return row.revoked_from === 'here' ? row.revoked_position : Number(row.revoked_from);
};

const checkRevocation = ({ report, roots }: KeysDeps, row: KeyRow): undefined => {
  if (row.revoked_at === null) return;
  const bytes = { leaf: row.revoked_leaf, sealed: row.revoked_sealed };
  const told = dataOf(bytes);
  const agrees =
    row.revoked_kind === 'key.revoked' &&
    row.revoked_subject === `key:${row.key_id}` &&
    String(told['from']) === row.revoked_from &&
    told['reason'] === row.revocation_reason;
  if (!agrees) report.add('revocation_differs', row.key_id);
  if (row.revocation === null) return report.add('revocation_pending', row.key_id);
  const payload = openedUnder(
    rootsSince(roots, row.revoked_position),
    row.revocation,
    REVOCATION_PAYLOAD_TYPE,
  );
  if (payload === undefined) return report.add('revocation_invalid', row.key_id);
  const { keyId, reason, fromPosition } = parseRevocation(payload);
  if (keyId === row.key_id && reason === row.revocation_reason && fromPosition === expectedPosition(row))
    return;
  report.add('revocation_differs', row.key_id, { expected: expectedPosition(row), found: fromPosition });
};

const FINDING_OF: Readonly<Record<string, FindingCode>> = {
  'key.delegated': 'event_without_delegation',
  'key.rotated': 'rotation_differs',
};

export const checkKeys = async (the: KeysDeps): Promise<void> => {
  const page = (after: string) => keysAfter(the.tx, after);
  for await (const row of rowsBehind('', page, ({ key_id }) => key_id)) {
    checkDelegation(the, row);
    checkRotation(the, row);
    checkRevocation(the, row);
  }
  for (const { subject, kind } of await keyEventsWithoutRow(the.tx))
    the.report.add(FINDING_OF[kind] ?? 'revocation_differs', subject);
};
