// Takes a publisher key back: nothing it signed is believed any longer.
import { instantOf } from '../../keys/document.ts';
import { envelopeText, signEnvelope } from '../../keys/envelope.ts';
import { parseKeyId } from '../../keys/key.ts';
import { REVOCATION_PAYLOAD_TYPE, revocationPayload } from '../../keys/revocation.ts';
import { inTransaction } from '../database/transaction.ts';
import { fault } from '../protocol/faults.ts';
import { isPrivateNamespace } from '../protocol/pack-id.ts';
import { type DelegationRow, delegationOf, markKeyRevoked } from './delegation-store.ts';
import { callersFault, type DelegationDeps } from './delegations.ts';
import { requireScope } from './grants.ts';
import { actorOf, isOperator, type Principal, reachesAll } from './principal.ts';

const mayRevoke = (by: Principal, row: DelegationRow): boolean =>
  isOperator(by) || (row.account === by.account && row.namespaces.every((name) => reachesAll(by, name)));

/** @throws Fault forbidden, not_found, validation_error. */
export const revokeKey =
  (the: DelegationDeps) =>
  async (by: Principal, keyId: string, reason: string): Promise<void> => {
    requireScope(by, 'keys:manage');
    const row = await delegationOf(the.sql, keyId);
    if (row === undefined || !mayRevoke(by, row)) throw fault('not_found', { keyId });
    const issuedAt = instantOf(the.now());
    const payload = callersFault(() =>
      revocationPayload({ keyId: parseKeyId(keyId), reason, fromPosition: null, issuedAt }),
    );
    const envelope = envelopeText(
      await signEnvelope({ payloadType: REVOCATION_PAYLOAD_TYPE, payload }, [the.registrar]),
    );
    await inTransaction(the.sql, async (tx) => {
      if (!(await markKeyRevoked(tx, keyId, the.now(), envelope))) return;
      const facts = {
        actor: actorOf(by),
        subject: `key:${keyId}`,
        data: { statement: envelope },
        sealed: row.namespaces.some(isPrivateNamespace),
      };
      await the.append(tx, { kind: 'key.revoked', ...facts });
    });
    the.announce(`key:${keyId}`);
    await the.reissueKeyring();
  };
