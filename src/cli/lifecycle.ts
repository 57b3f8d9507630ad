// attestry lifecycle: all that ever happened to a version, oldest first.
import type { JsonObject } from '../../keys/canonical.ts';
import { textOf } from '../protocol/manifest/read.ts';
import { registryOf } from './ask.ts';
import { acting } from './command.ts';
import { type ExactVersion, exactVersion } from './exact-version.ts';
import { rowsAt, table } from './table.ts';

const COLUMNS = ['at', 'kind', 'by', 'position', 'reason'];

/** What is to be taken instead stands beside it where anything was named. */
const columnsOf = (history: readonly JsonObject[]): readonly string[] =>
  history.some((entry) => entry['supersededBy'] !== undefined) ? [...COLUMNS, 'supersededBy'] : COLUMNS;

const addressOf = ({ name, version }: ExactVersion, from: number): string =>
  `/packs/${encodeURIComponent(name)}/-/${encodeURIComponent(version)}/lifecycle${from === 0 ? '' : `?from=${from}`}`;

/** A history of thousands of entries comes in several answers. */
const MOST_ANSWERS = 100;

export const lifecycle = acting(async (settings, _options, text = '') => {
  const wanted = exactVersion(text);
  const registry = registryOf(settings);
  const history: JsonObject[] = [];
  let body: JsonObject = {};
  for (
    let from: number | undefined = 0, answers = 0;
    from !== undefined && answers < MOST_ANSWERS;
    answers += 1
  ) {
    body = (await registry.ask('GET', addressOf(wanted, from))).body;
    history.push(...rowsAt(body, 'history'));
    from = typeof body['next'] === 'number' ? body['next'] : undefined;
  }
  const standing = textOf(body['standing']) ?? 'unknown';
  const flags = body['deprecated'] === true ? ', deprecated' : '';
  const head = `${wanted.name}@${wanted.version} is ${standing}${flags}.`;
  return { lines: [head, ...table(columnsOf(history), history)], json: { ...body, history } };
});
