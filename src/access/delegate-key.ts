// Delegates a publisher key: the registrar signs the statement, and the keyring follows at once.
import { DELEGATION_PAYLOAD_TYPE, type Delegation, delegationPayload } from '../../keys/delegation.ts';
import { instantOf } from '../../keys/document.ts';
import { type NamedKey, parseKeyId, parsePublicKey } from '../../keys/key.ts';
import { provesPossession } from '../../keys/possession.ts';
import type { Tx } from '../database/connect.ts';
import { inTransaction } from '../database/transaction.ts';
import { fault } from '../protocol/faults.ts';
import { isPrivateNamespace } from '../protocol/pack-id.ts';
import { requireStillActing } from './acting-store.ts';
import { countDelegations, type DelegationRow, insertDelegation } from './delegation-store.ts';
import type { DelegationDeps } from './delegations.ts';
import { requireNamespaceFor, requireScope } from './grants.ts';
import { type InForce, requireNewestRoot, signAsRegistrar, underNewestRoot } from './in-force.ts';
import { callersFault, DEFAULT_LIFETIME_MS, type ListedKey, listed } from './listed-key.ts';
import { requireStillHolding } from './namespaces/held-by.ts';
import { actorOf, isOperator, type Principal } from './principal.ts';

/** Everything here was chosen by the caller. */
export interface KeyRequest {
  readonly keyId: string;
  /** PEM, vkey, hex or base64. */
  readonly publicKey: string;
  readonly namespaces: readonly string[];
  readonly notAfter: Date | null;
  /** Base64 of the key's own signature (see keys/possession); the operator may list keys that others hold. */
  readonly proof: string | null;
}

/** So that the keyring stays within what clients read, however full each entry is. */
const MAX_KEYS = 8_000;
const MAX_KEYS_OF_ACCOUNT = 64;
const MAX_PATTERNS = 16;
const MAX_PATTERN_TEXT = 1_024;

const requireFew = (namespaces: readonly string[]): void => {
  if (namespaces.length <= MAX_PATTERNS && namespaces.join().length <= MAX_PATTERN_TEXT) return;
  throw fault('validation_error', { limit: MAX_PATTERNS }, 'A key speaks for too many namespaces.');
};

const readRequest = (request: KeyRequest, now: Date): Delegation =>
  callersFault(() => {
    const notAfter = request.notAfter ?? new Date(now.getTime() + DEFAULT_LIFETIME_MS);
    const delegation: Delegation = {
      keyId: parseKeyId(request.keyId),
      publicKey: parsePublicKey(request.publicKey),
      namespaces: [...new Set(request.namespaces)],
      notBefore: instantOf(now),
      notAfter: instantOf(notAfter),
      issuedAt: instantOf(now),
    };
    delegationPayload(delegation);
    return delegation;
  });

/** Whether somebody may have a key speak for what a pattern covers. @throws Fault pack_namespace_unauthorized, validation_error */
export const requirePattern = async (
  the: Pick<DelegationDeps, 'holderOfNamespace'>,
  by: Principal,
  pattern: string,
): Promise<void> => {
  if (isPrivateNamespace(pattern) && !/^private\.[^.]+\.\*$/.test(pattern)) {
    throw fault(
      'validation_error',
      { namespace: pattern },
      'Keys for private packs speak for all of private.<host>.*, so that no name is told.',
    );
  }
  const [scope = '', org = ''] = pattern.split('.');
  if (isOperator(by)) return;
  if (org === '' || org === '*') throw fault('pack_namespace_unauthorized', { namespace: pattern });
  const namespace = `${scope}.${org}`.toLowerCase();
  requireNamespaceFor(by, pattern, namespace, await the.holderOfNamespace(namespace));
};

/** @param proofText base64. @throws Fault validation_error */
export const requirePossession = (
  by: Principal,
  { publicKey, keyId }: NamedKey,
  namespaces: readonly string[],
  proofText: string | null,
): void => {
  if (isOperator(by)) return;
  const claim = { account: by.account, keyId, namespaces };
  const proof = Buffer.from(proofText ?? '', 'base64');
  if (provesPossession(publicKey, claim, proof)) return;
  const message = 'Prove that you hold the key: attestry keys add --key KEY.pem';
  throw fault('validation_error', { field: 'proof' }, message);
};

/** Every key stays listed for ever and every client reads the list, so nobody may fill it alone. */
export const requireRoom = async (tx: Tx, by: Principal): Promise<void> => {
  const { all, own } = await countDelegations(tx, by.account);
  if (all >= MAX_KEYS)
    throw fault(
      'validation_error',
      { limit: MAX_KEYS },
      'This registry lists as many keys as a keyring holds.',
    );
  if (isOperator(by) || own < MAX_KEYS_OF_ACCOUNT) return;
  throw fault(
    'validation_error',
    { limit: MAX_KEYS_OF_ACCOUNT },
    'This account has as many keys as it may list.',
  );
};

/** A delegation that nobody took back. */
export const rowOf = (delegation: Delegation, account: string, envelope: string): DelegationRow => ({
  key_id: delegation.keyId,
  account,
  public_key: delegation.publicKey,
  namespaces: delegation.namespaces,
  not_before: new Date(delegation.notBefore),
  not_after: new Date(delegation.notAfter),
  issued_at: new Date(delegation.issuedAt),
  envelope,
  revoked_at: null,
  revoked_from: null,
  revocation_reason: null,
  revocation_event: null,
  revocation: null,
  rotated_to: null,
  rotated_from: null,
  rotation_proof: null,
});

const commit = (the: DelegationDeps, by: Principal, row: DelegationRow, inForce: InForce): Promise<void> =>
  inTransaction(the.sql, async (tx) => {
    await requireNewestRoot(tx, inForce);
    await requireStillHolding(tx, by, row.namespaces);
    await requireStillActing(tx, by, the.now());
    await requireRoom(tx, by);
    if (!(await insertDelegation(tx, row))) {
      const message = `The id ${row.key_id}, or this very key, is listed already: choose another id, or make a new key.`;
      throw fault('already_exists', { keyId: row.key_id }, message);
    }
    await the.append(tx, {
      kind: 'key.delegated',
      actor: actorOf(by),
      subject: `key:${row.key_id}`,
      data: { statement: row.envelope },
      sealed: row.namespaces.some(isPrivateNamespace),
    });
  });

/** The registrar's statement and its event become true together, under the root that names who signed it. */
const list = (the: DelegationDeps, by: Principal, delegation: Delegation): Promise<DelegationRow> =>
  underNewestRoot(the.trust, async (inForce) => {
    const payload = delegationPayload(delegation);
    const envelope = await signAsRegistrar(inForce, DELEGATION_PAYLOAD_TYPE, payload);
    const row = rowOf(delegation, by.account, envelope);
    await commit(the, by, row, inForce);
    return row;
  });

/** @throws Fault forbidden, pack_namespace_unauthorized, validation_error, already_exists, key_revoked. */
export const delegateKey =
  (the: DelegationDeps) =>
  async (by: Principal, request: KeyRequest): Promise<ListedKey> => {
    requireScope(by, 'keys:manage');
    requireFew(request.namespaces);
    const now = the.now();
    const delegation = readRequest(request, now);
    for (const pattern of delegation.namespaces) await requirePattern(the, by, pattern);
    requirePossession(by, delegation, request.namespaces, request.proof);
    await the.trust.requireTrueTime();
    const row = await list(the, by, delegation);
    the.announce(`key:${row.key_id}`);
    await the.reissueKeyring();
    return listed(row, now);
  };
