// Rows as aligned lines, for lists that people read. Pure.
import type { JsonObject, JsonValue } from '../../keys/canonical.ts';
import { listOf, objectOf } from '../protocol/manifest/read.ts';

const cell = (value: JsonValue | undefined): string => {
  if (value === undefined || value === null) return '-';
  return Array.isArray(value) ? value.join(',') : String(value);
};

/** `notAfter` → `NOT AFTER`. */
const headingOf = (name: string): string => name.replace(/([a-z])([A-Z])/g, '$1 $2').toUpperCase();

/** A line of headings and one line for each row; columns are as wide as their widest cell. */
export const table = (columns: readonly string[], rows: readonly JsonObject[]): readonly string[] => {
  const cells = [columns.map(headingOf), ...rows.map((row) => columns.map((name) => cell(row[name])))];
  const widths = columns.map((_name, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)));
  return cells.map((line) =>
    line
      .map((text, index) => text.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
};

/** The rows that an answer carries under `name`. */
export const rowsAt = (body: JsonObject, name: string): readonly JsonObject[] =>
  listOf(body[name])
    .map(objectOf)
    .filter((row) => row !== undefined);
