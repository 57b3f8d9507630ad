// attestry keys compromise: takes a stolen key back together with what it signed while a thief may have had it.
import type { JsonObject } from '../../keys/canonical.ts';
import { textOf } from '../protocol/manifest/read.ts';
import { registryOf } from './ask.ts';
import { acting } from './command.ts';
import { readKeyId } from './key-name.ts';
import { rowsAt, table } from './table.ts';

interface CompromiseOptions {
  readonly keyId: string;
  readonly since: string;
  readonly until?: string;
  readonly reason: string;
  readonly advisoryUrl?: string;
  readonly dryRun?: boolean;
}

const COLUMNS = ['name', 'version', 'publishedAt', 'yanked'];

const endLine = (from: JsonObject[string] | undefined): string => {
  if (from === 'ever') return 'Nothing it signed is believed.';
  if (typeof from === 'number') return `What the log holds from position ${from} on is not believed.`;
  return 'It signs nothing more; the log is about to say from where on.';
};

const nextLine = (body: JsonObject): readonly string[] => {
  const next = textOf(body['rotatedTo']);
  return next === undefined ? [] : [`${next} followed it: take that back too, unless the change was yours.`];
};

const linesOf = (keyId: string, body: JsonObject): readonly string[] => {
  const rows = rowsAt(body, 'versions');
  const shown = rows.length === 0 ? [] : table(COLUMNS, rows);
  const count = `${rows.length}${body['more'] === true ? ' and more' : ''} version${rows.length === 1 ? '' : 's'}`;
  const what =
    body['dryRun'] === true
      ? [`${keyId} signed ${count} then; without --dry-run all of them are yanked, and the key is revoked.`]
      : [`Revoked ${keyId} and yanked ${count}. ${endLine(body['revokedFrom'])}`];
  return [...shown, ...what, ...nextLine(body)];
};

export const compromise = acting<CompromiseOptions>(async (settings, options) => {
  const { keyId, since, until, reason, advisoryUrl, dryRun = false } = options;
  const asked = {
    since,
    reason,
    dryRun,
    ...(until === undefined ? {} : { until }),
    ...(advisoryUrl === undefined ? {} : { advisoryUrl }),
  };
  const path = `/keys/${encodeURIComponent(readKeyId(keyId))}/compromise`;
  const { body } = await registryOf(settings).ask('POST', path, asked);
  return { lines: linesOf(keyId, body), json: body };
});
