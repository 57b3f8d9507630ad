// Checks how bases are registered and governed: rows and events say the same of purpose, policies and standing.
import { canonicalBytes } from '../../../keys/canonical.ts';
import type { Tx } from '../../database/connect.ts';
import { namedDigest } from '../../protocol/knowledge/changes.ts';
import type { FindingCode } from '../findings.ts';
import { type CheckedBase, type PolicyRow, policiesOf, standingEvents } from '../knowledge-store.ts';
import { rowsBehind } from '../pages.ts';
import type { Report } from '../report.ts';
import { difference, type Facts, members, toldPayload } from './told.ts';

export interface BasesDeps {
  readonly tx: Tx;
  readonly report: Report;
}

const hashOf = (value: unknown): string => namedDigest(canonicalBytes(value));

const checkRegistration = ({ report }: BasesDeps, base: CheckedBase): undefined => {
  if (base.event_kind !== 'KnowledgeBaseRegistered') return report.add('base_without_event', base.id);
  const told = toldPayload(base);
  const found: Facts = {
    knowledge_base_id: base.id,
    owner: base.workforce,
    sensitivity: base.sensitivity,
    registration_hash: hashOf(base.registration),
  };
  const evidence = difference(members(told, Object.keys(found)), found);
  if (evidence !== undefined) report.add('base_differs', base.id, evidence);
};

/** Nobody has paused or held a base that no event says it of. */
const checkStanding = async ({ tx, report }: BasesDeps, base: CheckedBase): Promise<void> => {
  const events = await standingEvents(tx, base.id);
  const paused = events.find(({ kind }) => kind === 'KnowledgeBasePaused');
  const held = events.some(({ kind }) => kind === 'KnowledgeBaseHeld');
  const reads = paused === undefined ? true : toldPayload(paused)['reads'];
  const expected = { paused: paused !== undefined, reads, held };
  const evidence = difference(expected, { paused: base.paused, reads: base.reads, held: base.held });
  if (evidence !== undefined) report.add('base_differs', base.id, evidence);
};

const setBy = (version: number): string =>
  version === 1 ? 'KnowledgeBaseRegistered' : 'KnowledgeBasePolicyChanged';

const checkPolicy = (
  base: CheckedBase,
  row: PolicyRow,
  flaw: (code: FindingCode, evidence: object) => void,
) => {
  const told = toldPayload(row);
  const expected = {
    kind: setBy(row.version),
    ...members(told, ['knowledge_base_id', 'policy_version', 'policy_hash']),
  };
  const found = {
    kind: row.event_kind,
    knowledge_base_id: base.id,
    policy_version: row.version,
    policy_hash: hashOf(row.policy),
  };
  const evidence = difference(expected, found);
  if (evidence !== undefined) flaw('policy_differs', evidence);
};

/** From the first on, each one more than the one before, and the last of them in force. */
const checkPolicies = async ({ tx, report }: BasesDeps, base: CheckedBase): Promise<void> => {
  let last: PolicyRow | undefined;
  const page = (after: number) => policiesOf(tx, base.id, after);
  for await (const row of rowsBehind(0, page, ({ version }) => version)) {
    const flaw = (code: FindingCode, evidence: object) =>
      report.add(code, `${base.id} policy ${row.version}`, evidence);
    const expected = (last?.version ?? 0) + 1;
    if (row.version !== expected) flaw('policy_differs', { expected, found: row.version });
    checkPolicy(base, row, flaw);
    last = row;
  }
  const evidence = difference(
    { version: last?.version, hash: last === undefined ? null : hashOf(last.policy) },
    { version: base.policy_version, hash: hashOf(base.policy) },
  );
  if (evidence !== undefined) report.add('policy_differs', `${base.id} policy in force`, evidence);
};

export const checkGovernance = async (the: BasesDeps, base: CheckedBase): Promise<void> => {
  checkRegistration(the, base);
  await checkStanding(the, base);
  await checkPolicies(the, base);
};
