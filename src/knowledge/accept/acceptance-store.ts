// Acceptances as rows: one statement compares all that was decided on, and writes all that follows, or nothing of a base.

import { encodeBase64 as base64 } from '../../../keys/bytes.ts';
import type { OutcomeRow } from '../../access/idempotency-store.ts';
import type { InForce } from '../../access/workforces/in-force-store.ts';
import type { Sql } from '../../database/connect.ts';
import { sharing } from '../../database/share.ts';
import { type Cid, digestOfCid } from '../../protocol/cid.ts';
import type { ContributionId } from '../../protocol/knowledge/ids.ts';
import type { Block } from '../../protocol/merkle-tree/growing.ts';
import type { BaseRecord } from '../bases/base.ts';
import type { ContributionRecord, DecisionRecord, RevisionRecord } from '../contributions/contribution.ts';
import { rowOfRecord } from '../events/event-rows.ts';
import type { KnowledgeRecord } from '../events/events.ts';
import type { PointerMove } from '../versions/pointer-move.ts';
import { blockRow, type EntryChange, entryRow } from '../versions/row-texts.ts';
import type { VersionRecord } from '../versions/version.ts';
import type { Standing } from './acceptance.ts';

export interface AcceptanceRows {
  /** As they were when it was decided. */
  readonly base: BaseRecord;
  readonly contribution: Pick<ContributionRecord, 'id' | 'moves'>;
  /** Whose standing has to hold; null for the service itself. */
  readonly standing: Standing | null;
  /** When it has to. */
  readonly at: Date;
  /** What it is when it is accepted. */
  readonly accepted: Pick<ContributionRecord, 'revision' | 'digest' | 'baseVersion' | 'lastEvent'>;
  readonly version: VersionRecord;
  readonly blocks: readonly Block[];
  readonly index: readonly EntryChange[];
  /** Documents that must not have been erased. */
  readonly documents: readonly Cid[];
  readonly decision: DecisionRecord;
  /** Undefined where the pointer stays. */
  readonly move: PointerMove | undefined;
  /** The revision by which it was moved onto the current version, if it was. */
  readonly revision: RevisionRecord | undefined;
  /** In their order. */
  readonly records: readonly KnowledgeRecord[];
  /** What its sender is told again under his key, if he gave one. */
  readonly outcome: OutcomeRow | undefined;
}

/** Contributions to one base, at least one, each made on the one before it. */
export type ChainRows = readonly AcceptanceRows[];

export interface LinkAnswer extends InForce {
  readonly contribution: ContributionId;
  /** False where somebody else held the base, or one of the contributions. */
  readonly held: boolean;
  /** The same for all of a chain: they are true, or nothing of them is. */
  readonly done: boolean;
}

const chainRow = (chain: ChainRows) => {
  const [first, last] = [chain[0], chain.at(-1)];
  if (first === undefined || last === undefined) throw new Error('a chain of nothing');
  const { base } = first;
  return {
    id: base.id,
    generation: base.generation,
    last_seq: base.lastSeq,
    policy_version: base.policyVersion,
    to_seq: last.version.seq,
    // Where the pointer stays, there is nobody else in the chain.
    to_generation: last.move?.generation ?? base.generation,
    current: last.move?.to ?? base.current,
    pointer_event: last.move?.eventId ?? base.pointerEvent,
  };
};

const linkRow = ({ base, contribution, accepted, version, standing, at, documents }: AcceptanceRows) => ({
  base: base.id,
  contribution: contribution.id,
  moves: contribution.moves,
  token: standing?.by.token.tokenId ?? null,
  principal: standing?.by.id ?? null,
  role: standing?.by.role ?? null,
  binding: standing?.binding ?? null,
  at,
  documents: documents.map((cid) => base64(digestOfCid(cid))),
  resulting: version.id,
  revision: accepted.revision,
  digest: accepted.digest,
  base_version: accepted.baseVersion,
  last_event: accepted.lastEvent,
});

const versionRow = ({ manifest, ...version }: VersionRecord) => ({ ...version, manifest: base64(manifest) });

/** Whoever puts the same blocks at once puts them in the same order, so that nobody waits for each other. */
const blocksOf = (all: readonly AcceptanceRows[]) =>
  all
    .flatMap(({ base, blocks }) => blocks.map((block) => ({ base: base.id, block })))
    .sort((one, other) => (one.block.cid < other.block.cid ? -1 : 1))
    .map(({ base, block }) => ({ base, ...blockRow(block) }));

const outcomeRow = (base: string, { request, ...row }: OutcomeRow) => ({
  ...row,
  base,
  request: base64(request),
});

/** As the statement reads them: one text of each kind costs driver and server far less than many parameters do. */
const textsOf = (all: readonly AcceptanceRows[]) => {
  const each = (rows: (row: AcceptanceRows) => readonly object[]): string =>
    JSON.stringify(all.flatMap(rows));
  return {
    links: each((row) => [linkRow(row)]),
    versions: each(({ version }) => [versionRow(version)]),
    blocks: JSON.stringify(blocksOf(all)),
    entries: each(({ base, version, index }) =>
      index.map((change) => ({ base: base.id, seq: version.seq, ...entryRow(change) })),
    ),
    moves: each(({ move }) => (move === undefined ? [] : [move])),
    revisions: each(({ base, revision }) => (revision === undefined ? [] : [{ ...revision, base: base.id }])),
    decisions: each(({ base, decision }) => [{ ...decision, base: base.id }]),
    outcomes: each(({ base, outcome }) => (outcome === undefined ? [] : [outcomeRow(base.id, outcome)])),
    records: each(({ records }) => records.map(rowOfRecord)),
  };
};

const commitAll = async (
  sql: Sql,
  chains: readonly ChainRows[],
  patient: boolean,
): Promise<readonly ReadonlyMap<string, LinkAnswer>[]> => {
  const texts = textsOf(chains.flat());
  const [row] = await sql<{ answers: readonly LinkAnswer[] }[]>`
    select accept_contributions(${JSON.stringify(chains.map(chainRow))}::text::json, ${texts.links}::text::json,
      ${texts.versions}::text::json, ${texts.blocks}::text::json, ${texts.entries}::text::json,
      ${texts.moves}::text::json, ${texts.revisions}::text::json, ${texts.decisions}::text::json,
      ${texts.outcomes}::text::json, ${texts.records}::text::json, ${patient}) as answers`;
  const answers = new Map(row?.answers.map((answer) => [answer.contribution, answer]));
  return chains.map(
    (chain) =>
      new Map(
        chain.flatMap(({ contribution: { id } }) => {
          const answer = answers.get(id);
          return answer === undefined ? [] : [[id, answer] as const];
        }),
      ),
  );
};

/** Answers by contribution. */
export type CommitChain = (chain: ChainRows) => Promise<ReadonlyMap<string, LinkAnswer>>;

/** Bytes of blocks that one statement is given, about. */
const MOST_BYTES = 1024 * 1024;

const bytesOf = (chain: ChainRows): number =>
  chain.flatMap(({ blocks }) => blocks).reduce((sum, { bytes }) => sum + bytes.length, 0);

/** Chains of several bases share a transaction; nobody in it waits for a base that somebody else holds. */
export const chainCommitter = (sql: Sql): CommitChain => {
  const share = sharing({
    run: (chains: readonly ChainRows[]) => commitAll(sql, chains, false),
    weigh: bytesOf,
    most: MOST_BYTES,
  });
  return async (chain) => {
    const answers = await share(chain);
    if ([...answers.values()].every(({ held }) => held)) return answers;
    const [patient] = await commitAll(sql, [chain], true);
    return patient ?? new Map();
  };
};
