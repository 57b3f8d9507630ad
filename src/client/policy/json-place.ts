// Finds the line on which a member of a JSON text stands, for messages to people. Pure.

interface Cursor {
  readonly text: string;
  at: number;
}

const STRING = /"(?:[^"\\]|\\.)*"/y;
const SCALAR = /[^\s,\]}]+/y;

const skipBlank = (cursor: Cursor): void => {
  while (' \t\r\n'.includes(cursor.text[cursor.at] ?? 'x')) cursor.at += 1;
};

const take = (cursor: Cursor, form: RegExp): string => {
  form.lastIndex = cursor.at;
  const found = form.exec(cursor.text)?.[0] ?? '';
  cursor.at += Math.max(found.length, 1);
  return found;
};

/** Past one mark, such as a comma, and the blanks around it. */
const skipMark = (cursor: Cursor): void => {
  skipBlank(cursor);
  cursor.at += 1;
  skipBlank(cursor);
};

const isOver = (cursor: Cursor, close: string): boolean =>
  cursor.at >= cursor.text.length || cursor.text[cursor.at] === close;

/** Calls back at the start of each member of an object, or item of a list; whoever is called reads its value. */
const eachMember = (cursor: Cursor, onMember: (name: string, start: number) => void): void => {
  const isObject = cursor.text[cursor.at] === '{';
  const close = isObject ? '}' : ']';
  skipMark(cursor);
  for (let index = 0; !isOver(cursor, close); index += 1) {
    const start = cursor.at;
    const name = isObject ? (JSON.parse(take(cursor, STRING)) as string) : String(index);
    if (isObject) skipMark(cursor);
    onMember(name, start);
    skipBlank(cursor);
    if (cursor.text[cursor.at] === ',') skipMark(cursor);
  }
  cursor.at += 1;
};

const walk = (cursor: Cursor, pointer: string, starts: Map<string, number>): void => {
  const first = cursor.text[cursor.at];
  if (first === '"') take(cursor, STRING);
  else if (first !== '{' && first !== '[') take(cursor, SCALAR);
  else
    eachMember(cursor, (name, start) => {
      const below = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      starts.set(below, start);
      walk(cursor, below, starts);
    });
};

export const lineOfOffset = (text: string, offset: number): number =>
  text.slice(0, offset).split('\n').length;

/**
 * Lines, counted from 1, by JSON pointer. What a pointer names that is not there is on the line of what would hold it.
 * @param text JSON that was read before, so that it is sound and not deep
 */
export const linesOf = (text: string): ((pointer: string) => number) => {
  const starts = new Map<string, number>();
  const cursor: Cursor = { text, at: 0 };
  skipBlank(cursor);
  starts.set('', cursor.at);
  walk(cursor, '', starts);
  return (pointer) => {
    let here = pointer;
    while (!starts.has(here)) here = here.slice(0, Math.max(here.lastIndexOf('/'), 0));
    return lineOfOffset(text, starts.get(here) ?? 0);
  };
};
