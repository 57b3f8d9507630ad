// attestry kb history, versions, rollback, promote, events, replay: what a base was, and what is on record about it.
import type { JsonObject } from '../../../keys/canonical.ts';
import { queryOf } from '../../client/knowledge/deps.ts';
import { textOf } from '../../protocol/manifest/read.ts';
import { acting, type Result, type Settings } from '../command.ts';
import { UsageError } from '../failure.ts';
import { rowsAt, table } from '../table.ts';
import { answerLine, type BeliefOptions, openBases } from './believe.ts';
import { baseAddress, baseNamed, versionNamed } from './names.ts';
import { type AsOptions, knowledgeRegistry, placeOf } from './registry.ts';

interface PageOptions extends AsOptions {
  readonly limit: number;
  readonly before?: number;
}

const moreLines = (body: JsonObject, option: string): readonly string[] =>
  body['next'] === null || body['next'] === undefined
    ? []
    : [`There is more: ${option} ${String(body['next'])}`];

const MOVE_COLUMNS = [
  'generation',
  'to_version',
  'reason',
  'moved_at',
  'actor',
  'justification_code',
  'event_id',
];

export const history = acting<PageOptions>(async (settings, options, name = '') => {
  const { limit, before } = options;
  const path = `${baseAddress(baseNamed(name))}/pointer/history${queryOf({ limit, before })}`;
  const body = await knowledgeRegistry(settings, options).read(path);
  return {
    lines: [...table(MOVE_COLUMNS, rowsAt(body, 'moves')), ...moreLines(body, '--before')],
    json: body,
  };
});

const VERSION_COLUMNS = ['seq', 'knowledge_base_version', 'created_at', 'entries', 'bytes', 'proposer'];

export const versions = acting<PageOptions>(async (settings, options, name = '') => {
  const { limit, before } = options;
  const path = `${baseAddress(baseNamed(name))}/versions${queryOf({ limit, below: before })}`;
  const body = await knowledgeRegistry(settings, options).read(path);
  const lines = [...table(VERSION_COLUMNS, rowsAt(body, 'versions')), ...moreLines(body, '--before')];
  return { lines, json: body };
});

interface MoveOptions extends AsOptions {
  readonly to: string;
  readonly reason?: string;
  readonly note?: string;
}

/** Against the generation that stands now: whoever comes in between is not overwritten. */
const move = async (
  settings: Settings,
  options: MoveOptions,
  name: string,
  reason: 'rollback' | 'promote',
): Promise<Result> => {
  const [base, to] = [baseNamed(name), versionNamed(options.to)];
  const registry = knowledgeRegistry(settings, options);
  const pointer = await registry.read(`${baseAddress(base)}/pointer`);
  const reply = await registry.write(
    'POST',
    `${baseAddress(base)}/pointer`,
    {
      to_version: to,
      reason,
      ...(options.reason === undefined ? {} : { justification_code: options.reason }),
      ...(options.note === undefined ? {} : { justification: options.note }),
    },
    { 'if-match': `"${String(pointer['generation'])}"` },
  );
  const said = reason === 'rollback' ? 'is back at' : 'stands at';
  const generation = String(reply.body['generation']);
  return { lines: [`${base} ${said} ${to}, generation ${generation}${placeOf(reply)}.`], json: reply.body };
};

export const rollback = acting<MoveOptions>((settings, options, name = '') =>
  move(settings, options, name, 'rollback'),
);

export const promote = acting<MoveOptions>((settings, options, name = '') =>
  move(settings, options, name, 'promote'),
);

interface EventOptions extends BeliefOptions {
  readonly base?: string;
  readonly contribution?: string;
  readonly actor?: string;
  readonly kind?: string;
  readonly trace?: string;
  readonly from?: string;
  readonly to?: string;
  readonly after?: string;
  readonly limit: number;
}

const EVENT_COLUMNS = ['at', 'kind', 'actor', 'event_id', 'position'];

const searchEvents = async (settings: Settings, options: EventOptions): Promise<Result> => {
  const { base, contribution, actor, kind, trace, from, to, after, limit } = options;
  const of = base === undefined ? undefined : baseNamed(base);
  const query = queryOf({ base: of, contribution, actor, kind, trace_id: trace, from, to, after, limit });
  const body = await knowledgeRegistry(settings, options).read(`/events${query}`);
  const rows = rowsAt(body, 'events');
  const lines = rows.length === 0 ? ['No event.'] : table(EVENT_COLUMNS, rows);
  return { lines: [...lines, ...moreLines(body, '--after')], json: body };
};

const checkOne = async (settings: Settings, options: EventOptions, id: string): Promise<Result> => {
  const { event, recorded, checked } = await (await openBases(settings, options)).checkEvent(id);
  const place = recorded === undefined ? [] : [`Leaf ${recorded.index} of ${recorded.treeSize}`];
  const lines = [...JSON.stringify(event, null, 2).split('\n'), ...place, ...checked.map(answerLine)];
  return { lines, json: { event, recorded: recorded ?? null, checked } };
};

/** One event by its id, held against the log; or all that fit. */
export const events = acting<EventOptions>((settings, options, id?: string) => {
  if (id !== undefined) return checkOne(settings, options, id);
  const { base, contribution, actor, trace } = options;
  if ([base, contribution, actor, trace].every((each) => each === undefined))
    throw new UsageError('Say of what: --base, --contribution, --actor or --trace; or name one event.');
  return searchEvents(settings, options);
});

const OUTCOMES: Readonly<Record<string, string>> = {
  match: 'The same is given out now.',
  erased: 'What was given out then was erased since.',
  mismatch: 'Something else would be given out now: this must never happen. Tell the operator.',
};

export const replay = acting<AsOptions>(async (settings, options, id = '') => {
  const path = `/retrievals/${encodeURIComponent(id)}/replay`;
  const { body } = await knowledgeRegistry(settings, options).write('POST', path, {});
  const outcome = textOf(body['outcome']) ?? '';
  if (outcome === 'mismatch') process.exitCode = 1;
  const sentence = Object.hasOwn(OUTCOMES, outcome)
    ? OUTCOMES[outcome]
    : 'The registry says something unknown.';
  const version = String(body['knowledge_base_version']);
  return { lines: [`${outcome}: ${sentence}`, `version ${version}`], json: body };
});
