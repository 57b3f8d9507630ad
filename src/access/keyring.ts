// Issues the keyring: every delegation and revocation in force.
import { delegationJson } from '../../keys/delegation.ts';
import { parseEnvelope } from '../../keys/envelope.ts';
import { KEYRING_PAYLOAD_TYPE, type Keyring, keyringPayload, parseKeyring } from '../../keys/keyring.ts';
import { parseRevocation, type Revocation, revocationJson } from '../../keys/revocation.ts';
import { allDelegations, type DelegationRow } from './delegation-store.ts';
import { type IssueDeps, issueList, type ListKind } from './issue-list.ts';
import { statementOf } from './listed-key.ts';

const revocationOf = (row: DelegationRow): Revocation[] =>
  row.revocation === null ? [] : [parseRevocation(parseEnvelope(row.revocation).payload)];

export const KEYRING: ListKind<Pick<Keyring, 'delegations' | 'revocations'>> = {
  table: 'keyrings',
  payloadType: KEYRING_PAYLOAD_TYPE,
  content: async (sql) => {
    const rows = await allDelegations(sql);
    return { delegations: rows.map(statementOf), revocations: rows.flatMap(revocationOf) };
  },
  payload: keyringPayload,
  parse: parseKeyring,
  textOf: ({ delegations, revocations }) =>
    JSON.stringify([delegations.map(delegationJson), revocations.map(revocationJson)]),
};

export const reissueKeyring = (the: IssueDeps): (() => Promise<void>) => issueList(the, KEYRING);
