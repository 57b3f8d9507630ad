// attestry mirror: which registries are mirrored, and how that goes.
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject, JsonValue } from '../../keys/canonical.ts';
import { registryBase } from '../client/network/http-url.ts';
import { at, listOf, textOf } from '../protocol/manifest/read.ts';
import { type Registry, type RegistryReply, registryOf } from './ask.ts';
import { acting, type Result } from './command.ts';
import { counted } from './count.ts';
import { UsageError } from './failure.ts';
import { untilStopped } from './interrupted.ts';
import { rowsAt, table } from './table.ts';
import { printLines, printProgress } from './terminal.ts';

interface AddOptions {
  readonly namespaces?: readonly string[];
  readonly trees?: readonly string[];
  readonly once?: boolean;
  readonly json?: boolean;
}

const ADDRESS = '/mirror/upstreams';
const LOOK_EVERY_MS = 500;

const numberAt = (row: JsonObject, ...names: readonly string[]): number => Number(at(row, ...names) ?? 0);

const addressOf = (row: JsonObject): string => `${ADDRESS}/${textOf(row['id']) ?? ''}`;

const upstreamsOf = async (registry: Registry): Promise<readonly JsonObject[]> =>
  rowsAt((await registry.ask('GET', ADDRESS)).body, 'upstreams');

const findUpstream = async (registry: Registry, url: string): Promise<JsonObject> => {
  const base = registryBase(url);
  const rows = await upstreamsOf(registry);
  const found = rows.find((row) => row['url'] === base);
  if (found !== undefined) return found;
  throw new UsageError(`${base} is not mirrored here: "attestry mirror list" shows what is.`);
};

const soFar = (row: JsonObject): string => {
  const checked = numberAt(row, 'progress', 'checked');
  if (checked > 0) return `${textOf(row['url'])}: ${checked} entries of its log, or packs, checked`;
  const [done, all] = [numberAt(row, 'progress', 'packsDone'), numberAt(row, 'progress', 'packs')];
  const [added, refused] = [numberAt(row, 'progress', 'added'), numberAt(row, 'progress', 'refused')];
  return `${textOf(row['url'])}: ${done} of ${counted(all, 'pack')}, ${added} added, ${refused} refused`;
};

const shows = (json: boolean) => {
  let last = '';
  return (row: JsonObject): void => {
    const line = soFar(row);
    if (line === last) return;
    last = line;
    if (json) printLines([JSON.stringify({ url: row['url'], progress: row['progress'] })]);
    else printProgress(line);
  };
};

const GOES_ON = 'Stopped waiting; the registry goes on with it: "attestry mirror list" shows how it goes.';

/** Until the sync that was asked for, or one that was under way, has come to its end. */
export const untilSynced = async (
  registry: Registry,
  asked: JsonObject,
  json: boolean,
): Promise<JsonObject> => {
  const show = shows(json);
  return untilStopped(async () => {
    for (;;) {
      const { body } = await registry.ask('GET', addressOf(asked));
      if (numberAt(body, 'turn') > numberAt(asked, 'turn')) return body;
      show(body);
      await sleep(LOOK_EVERY_MS);
    }
  }, GOES_ON);
};

const rowTrees = (row: JsonObject): readonly string[] =>
  listOf(row['trees']).flatMap((tree) => textOf(tree) ?? []);

const inBothTrees = (row: JsonObject): readonly string[] => {
  const count = numberAt(row, 'inOtherTree');
  if (count === 0) return [];
  const trees = rowTrees(row).join(' before ');
  return [
    `${counted(count, 'version')} that it has in both trees: each is served from one, ${trees} (mirror add --trees)`,
  ];
};

const importRefused = (row: JsonObject): string | undefined => textOf(at(row, 'progress', 'importRefused'));

const GOES_ON_AS_BEFORE = 'It is mirrored over the network as well, and that goes on as before.';

const done = (row: JsonObject): string =>
  row['outcome'] === 'complete' && numberAt(row, 'progress', 'packs') === 0
    ? `${textOf(row['url'])}: nothing new`
    : soFar(row);

/** What failed stays on the list: whoever mistyped an address has to take it off. */
const goesOn = (row: JsonObject): readonly string[] => {
  if (row['outcome'] !== 'failed' || row['dueAt'] === null) return [];
  const url = textOf(row['url']) ?? '';
  return [
    `It stays mirrored, and is asked again at ${textOf(row['dueAt'])}; to end that: attestry mirror remove ${url}`,
  ];
};

const ended = (row: JsonObject): readonly string[] => [
  `${done(row)}; ${textOf(row['outcome'])}${row['reason'] === null ? '' : `: ${textOf(row['reason'])}`}`,
  ...goesOn(row),
  ...inBothTrees(row),
  ...(numberAt(row, 'flaws') > 0
    ? [`${counted(numberAt(row, 'flaws'), 'flaw')}: attestry mirror list --flaws`]
    : []),
];

const wentWell = (row: JsonObject): boolean => ['complete', 'partial'].includes(textOf(row['outcome']) ?? '');

export const showSynced = (rows: readonly JsonObject[], json: boolean): undefined => {
  if (!rows.every(wentWell)) process.exitCode = 1;
  printLines(json ? rows.map((row) => JSON.stringify(row)) : rows.flatMap(ended));
};

/** What became of an import; how the registry stands over the network is another matter. */
export const showImported = (row: JsonObject, json: boolean): undefined => {
  const reason = importRefused(row);
  if (reason === undefined) return showSynced([row], json);
  process.exitCode = 1;
  printLines([
    json ? JSON.stringify(row) : `${textOf(row['url'])}: ${reason}`,
    ...(json ? [] : [GOES_ON_AS_BEFORE]),
  ]);
};

export const add = acting<AddOptions>(async (settings, options, url = ''): Promise<Result | undefined> => {
  const registry = registryOf(settings);
  const { namespaces, trees, json = false } = options;
  const wanted = {
    url: registryBase(url),
    ...(namespaces ? { namespaces } : {}),
    ...(trees ? { trees } : {}),
  };
  const { body, status } = await registry.ask('POST', ADDRESS, wanted);
  if (options.once === true) {
    const isNew = status !== 200;
    const asked = isNew ? { ...body, turn: 0 } : (await registry.ask('POST', `${addressOf(body)}/sync`)).body;
    return showSynced([await untilSynced(registry, asked, json)], json);
  }
  if (status === 200 && body['outcome'] !== 'never') return showAgain(body);
  return {
    lines: [`${said(status)}: ${textOf(body['url'])}. "attestry mirror list" shows how it goes.`],
    json: body,
  };
});

const said = (status: number): string => (status === 200 ? 'Mirrored already' : 'Mirrored from now on');

/** Whoever adds it once more is not told that all is well where its last sync failed. */
const showAgain = (row: JsonObject): Result => {
  if (!wentWell(row)) process.exitCode = 1;
  return { lines: [`${said(200)}: ${textOf(row['url'])}. Its last sync:`, ...ended(row)], json: row };
};

export const sync = acting<AddOptions>(async (settings, { json = false }, url = '') => {
  const registry = registryOf(settings);
  const rows = url === '' ? await upstreamsOf(registry) : [await findUpstream(registry, url)];
  if (rows.length === 0) throw new UsageError('Nothing is mirrored here: "attestry mirror add URL" begins.');
  const synced: JsonObject[] = [];
  for (const row of rows) {
    // One that was stopped, or comes in files, keeps none of the others from their turn.
    if (url === '' && (row['outcome'] === 'stopped' || row['dueAt'] === null)) {
      synced.push(row);
      continue;
    }
    const { body } = await registry.ask('POST', `${addressOf(row)}/sync`);
    synced.push(await untilSynced(registry, body, json));
  }
  return showSynced(synced, json);
});

export const remove = acting(async (settings, _options, url = '') => {
  const registry = registryOf(settings);
  const row = await findUpstream(registry, url);
  await registry.ask('DELETE', addressOf(row));
  return {
    lines: [`Mirrored no more: ${textOf(row['url'])}. What was mirrored stays served.`],
    json: { removed: row['url'] ?? null, versions: row['versions'] ?? 0 },
  };
});

const COLUMNS = ['url', 'outcome', 'versions', 'flaws', 'endedAt', 'dueAt', 'reason'];
const FLAWS = ['kind', 'name', 'version', 'tree', 'code', 'message'];

const flawsOf = async (registry: Registry, row: JsonObject) => {
  const flaws: JsonObject[] = [];
  for (let from: JsonValue | undefined = 0; typeof from === 'number'; ) {
    const { body }: RegistryReply = await registry.ask('GET', `${addressOf(row)}/flaws?from=${from}`);
    flaws.push(...rowsAt(body, 'flaws'));
    from = body['next'];
  }
  return { url: row['url'] ?? null, flaws };
};

export const list = acting<{ readonly flaws?: boolean }>(async (settings, options) => {
  const registry = registryOf(settings);
  const upstreams = await upstreamsOf(registry);
  if (upstreams.length === 0)
    return {
      lines: ['Nothing is mirrored here: "attestry mirror add URL" begins.'],
      json: { upstreams: [] },
    };
  if (options.flaws !== true) return { lines: table(COLUMNS, upstreams), json: { upstreams } };
  const found = await Promise.all(upstreams.map((row) => flawsOf(registry, row)));
  return {
    lines: found.flatMap(({ url, flaws }) =>
      flaws.length === 0 ? [`${String(url)}: no flaws`] : [`${String(url)}:`, ...table(FLAWS, flaws)],
    ),
    json: { upstreams: found },
  };
});
