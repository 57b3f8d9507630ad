// attestry advisory list: what is warned of, and with --all what no longer is.
import type { JsonObject, JsonValue } from '../../keys/canonical.ts';
import { at, listOf, textOf } from '../protocol/manifest/read.ts';
import { registryOf } from './ask.ts';
import { acting } from './command.ts';
import { rowsAt, table } from './table.ts';

const COLUMNS = ['id', 'severity', 'publishedAt', 'affected', 'summary'];

/** `vendor.acme.tools@<1.0.1`, as "advisory publish" takes it. */
const named = (name: JsonValue | undefined, range: JsonValue | undefined): string =>
  `${textOf(name) ?? '?'}@${textOf(range) ?? '?'}`;

const inForce = (row: JsonObject): JsonObject => ({
  ...row,
  affected: listOf(row['affected'])
    .map((each) => named(at(each, 'packName'), at(each, 'versions')))
    .join(', '),
});

const dayOf = (instant: JsonValue | undefined): string => (textOf(instant) ?? '').slice(0, 10);

const withdrawal = (row: JsonObject): string | null => {
  if (row['withdrawn'] === undefined) return null;
  const reason = textOf(at(row, 'database_specific', 'withdrawnReason'));
  return `${dayOf(row['withdrawn'])}${reason === undefined ? '' : `: ${reason}`}`;
};

/** In the OSV format, which keeps those that were withdrawn. */
const everStood = (row: JsonObject): JsonObject => ({
  id: row['id'] ?? null,
  severity: textOf(at(row, 'database_specific', 'severity'))?.toLowerCase() ?? null,
  publishedAt: dayOf(row['published']),
  affected: listOf(row['affected'])
    .map((each) => named(at(each, 'package', 'name'), at(each, 'database_specific', 'range')))
    .join(', '),
  summary: row['summary'] ?? null,
  withdrawn: withdrawal(row),
});

export const list = acting<{ readonly all?: boolean }>(async (settings, { all = false }) => {
  const { body } = await registryOf(settings).ask('GET', `/security/${all ? 'osv' : 'advisories'}.json`);
  const lines = all
    ? table([...COLUMNS, 'withdrawn'], rowsAt(body, 'vulns').map(everStood))
    : table(COLUMNS, rowsAt(body, 'advisories').map(inForce));
  return { lines, json: body };
});
