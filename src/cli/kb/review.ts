// attestry kb review: what waits for review, and one contribution as somebody who has to decide about it needs to see it.
import type { JsonObject } from '../../../keys/canonical.ts';
import { parseBaseId } from '../../protocol/knowledge/ids.ts';
import { listOf, objectOf, textOf } from '../../protocol/manifest/read.ts';
import { acting, type Result } from '../command.ts';
import { counted } from '../count.ts';
import { curesOf } from '../cures.ts';
import { evidenceLines } from '../evidence.ts';
import { rowsAt, table } from '../table.ts';
import { visible } from '../visible.ts';
import { contributionAddress } from './names.ts';
import { type AsOptions, type KnowledgeRegistry, knowledgeRegistry } from './registry.ts';
import { beforeOf, fileLines } from './review-files.ts';
import { type StandingRevision, standingRevision } from './revision.ts';

interface ReviewOptions extends AsOptions {
  readonly all?: boolean;
}

const COLUMNS = ['contribution_id', 'revision', 'changes', 'approvals', 'waits', 'reasons', 'proposer'];

const waiting = (seconds: unknown): string => {
  const age = Number(seconds);
  if (age < 3_600) return `${Math.floor(age / 60)} min`;
  return age < 172_800 ? `${Math.floor(age / 3_600)} h` : `${Math.floor(age / 86_400)} d`;
};

const rowOf = (item: JsonObject): JsonObject => ({
  ...item,
  approvals: `${String(item['approvals'])}/${String(item['required_approvals'])}`,
  waits: waiting(item['age_seconds']),
});

const queue = async (registry: KnowledgeRegistry, base: string | undefined): Promise<Result> => {
  const query = base === undefined ? '' : `?base=${encodeURIComponent(base)}`;
  const body = await registry.read(`/review-queue${query}`);
  const rows = rowsAt(body, 'items').map(rowOf);
  const lines = rows.length === 0 ? ['Nothing waits for your review.'] : table(COLUMNS, rows);
  return { lines, json: body };
};

const textLines = (label: string, text: string): readonly string[] => [
  `${label}:`,
  ...text.split('\n').map((line) => `  ${visible(line).text}`),
];

/** The code with its cure, and below it whatever else is said. */
const gateText = ({ code, ...rest }: JsonObject): readonly string[] => [
  `  ${[String(code), ...curesOf([String(code)])].join(': ')}`,
  ...evidenceLines(rest).map((line) => `  ${visible(line).text}`),
];

const gateLines = (body: JsonObject): readonly string[] => {
  const gates = rowsAt(body, 'unmet_gates');
  if (gates.length === 0) return ['You may accept it now.'];
  return ['What keeps you from accepting it:', ...gates.flatMap(gateText)];
};

const isSigned = (body: JsonObject): boolean =>
  objectOf(body['effective_policy'])?.['signed_decisions'] === true;

const saidLines = (body: JsonObject): readonly string[] => [
  ...rowsAt(body, 'verdicts').map(
    (each) => `verdict: ${String(each['verdict'])} by ${String(each['verifier'])}`,
  ),
  ...rowsAt(body, 'evals').map(
    (each) =>
      `evaluation ${String(each['suite'])}: ${String(each['result'])} by ${String(each['evaluator'])}`,
  ),
  ...rowsAt(body, 'decisions').map(
    (each) => `${String(each['decision'])} by ${String(each['actor'])}, ${String(each['at'])}`,
  ),
];

const headLines = (id: string, body: JsonObject, revision: JsonObject): readonly string[] => {
  const sources = listOf(body['sources']).map((each) => visible(textOf(objectOf(each)?.['uri']) ?? '').text);
  const confidence = revision['confidence'];
  return [
    `${id}: ${String(body['state'])}, revision ${String(revision['revision'])}`,
    `proposed by ${String(body['proposer'])} on ${String(body['proposed_at'])}, made from ${String(revision['base_version'] ?? 'an empty base')}`,
    ...textLines('summary, in the words of whoever proposed it', textOf(revision['summary']) ?? ''),
    ...(sources.length === 0 ? [] : [`sources: ${sources.join(', ')}`]),
    ...(typeof confidence === 'number' ? [`confidence: ${confidence}`] : []),
    ...saidLines(body),
  ];
};

/** At most that many documents; all of them where that is asked for. */
const MAX_FILES = 50;

const filesOf = async (
  registry: KnowledgeRegistry,
  { id, base, changes }: StandingRevision,
  most: number,
): Promise<readonly string[]> => {
  const before = beforeOf(await registry.read(`${contributionAddress(id)}/diff`));
  const lines: string[] = [];
  for (const change of changes.slice(0, most)) {
    const after = change.op === 'put' ? change.entry : undefined;
    lines.push(...(await fileLines(registry, base, change.path, before.get(change.path), after)));
  }
  const rest = changes.length - most;
  return rest > 0
    ? [...lines, `… and ${counted(rest, 'document', 'documents')} more: --all shows them`]
    : lines;
};

/** One contribution for whoever has to decide about it. @throws Refusal for what is not what it is said to be */
export const showContribution = async (
  registry: KnowledgeRegistry,
  name: string,
  all: boolean,
): Promise<Result> => {
  const standing = await standingRevision(registry, name);
  const { id, body, digest } = standing;
  const files = await filesOf(registry, standing, all ? Number.POSITIVE_INFINITY : MAX_FILES);
  const lines = [
    ...headLines(id, body, objectOf(body['revision']) ?? {}),
    ...files,
    ...gateLines(body),
    `To decide: attestry kb accept ${id} --digest ${digest}${isSigned(body) ? ' --key KEY.pem' : ''}`,
    '           (or approve, request-changes, reject)',
  ];
  return { lines, json: body };
};

export const review = acting<ReviewOptions>(async (settings, options, name?: string) => {
  const registry = knowledgeRegistry(settings, options);
  if (name === undefined) return queue(registry, undefined);
  if (parseBaseId(name) !== undefined) return queue(registry, name);
  return showContribution(registry, name, options.all === true);
});
