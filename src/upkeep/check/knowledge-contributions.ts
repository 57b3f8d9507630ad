// Checks contributions: their revisions by their digests, their states by their last events, and what came of them.
import type { Tx } from '../../database/connect.ts';
import { type KnowledgeChange, revisionDigest } from '../../protocol/knowledge/changes.ts';
import { baseOfContribution } from '../../protocol/knowledge/ids.ts';
import {
  type CheckedContribution,
  type CheckedRevision,
  contributionsAfter,
  countContributions,
  type RevisionKey,
  revisionsAfter,
  versionsOfNothing,
} from '../contribution-store.ts';
import { rowsBehind } from '../pages.ts';
import type { Report } from '../report.ts';
import { difference, members, toldPayload } from './told.ts';

export interface ContributionsDeps {
  readonly tx: Tx;
  readonly report: Report;
  readonly progress: (done: number, total: number) => void;
}

/** The events that lead to a state for good; everything else leaves a contribution open. */
const ENDED_BY: Readonly<Record<string, readonly string[]>> = {
  accepted: ['KnowledgeBaseVersionCreated', 'KnowledgeBaseCurrentPointerMoved'],
  rejected: ['KnowledgeContributionRejected'],
  withdrawn: ['KnowledgeContributionWithdrawn'],
  expired: ['KnowledgeContributionExpired'],
};

/** An objection that does not end a contribution leaves it as it was: waiting for review, or for another revision. */
const stateTold = ({ event_kind: kind, state }: CheckedContribution): string => {
  const ended = Object.entries(ENDED_BY).find(([, kinds]) => kinds.includes(kind ?? ''));
  if (ended !== undefined) return ended[0];
  if (kind === 'KnowledgeContributionRevisionRequested') return 'changes_requested';
  const isEither = kind === 'KnowledgeContributionObjected' && state === 'changes_requested';
  return isEither ? state : 'in_review';
};

/** Exactly one version names an accepted contribution, and none names any other. */
const expectedOf = (row: CheckedContribution, state: string) =>
  state === 'accepted'
    ? { resulting: row.version, named_by: 1, proposer: row.version_proposer }
    : { resulting: null, named_by: 0, proposer: row.proposer };

const checkContribution = (the: ContributionsDeps, row: CheckedContribution): void => {
  const state = stateTold(row);
  const expected = {
    state,
    ...expectedOf(row, state),
    contribution: toldPayload(row)['contribution_id'],
    base: baseOfContribution(row.id),
    digest: row.revision_digest,
    base_version: row.revision_ground,
  };
  const found = {
    ...members({ ...row }, ['state', 'resulting', 'named_by', 'proposer', 'base', 'digest', 'base_version']),
    contribution: row.id,
  };
  const evidence = difference(expected, found);
  if (evidence !== undefined) the.report.add('contribution_differs', row.id, evidence);
};

/** Undefined where the changes are none: nobody has read them since they were stored. */
const digestOf = ({ contribution, base_version, changes }: CheckedRevision): string | undefined => {
  try {
    return revisionDigest(
      baseOfContribution(contribution),
      base_version,
      changes as readonly KnowledgeChange[],
    );
  } catch {
    return undefined;
  }
};

const MADE_BY = ['KnowledgeContributionProposed', 'KnowledgeContributionRevised'];

const checkRevision = ({ report }: ContributionsDeps, row: CheckedRevision): void => {
  const { contribution, revision, digest, base_version } = row;
  const names = ['contribution_id', 'revision', 'revision_digest', 'base_version'];
  const expected = {
    digest: digestOf(row),
    made: true,
    ...members(toldPayload(row), names),
  };
  const found = {
    digest,
    made: MADE_BY.includes(row.event_kind ?? ''),
    contribution_id: contribution,
    revision,
    revision_digest: digest,
    base_version,
  };
  const evidence = difference(expected, found);
  if (evidence !== undefined)
    report.add('revision_differs', `${contribution} revision ${revision}`, evidence);
};

export const checkContributions = async (the: ContributionsDeps): Promise<void> => {
  const { tx, report, progress } = the;
  const total = await countContributions(tx);
  let done = 0;
  const page = (after: string) => contributionsAfter(tx, after);
  for await (const row of rowsBehind('', page, ({ id }) => id)) {
    checkContribution(the, row);
    done += 1;
    progress(done, total);
  }
  for (const { id, base, contribution } of await versionsOfNothing(tx))
    report.add('contribution_differs', contribution, { expected: `${base}@${id}`, found: null });
  const revisions = rowsBehind<CheckedRevision, RevisionKey>(
    { contribution: '', revision: 0 },
    (after) => revisionsAfter(tx, after),
    (row) => row,
  );
  for await (const row of revisions) checkRevision(the, row);
};
