// Whether a licence is among those that a host takes: an SPDX id, or an expression of several. Pure.

/** Longer ones are compared as a whole; nobody writes them. */
const MAX_EXPRESSION = 512;
const MAX_TOKENS = 64;

interface Cursor {
  readonly tokens: readonly string[];
  at: number;
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

const takeWord = (cursor: Cursor, word: string): boolean => {
  const found = same(cursor.tokens[cursor.at] ?? '', word);
  if (found) cursor.at += 1;
  return found;
};

/** Undefined where the text is no expression. */
type Verdict = boolean | undefined;
type IsListed = (id: string) => boolean;

const readId = (cursor: Cursor, isListed: IsListed): Verdict => {
  const id = cursor.tokens[cursor.at] ?? '';
  if (!/^[A-Za-z0-9][A-Za-z0-9.+:-]*$/.test(id) || /^(?:and|or|with)$/i.test(id)) return undefined;
  cursor.at += 1;
  if (!takeWord(cursor, 'WITH')) return isListed(id);
  const exception = cursor.tokens[cursor.at];
  cursor.at += 1;
  return exception === undefined ? undefined : isListed(`${id} WITH ${exception}`);
};

const readOne = (cursor: Cursor, isListed: IsListed): Verdict => {
  if (!takeWord(cursor, '(')) return readId(cursor, isListed);
  const inner = readAny(cursor, isListed);
  return takeWord(cursor, ')') ? inner : undefined;
};

/** AND binds closer than OR (SPDX 2.3 annex D). */
const readAll = (cursor: Cursor, isListed: IsListed): Verdict => {
  let verdict = readOne(cursor, isListed);
  while (verdict !== undefined && takeWord(cursor, 'AND')) {
    const next = readOne(cursor, isListed);
    verdict = next === undefined ? undefined : verdict && next;
  }
  return verdict;
};

const readAny = (cursor: Cursor, isListed: IsListed): Verdict => {
  let verdict = readAll(cursor, isListed);
  while (verdict !== undefined && takeWord(cursor, 'OR')) {
    const next = readAll(cursor, isListed);
    verdict = next === undefined ? undefined : verdict || next;
  }
  return verdict;
};

/**
 * True where all that an expression demands is listed, by one of its alternatives. What is no expression has to be
 * listed as it stands. Ids are compared without regard to case, as SPDX has it.
 */
export const isLicensed = (license: string, allowed: readonly string[]): boolean => {
  const isListed: IsListed = (id) => allowed.some((each) => same(each, id));
  if (license.length > MAX_EXPRESSION) return false;
  const tokens = license.match(/[()]|[^\s()]+/g) ?? [];
  const cursor: Cursor = { tokens, at: 0 };
  const verdict = tokens.length > MAX_TOKENS ? undefined : readAny(cursor, isListed);
  return cursor.at === tokens.length && verdict !== undefined ? verdict : isListed(license);
};
