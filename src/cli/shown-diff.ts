// A difference of two texts as lines for people: what came, what went, and whatever would rather not be seen spelled out. Pure.
import { counted } from './count.ts';
import { diffLines } from './line-diff.ts';
import { visible } from './visible.ts';

const MARKS = { same: ' ', removed: '-', added: '+' } as const;
const HIDDEN = 'that would be hidden, or would steer a terminal: spelled out as \\u{…}';
const UNENDED = ' (no line end)';

/** Every line begins with blanks and a mark, so that no text can look like a heading of ours. */
export const shownDiff = (before: string, after: string, indent = '  '): readonly string[] => {
  let spelled = 0;
  const lines = diffLines(before, after).map((line) => {
    if (line.kind === 'skipped') return `${indent}… ${counted(line.count, 'line', 'lines')}`;
    const seen = visible(line.text);
    spelled += seen.spelled;
    return `${indent}${MARKS[line.kind]} ${seen.text}${line.ended ? '' : UNENDED}`;
  });
  return spelled === 0
    ? lines
    : [`${indent}! ${counted(spelled, 'character', 'characters')} ${HIDDEN}`, ...lines];
};
