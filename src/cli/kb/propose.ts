// attestry kb put, propose, revise: what somebody would have a base say.
import type { JsonObject } from '../../../keys/canonical.ts';
import { type BaseId, baseOfContribution, type ContributionId } from '../../protocol/knowledge/ids.ts';
import { listOf, textOf } from '../../protocol/manifest/read.ts';
import { acting, type Result, type Settings } from '../command.ts';
import { counted } from '../count.ts';
import { UsageError } from '../failure.ts';
import type { BeliefOptions } from './believe.ts';
import { type Ground, groundOf, NOTHING } from './ground.ts';
import { baseAddress, baseNamed, contributionAddress, contributionNamed, pathNamed } from './names.ts';
import { type KnowledgeRegistry, knowledgeRegistry, placeOf } from './registry.ts';
import type { SourceDocument } from './source-document.ts';
import { documentNamed, documentsIn } from './sources.ts';
import { bringDocuments, type Change } from './upload.ts';

interface ProposalOptions extends BeliefOptions {
  readonly summary?: string;
  readonly source: readonly string[];
  readonly confidence?: number;
  readonly criterion: readonly string[];
  readonly cause?: string;
  readonly into?: string;
  readonly mirror?: boolean;
  readonly put: readonly string[];
  readonly delete: readonly string[];
}

const moved = (document: SourceDocument, into: string): SourceDocument => ({
  ...document,
  path: pathNamed(into === '' ? document.path : `${into.replace(/\/$/, '')}/${document.path}`),
});

/** What stands below the same place and is not among the documents. */
const surplusIn = (
  { standing }: Ground,
  documents: readonly SourceDocument[],
  into: string,
): readonly Change[] => {
  if (standing === undefined)
    throw new UsageError('To mirror a folder, what the base has must be read; this principal may not.');
  const kept = new Set<string>(documents.map(({ path }) => path));
  const below = into === '' ? '' : `${into.replace(/\/$/, '')}/`;
  return [...standing.keys()]
    .filter((path) => path.startsWith(below) && !kept.has(path))
    .map((path) => ({ op: 'delete', path: pathNamed(path) }));
};

const changesOf = async (
  registry: KnowledgeRegistry,
  base: BaseId,
  ground: Ground,
  source: string | undefined,
  options: ProposalOptions,
): Promise<readonly Change[]> => {
  const { into = '', mirror, put, delete: gone } = options;
  const found = source === undefined ? [] : await documentsIn(source);
  const documents = [...found.map((each) => moved(each, into)), ...put.map(documentNamed)];
  const surplus = mirror === true ? surplusIn(ground, documents, into) : [];
  const deleted = gone.map((path): Change => ({ op: 'delete', path: pathNamed(path) }));
  const { standing = NOTHING, mostChanges } = ground;
  const brought = await bringDocuments(registry, base, documents, standing, mostChanges);
  return [...brought, ...surplus, ...deleted];
};

const criterionOf = (text: string) => {
  const [key = '', met = 'met'] = text.split('=');
  if (met !== 'met' && met !== 'unmet') throw new UsageError(`"${text}": write KEY=met or KEY=unmet.`);
  return { key, met: met === 'met' };
};

const bodyOf = (ground: Ground, changes: readonly Change[], options: ProposalOptions): JsonObject => {
  const { summary, source, confidence, criterion, cause } = options;
  if (summary === undefined) throw new UsageError('Say in one sentence what it changes: --summary TEXT');
  return {
    base_version: ground.version,
    changes: changes as unknown as JsonObject[],
    summary,
    sources: source.map((uri) => ({ uri })),
    ...(confidence === undefined ? {} : { confidence }),
    ...(criterion.length === 0 ? {} : { criteria: criterion.map(criterionOf) }),
    ...(cause === undefined ? {} : { causation_id: cause }),
  };
};

const unchanged = (base: string): Result => ({
  lines: [`Nothing to propose: ${base} has all of it already.`],
  json: { proposed: false, knowledge_base_id: base },
});

const waitsFor = (body: JsonObject): readonly string[] => {
  const id = textOf(body['contribution_id']) ?? '?';
  if (body['state'] !== 'in_review') return [`It is ${String(body['state'])}.`];
  const reasons = listOf(body['reasons']).map(String);
  const why = reasons.length === 0 ? '' : ` (${reasons.join(', ')})`;
  return [`It waits for review${why}. To look at it: attestry kb review ${id}`];
};

const proposeFrom =
  (what: 'proposal' | 'revision') =>
  async (
    settings: Settings,
    options: ProposalOptions,
    name: string,
    source: string | undefined,
  ): Promise<Result> => {
    const registry = knowledgeRegistry(settings, options);
    if (options.summary === undefined)
      throw new UsageError('Say in one sentence what it changes: --summary TEXT');
    const id = what === 'proposal' ? undefined : await contributionNamed(registry, name);
    const base = id === undefined ? baseNamed(name) : baseOfContribution(id as ContributionId);
    const ground = await groundOf(settings, options, registry, base);
    const changes = await changesOf(registry, base, ground, source, options);
    if (changes.length === 0) return unchanged(base);
    const path =
      id === undefined ? `${baseAddress(base)}/contributions` : `${contributionAddress(id)}/revisions`;
    const reply = await registry.write('POST', path, bodyOf(ground, changes, options));
    const { body } = reply;
    const said = `${textOf(body['contribution_id']) ?? '?'}, revision ${String(body['revision'])}`;
    const many = counted(changes.length, 'change', 'changes');
    return { lines: [`Proposed ${said}: ${many}${placeOf(reply)}.`, ...waitsFor(body)], json: body };
  };

export const put = acting<ProposalOptions>((settings, options, name = '', source = '') =>
  proposeFrom('proposal')(settings, options, name, source),
);

const requireChanges = ({ put: puts, delete: gone }: ProposalOptions, source: string | undefined): void => {
  if (source === undefined && puts.length + gone.length === 0)
    throw new UsageError('Say what it changes: --put PATH=FILE and --delete PATH, each as often as needed.');
};

export const propose = acting<ProposalOptions>(async (settings, options, name = '') => {
  requireChanges(options, undefined);
  return proposeFrom('proposal')(settings, options, name, undefined);
});

/** The whole of the new revision: what it does not name it does not change. */
export const revise = acting<ProposalOptions>(async (settings, options, name = '', source?: string) => {
  requireChanges(options, source);
  return proposeFrom('revision')(settings, options, name, source);
});
