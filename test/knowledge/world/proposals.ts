// Contributions for tests, written straight through the stores: proposed, judged, and with the events of all that.
import { inTransaction } from '../../../src/database/transaction.ts';
import type {
  ContributionRecord,
  DecisionWord,
  RevisionRecord,
} from '../../../src/knowledge/contributions/contribution.ts';
import {
  findContribution,
  insertContribution,
  insertRevision,
  moveContribution,
  putDecision,
  putVerdict,
} from '../../../src/knowledge/contributions/contribution-store.ts';
import { insertRecords } from '../../../src/knowledge/events/event-store.ts';
import { newUlid } from '../../../src/knowledge/events/new-id.ts';
import { type KnowledgeChange, revisionDigest } from '../../../src/protocol/knowledge/changes.ts';
import type { KnowledgePayloads, Verdict } from '../../../src/protocol/knowledge/event.ts';
import { type BaseId, contributionIdOf } from '../../../src/protocol/knowledge/ids.ts';
import type { KnowledgePath } from '../../../src/protocol/knowledge-path.ts';
import type { Actor } from './actors.ts';
import type { WorldParts } from './base-world.ts';
import { type Changes, heldOf, putDocument } from './written-base.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

export type ProposalOptions = Partial<Omit<ContributionRecord, 'id' | 'base' | 'digest'>> &
  Partial<Pick<RevisionRecord, 'summary' | 'criteria'>> & {
    readonly cause?: string;
    readonly traceparent?: string;
  };

export interface Proposals {
  readonly propose: (
    base: BaseId,
    by: Actor,
    changes: Changes,
    options?: ProposalOptions,
  ) => Promise<ContributionRecord>;
  readonly decide: (to: ContributionRecord, by: Actor, decision: DecisionWord) => Promise<void>;
  readonly verify: (
    to: ContributionRecord,
    by: Actor,
    verdict: Verdict,
    confidence?: number,
  ) => Promise<void>;
  readonly asItStands: (one: ContributionRecord) => Promise<ContributionRecord>;
}

const changesOf = (wanted: Changes): readonly KnowledgeChange[] =>
  Object.entries(wanted).map(([text, content]) => {
    const path = text as KnowledgePath;
    return content === null ? { op: 'delete', path } : { op: 'put', path, entry: heldOf(content).entry };
  });

export const proposals = (the: WorldParts): Proposals => {
  const contextOf = (by: Actor, causationId: string | null, more: object = {}) => ({
    workforce: by.workforce,
    actor: by.id,
    role: by.role,
    clauses: ['kb-1', 'kc-1'],
    causationId,
    ...more,
  });

  const propose: Proposals['propose'] = async (base, by, wanted, options = {}) => {
    const { summary = 'what it does', criteria = [], cause = null, traceparent, ...changed } = options;
    const at = the.now();
    const changes = changesOf(wanted);
    for (const content of Object.values(wanted))
      if (content !== null) await putDocument(the, base, heldOf(content), by.id);
    const baseVersion = changed.baseVersion ?? null;
    const id = contributionIdOf(base, newUlid(at));
    const digest = revisionDigest(base, baseVersion, changes);
    const payload: KnowledgePayloads['KnowledgeContributionProposed'] = {
      contribution_id: id,
      knowledge_base_id: base,
      revision: 1,
      base_version: baseVersion,
      revision_digest: digest,
      change_count: changes.length,
      source_count: 0,
    };
    const host = changed.signal?.host_id;
    const context = contextOf(by, changed.signal?.event_id ?? cause, {
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(host === undefined ? {} : { causationHostId: host }),
    });
    const where = { base, contribution: id };
    const proposed = the.makeEvent('KnowledgeContributionProposed', context, payload, where);
    const opened = the.makeEvent(
      'KnowledgeContributionReviewOpened',
      contextOf(by, proposed.event.id),
      { contribution_id: id, knowledge_base_id: base, revision: 1, reasons: ['policy_reviewed'] },
      where,
    );
    const contribution: ContributionRecord = {
      id,
      base,
      proposer: by.id,
      account: by.account,
      closure: by.closure,
      role: by.role,
      state: 'in_review',
      revision: 1,
      digest,
      baseVersion,
      policyVersion: 1,
      confidence: null,
      reasons: ['policy_reviewed'],
      sources: [],
      signal: null,
      revisionsLeft: 3,
      moves: 0,
      proposedAt: at,
      revisedAt: at,
      expiresAt: new Date(at.getTime() + 30 * DAY_MS),
      lastEvent: opened.event.id,
      resulting: null,
      ...changed,
    };
    await inTransaction(the.sql, async (tx) => {
      await insertContribution(tx, contribution);
      await insertRevision(tx, {
        contribution: id,
        revision: contribution.revision,
        digest,
        baseVersion,
        changes,
        summary,
        confidence: contribution.confidence,
        criteria,
        proposedAt: contribution.revisedAt,
        eventId: proposed.event.id,
      });
      await insertRecords(tx, [proposed, opened]);
    });
    return contribution;
  };

  const asItStands: Proposals['asItStands'] = async ({ id }) => {
    const found = await findContribution(the.sql, id);
    if (found === undefined) throw new Error(`${id} is gone`);
    return found;
  };

  return {
    propose,
    asItStands,
    decide: async (to, by, decision) => {
      const now = await asItStands(to);
      const record = the.makeEvent(
        'KnowledgeContributionApproved',
        contextOf(by, now.lastEvent),
        {
          contribution_id: to.id,
          knowledge_base_id: to.base,
          revision: now.revision,
          revision_digest: now.digest,
        },
        { base: to.base, contribution: to.id },
      );
      await inTransaction(the.sql, async (tx) => {
        await putDecision(tx, {
          contribution: to.id,
          digest: now.digest,
          actor: by.id,
          account: by.account,
          closure: by.closure,
          role: by.role,
          decision,
          reasonCode: null,
          signature: null,
          at: record.event.at,
          eventId: record.event.id,
        });
        await moveContribution(tx, now, { lastEvent: record.event.id });
        await insertRecords(tx, [record]);
      });
    },
    verify: async (to, by, verdict, confidence) => {
      const now = await asItStands(to);
      const payload = {
        contribution_id: to.id,
        knowledge_base_id: to.base,
        revision: now.revision,
        agentId: by.id,
        target: now.digest,
        verdict,
        self_verified: false,
      };
      const where = { base: to.base, contribution: to.id };
      const record = the.makeEvent(
        'KnowledgeContributionVerified',
        contextOf(by, now.lastEvent),
        payload,
        where,
      );
      await inTransaction(the.sql, async (tx) => {
        await putVerdict(tx, {
          contribution: to.id,
          digest: now.digest,
          verifier: by.id,
          account: by.account,
          verdict,
          criteria: ['figures_agree'],
          confidence: confidence ?? null,
          own: false,
          at: record.event.at,
          eventId: record.event.id,
        });
        await moveContribution(tx, now, { lastEvent: record.event.id });
        await insertRecords(tx, [record]);
      });
    },
  };
};
